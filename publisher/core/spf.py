"""SPF records (RFC 7208): read, judged for an address, counted, and mended.

What the DNS says comes in as `Answers`; `spf_questions` tells what is still missing in them.
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Literal, NamedTuple

from publisher.core.records import Address, Answers, Question, addresses, exchanges, host_questions, records

LOOKUP_LIMIT = 10
"""Of terms that ask the DNS again, those of included records too (4.6.4)."""
Verdict = Literal["pass", "fail", "softfail", "neutral", "none", "permerror", "unknown"]
"""`unknown`: a macro, `exists` or `ptr` decides, or the DNS did not answer."""

_VERDICTS: dict[str, Verdict] = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)", re.DOTALL)
_MECHANISM = re.compile(
    r"([+?~-]?)(?:(all)|(include|exists):([^/\s]+)|(ip4|ip6):(\S+)|(a|mx|ptr)(?::([^/\s]+))?((?:/\d{1,2})?(?://\d{1,3})?))",
    re.IGNORECASE,
)


class Term(NamedTuple):
    """A mechanism or a modifier of a record."""

    text: str
    """As it is written."""
    name: str
    """In lower case; `redirect` and such for modifiers."""
    value: str = ""
    qualifier: str = ""
    lengths: str = ""
    """Behind a host: `/24`, `//64` or both."""

    def target(self, domain: str) -> str:
        return (self.value or domain).rstrip(".").lower()


def is_spf(text: str) -> bool:
    return re.match(r"v=spf1(?: |$)", text, re.IGNORECASE) is not None


def spf_records(answers: Answers, domain: str) -> list[str]:
    return [text for text in records(answers, domain, "TXT") if is_spf(text)]


def parse_spf(record: str) -> tuple[list[Term], list[str]]:
    """The terms, and the words that are none: one of those is enough for a receiver to give up on the record."""
    terms, faults = [], []
    for word in record.split()[1:]:
        term = _term(word)
        if term is None:
            faults.append(word)
        else:
            terms.append(term)
    return terms, faults


def _term(word: str) -> Term | None:
    if modifier := _MODIFIER.fullmatch(word):
        return Term(word, modifier[1].lower(), modifier[2])
    found = _MECHANISM.fullmatch(word)
    if not found:
        return None
    name = (found[2] or found[3] or found[5] or found[7]).lower()
    value = found[4] or found[6] or found[8] or ""
    if name in ("ip4", "ip6") and not _is_network(name, value):
        return None
    return Term(word, name, value, found[1], found[9] or "")


def _is_network(name: str, value: str) -> bool:
    try:
        return ip_network(value, strict=False).version == int(name[2])
    except ValueError:
        return False


def spf_questions(domain: str, answers: Answers, above: tuple[str, ...] = ()) -> Iterator[Question]:
    """All that `verdict` and `costs` ask, as far as the answers so far let it be seen."""
    yield Question(domain, "TXT")
    if domain in above or len(above) > LOOKUP_LIMIT:
        return
    for term in (term for record in spf_records(answers, domain) for term in parse_spf(record)[0]):
        target = term.target(domain)
        if "%" in target:
            continue
        if term.name in ("include", "redirect"):
            yield from spf_questions(target, answers, (*above, domain))
        elif term.name == "a":
            yield from host_questions(target)
        elif term.name == "mx":
            yield Question(target, "MX")
            for host in exchanges(answers, target):
                yield from host_questions(host)


def verdict(domain: str, address: Address, answers: Answers, above: tuple[str, ...] = ()) -> Verdict:
    """What a receiver says of mail from this address with a return path in this domain (4)."""
    looked = answers.get(Question(domain, "TXT"))
    if looked is None or not looked.is_answered:
        return "unknown"
    found = spf_records(answers, domain)
    if not found:
        return "none"
    terms, faults = parse_spf(found[0])
    if len(found) > 1 or faults or domain in above or len(above) > LOOKUP_LIMIT:
        return "permerror"
    inside = (*above, domain)
    for term in terms:
        said = _said(term, domain, address, answers, inside)
        if said:
            return said
    for term in terms:  # no `all` was among them
        if term.name == "redirect":
            said = verdict(term.target(domain), address, answers, inside)
            return "permerror" if said == "none" else said
    return "neutral"


def _said(term: Term, domain: str, address: Address, answers: Answers, above: tuple[str, ...]) -> Verdict | None:
    """None where the mechanism does not match, and for modifiers."""
    target = term.target(domain)
    if term.name in ("exists", "ptr") or ("%" in target and term.name in ("include", "a", "mx")):
        return "unknown"
    if term.name == "include":
        said = verdict(target, address, answers, above)
        if said in ("permerror", "none"):
            return "permerror"
        return "unknown" if said == "unknown" else _VERDICTS[term.qualifier] if said == "pass" else None
    if term.name in ("a", "mx"):
        hosts = [target] if term.name == "a" else exchanges(answers, target)
        is_there = any(_is_near(address, other, term.lengths) for host in hosts for other in addresses(answers, host))
    else:
        is_there = term.name == "all" or (term.name in ("ip4", "ip6") and _is_in(address, term.value))
    return _VERDICTS[term.qualifier] if is_there else None


def _is_near(address: Address, other: Address, lengths: str) -> bool:
    four, _, six = lengths.partition("//")
    length = six if other.version == 6 else four.strip("/")
    return _is_in(address, f"{other}/{length}" if length else str(other))


def _is_in(address: Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def costs(domain: str, answers: Answers, above: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    """How many lookups each term of the record takes, those that take none left out. A circle takes too many."""
    found: list[tuple[str, int]] = []
    for record in spf_records(answers, domain)[:1]:
        for term in parse_spf(record)[0]:
            if term.name in ("include", "redirect") and "%" not in term.value:
                target = term.target(domain)
                is_circle = target in (*above, domain) or len(above) > LOOKUP_LIMIT
                inner = [] if is_circle else costs(target, answers, (*above, domain))
                found.append((term.text, LOOKUP_LIMIT + 1 if is_circle else 1 + sum(count for _, count in inner)))
            elif term.name in _ASKING:
                found.append((term.text, 1))
    return found


def dead_ends(domain: str, answers: Answers) -> list[str]:
    """The terms that lead to a domain without one SPF record: a receiver gives up on those (5.2, 6.1)."""
    return [
        term.text
        for record in spf_records(answers, domain)
        for term in parse_spf(record)[0]
        if term.name in ("include", "redirect") and "%" not in term.value
        if (looked := answers.get(Question(term.target(domain), "TXT"))) and looked.is_answered
        if len(spf_records(answers, term.target(domain))) != 1
    ]


def mended(found: Sequence[str], mechanisms: Sequence[str] = (), *, without: Sequence[str] = ()) -> str:
    """One record of all these, without what is wrong in them, and with these mechanisms."""
    terms = [term for record in found for term in parse_spf(record)[0] if term.text not in without]
    ends = sorted((term for term in terms if term.name in ("all", "redirect")), key=lambda term: term.name)
    is_open = not ends or (ends[0].name == "all" and ends[0].qualifier in ("", "+"))
    kept = [term.text for term in terms if term not in ends]
    return " ".join(dict.fromkeys(["v=spf1", *kept, *mechanisms, "-all" if is_open else ends[0].text]))

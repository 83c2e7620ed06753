"""Whether receivers can tell that our letters are ours: SPF, DKIM, DMARC and MX, each with the record that is missing.

What the DNS says comes in as `Answers`; `mail_questions` tells what is still missing in them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from publisher.core.dmarc import (
    POLICIES,
    Tags,
    dmarc_questions,
    dmarc_records,
    is_aligned,
    parse_tags,
    policy_of,
    request_of,
)
from publisher.core.finding import Finding, failed, ok, skipped, warning
from publisher.core.freemail import free_mail_servers
from publisher.core.identity import is_loopback
from publisher.core.records import (
    Answers,
    Lookup,
    Question,
    addresses,
    exchanges,
    host_questions,
    literal_address,
    records,
    zone_line,
)
from publisher.core.spf import LOOKUP_LIMIT, costs, dead_ends, mended, parse_spf, spf_questions, spf_records, verdict

_UNKNOWN_SENDER = "ip4:ADDRESS"
_DELEGATING = ("include", "redirect", "exists", "ptr")
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A key that letters are signed with, as the DNS is to show it (RFC 6376, 3.6.1)."""

    selector: str
    record: str
    """The whole text: `v=DKIM1; k=rsa; p=...`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """How letters leave, as far as the DNS is asked about it. All domains in ASCII and lower case."""

    address: str
    """Of the sender."""
    return_domain: str
    """Of the return path: where bounces go, and what SPF is about."""
    leaves_from: tuple[str, ...]
    """The hosts that hand letters to the world; empty where that is this machine, and its name is not known."""
    signing: tuple[Signing, ...]
    """Empty where letters are not signed here."""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    @property
    def unasked(self) -> str | None:
        """Why there is nothing to ask the DNS, or to add to it."""
        if is_loopback(self.domain) or "." not in self.domain or literal_address(self.domain):
            return f"{self.domain} is no domain of the DNS"
        return f"{self.domain} belongs to its provider" if free_mail_servers(self.domain) else None


def mail_questions(mailing: Mailing, answers: Answers) -> set[Question]:
    """All that the findings below ask, as far as the answers so far let it be seen."""
    domain, back = mailing.domain, mailing.return_domain
    hosts = (domain, back, *mailing.leaves_from, *exchanges(answers, back))
    return {
        Question(domain, "MX"),
        Question(back, "MX"),
        *(question for host in hosts if host for question in host_questions(host)),
        *spf_questions(back, answers),
        *dmarc_questions(domain),
        *dmarc_questions(back),
        *(Question(_key_name(key, domain), "TXT") for key in mailing.signing),
    }


def domain_finding(mailing: Mailing, answers: Answers) -> Finding:
    """Whether the DNS answers, and has the sender's domain: many servers take no mail from one that is not there."""
    domain = mailing.domain
    lost = sorted(f"{question} ({found.outcome})" for question, found in answers.items() if not found.is_answered)
    if lost:
        return failed(
            "DNS",
            f"{len(lost)} of {len(answers)} questions were not answered: {_some(lost)}",
            "wanted are name servers that answer; to ask another resolver, in .env",
            "PUBLISHER_DNS_SERVER=9.9.9.9:53",
        )
    hosts, places = exchanges(answers, domain), addresses(answers, domain)
    if not hosts and not places:
        return failed(
            "DNS",
            f"{domain} has neither an address nor a mail server, and many servers refuse mail from such a domain",
            "wanted in its zone, with the name of the server that takes your mail",
            zone_line(domain, "MX", f"10 mail.{domain}."),
        )
    there = [f"A {place}" if place.version == 4 else f"AAAA {place}" for place in places]
    return ok("DNS", f"{domain} is there: {_some([*there, *(f'MX {host}' for host in hosts)])}")


def spf_finding(mailing: Mailing, answers: Answers) -> Finding:
    """Whether the domain of the return path lets our servers send (RFC 7208)."""
    domain = mailing.return_domain
    if _is_lost(answers, Question(domain, "TXT")):
        return skipped("SPF", "the DNS did not answer")
    found = spf_records(answers, domain)
    ends = dead_ends(domain, answers)
    kept = {**answers, Question(domain, "TXT"): Lookup("found", (mended(found, without=ends),))}
    absent = [host for host in mailing.leaves_from if not _is_let_in(host, domain, kept)]
    unknown = [] if found or mailing.leaves_from else [_UNKNOWN_SENDER]
    line = zone_line(domain, "TXT", mended(found, [*map(_mechanism, absent), *unknown], without=ends))
    instead = ", in place of what is there" if found else ""
    address = ", with this machine's public address for ADDRESS" if unknown else ""
    wanted = f"wanted in the zone of {domain}{instead}{address}"
    if not found:
        return failed("SPF", f"{domain} has no SPF record, so anybody's letters look like yours", wanted, line)
    refusal = [f"it does not name {', '.join(absent)}, where your letters leave"] if absent else []
    if faults := [*_faults(found, ends), *_too_many(domain, answers)]:
        return failed("SPF", f"{domain}: {'; '.join([*faults, *refusal])}", wanted, line)
    if absent and _delegates(domain, answers):
        sure = "as far as can be seen from here; your provider may send from other servers, and name them in its help"
        return warning("SPF", f"{domain}: {refusal[0]}, {sure}", wanted, line)
    return failed("SPF", f"{domain}: {refusal[0]}", wanted, line) if absent else ok("SPF", f"{domain}: {found[0]}")


def dkim_findings(mailing: Mailing, answers: Answers) -> Iterator[Finding]:
    """Whether the DNS shows the keys that letters are signed with."""
    if not mailing.signing:
        yield warning(
            "DKIM",
            "letters are not signed, unless your mail server does it",
            "wanted is a key, made once, and in .env where it is",
            "openssl genrsa -out var/dkim.pem 2048",
            "PUBLISHER_DKIM_SELECTOR=mail",
            "PUBLISHER_DKIM_KEY_FILE=var/dkim.pem",
        )
    for key in mailing.signing:
        yield _key_finding(key, mailing.domain, answers)


def _key_finding(signing: Signing, domain: str, answers: Answers) -> Finding:
    name = _key_name(signing, domain)
    if _is_lost(answers, Question(name, "TXT")):
        return skipped("DKIM", "the DNS did not answer")
    keys = records(answers, name, "TXT")
    line = zone_line(name, "TXT", signing.record)
    if not keys:
        return failed("DKIM", f"{name} is not there, so no signature of ours can be checked", "wanted is", line)
    if len(keys) > 1:
        return failed("DKIM", f"{name} has {len(keys)} records, and receivers take any one", "wanted is only", line)
    there = parse_tags(keys[0])
    if difference := _difference(there, parse_tags(signing.record)):
        return failed("DKIM", f"{name} {difference}", "wanted in its place is", line)
    if "y" in there.get("t", "").split(":"):
        return warning("DKIM", f"{name} says that it is a test (t=y), so signatures count for nothing", "wanted", line)
    return ok("DKIM", f"{name} shows a key that letters are signed with")


def dmarc_finding(mailing: Mailing, answers: Answers) -> Finding:
    """Whether there is a policy, and letters pass it by SPF or DKIM (RFC 9989)."""
    domain = mailing.domain
    name = f"_dmarc.{domain}"
    if _is_lost(answers, Question(name, "TXT")):
        return skipped("DMARC", "the DNS did not answer")
    own = dmarc_records(answers, domain)
    if len(own) > 1:
        why = f"{name} has {len(own)} DMARC records, which count as none"
        return failed("DMARC", why, "wanted is only one", zone_line(name, "TXT", own[0]))
    policy = policy_of(domain, answers)
    if policy is None:
        line = zone_line(name, "TXT", f"v=DMARC1; p=none; rua=mailto:{mailing.address}")
        why = f"{domain} has no DMARC record, which large providers want of everybody who sends to many"
        return failed("DMARC", why, f"wanted in the zone of {domain}", line)
    request = request_of(policy, domain)
    if request not in POLICIES:
        rest = "".join(f"; {tag}={value}" for tag, value in policy.tags.items() if tag not in ("v", "p", "sp"))
        line = zone_line(f"_dmarc.{policy.domain}", "TXT", f"v=DMARC1; p=none{rest}")
        why = f"_dmarc.{policy.domain} says p={request}, which is no policy, so receivers pass over it"
        return failed("DMARC", why, f"wanted is one of {', '.join(POLICIES)}", line)
    by_spf = is_aligned(mailing.return_domain, domain, policy, answers)
    if not by_spf and not mailing.signing:
        tell = warning if request == "none" or policy.tags.get("t") == "y" else failed
        return tell(
            "DMARC",
            f"the return path is in {mailing.return_domain} and the sender in {domain}, so SPF does not count for "
            f"DMARC (p={request}), and letters are not signed here",
            "wanted is a DKIM key, or in .env a return path in the sender's domain",
            f"PUBLISHER_MAIL_DOMAIN={domain}",
        )
    how = " and ".join([*(["SPF"] if by_spf else []), *(["DKIM"] if mailing.signing else [])])
    return ok("DMARC", f"p={request} by _dmarc.{policy.domain}; letters can pass by {how}")


def mx_finding(mailing: Mailing, answers: Answers) -> Finding:
    """Whether bounces can arrive."""
    domain = mailing.return_domain
    if _is_lost(answers, Question(domain, "MX")):
        return skipped("MX", "the DNS did not answer")
    hosts = exchanges(answers, domain)
    others = [host for host in exchanges(answers, mailing.domain) if host and domain != mailing.domain]
    line = zone_line(domain, "MX", f"10 {others[0] if others else f'mail.{domain}'}.")
    wanted = f"wanted in the zone of {domain}, with the name of the server that takes your mail"
    if "" in hosts:
        return failed("MX", f"{domain} says that it takes no mail (MX 0 .), so bounces can't arrive", wanted, line)
    if hosts and not any(addresses(answers, host) for host in hosts):
        return failed("MX", f"{domain}: {_some(hosts)} has no address, so bounces can't arrive", wanted, line)
    if hosts:
        return ok("MX", f"bounces to {domain} go to {_some(hosts)}")
    if addresses(answers, domain):
        why = f"{domain} has no MX record, so bounces go to the machine of that name, if it takes mail"
        return warning("MX", why, wanted, line)
    return failed("MX", f"{domain} has no MX record, so bounces can't arrive", wanted, line)


def _key_name(signing: Signing, domain: str) -> str:
    return f"{signing.selector}._domainkey.{domain}".lower()


def _is_lost(answers: Answers, question: Question) -> bool:
    found = answers.get(question)
    return found is None or not found.is_answered


def _some(words: Sequence[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _is_let_in(host: str, domain: str, answers: Answers) -> bool:
    """By its name, or by all of its addresses."""
    if any(_mechanism(host) in record.split() for record in spf_records(answers, domain)):
        return True
    places = addresses(answers, host)
    return bool(places) and all(verdict(domain, at, answers) in ("pass", "unknown") for at in places)


def _mechanism(host: str) -> str:
    if literal := literal_address(host):
        return f"ip{literal.version}:{literal}"
    return f"a:{host}"


def _faults(found: Sequence[str], ends: Sequence[str]) -> Iterator[str]:
    if len(found) > 1:
        yield f"there are {len(found)} SPF records, and receivers give up on both"
    for terms, words in map(parse_spf, found):
        if words:
            yield f"{', '.join(words)} is no part of an SPF record, so receivers give up on it"
        if any(term.name == "all" and term.qualifier in ("", "+") for term in terms):
            yield "+all lets anybody send in your name"
    if ends:
        yield f"{', '.join(ends)} leads to no SPF record, so receivers give up on it"


def _too_many(domain: str, answers: Answers) -> Iterator[str]:
    counts = costs(domain, answers)
    total = sum(count for _, count in counts)
    if total > LOOKUP_LIMIT:
        shares = ", ".join(f"{term} {count}" for term, count in counts)
        yield (
            f"the record takes {total} lookups, and receivers give up after {LOOKUP_LIMIT} "
            f"(take out what you no longer use: {shares})"
        )


def _delegates(domain: str, answers: Answers) -> bool:
    return any(term.name in _DELEGATING for text in spf_records(answers, domain) for term in parse_spf(text)[0])


def _difference(there: Tags, ours: Tags) -> str:
    """RFC 6376, 3.6.1: what `there` must be for our signatures to count; empty where it is that."""
    keys = ["".join(tags.get("p", "").split()) for tags in (there, ours)]
    if not keys[0]:
        return "is revoked (p= is empty)"
    if keys[0] != keys[1] or there.get("k", "rsa") != ours.get("k", "rsa"):
        return "is another key than the one that letters are signed with"
    for tag, needed in (("h", ("sha256",)), ("s", ("*", "email"))):
        if tag in there and not {part.strip() for part in there[tag].split(":")} & {*needed}:
            return f"says {tag}={there[tag]}, which is not for our signatures"
    return ""

"""What the DNS was asked and what it said, as values; and how a record is written into a zone."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, NamedTuple

Kind = Literal["A", "AAAA", "MX", "TXT"]
Outcome = Literal["found", "no such name", "no such record", "SERVFAIL", "no answer"]
Address = IPv4Address | IPv6Address

_STRING_BYTES = 255


class Question(NamedTuple):
    name: str
    """In ASCII and lower case, without a dot at its end."""
    kind: Kind

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


class Lookup(NamedTuple):
    outcome: Outcome
    records: tuple[str, ...] = ()
    """A and AAAA: addresses. MX: the preference, a space, the host without a dot at its end. TXT: its strings joined."""

    @property
    def is_answered(self) -> bool:
        """Whether it is known what there is, be it nothing."""
        return self.outcome not in ("SERVFAIL", "no answer")


Answers = Mapping[Question, Lookup]


def records(answers: Answers, name: str, kind: Kind) -> tuple[str, ...]:
    """Empty where that was not asked or not answered."""
    found = answers.get(Question(name.lower(), kind))
    return found.records if found else ()


def addresses(answers: Answers, name: str) -> list[Address]:
    """Of a host, which may be an address itself."""
    if literal := literal_address(name):
        return [literal]
    return [ip_address(text) for kind in ("A", "AAAA") for text in records(answers, name, kind)]


def literal_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def exchanges(answers: Answers, domain: str) -> list[str]:
    """The hosts that take mail for a domain, the preferred first; an empty one says that none does (RFC 7505)."""
    pairs = (record.split(" ", 1) for record in records(answers, domain, "MX"))
    return [host for _, host in sorted((int(preference), host) for preference, host in pairs)]


def host_questions(name: str) -> list[Question]:
    """What `addresses` needs to be answered."""
    return [] if literal_address(name) else [Question(name.lower(), "A"), Question(name.lower(), "AAAA")]


def zone_line(name: str, kind: Kind, value: str) -> str:
    """A record as the owner of a zone writes it (RFC 1035, 5.1); a long text in several strings, since one holds 255 bytes."""
    if kind == "TXT":
        parts = [value[start : start + _STRING_BYTES] for start in range(0, len(value), _STRING_BYTES)]
        value = " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)
    return f"{name}. {kind} {value}"

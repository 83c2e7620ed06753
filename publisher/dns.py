"""Ask the DNS. Decides nothing, and never raises: a name that is not there, a server that fails and silence are values."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.exception
import dns.rdata
import dns.resolver

from publisher.core.records import Lookup, Question

TRY_SECONDS = 1.0
"""For one answer, before it is asked again."""
TIMEOUT_SECONDS = 3.0
"""For one question, all tries together."""
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    server: tuple[str, int] | None
    """An address and a port. None: the system's own."""

    def ask(self, questions: Iterable[Question]) -> dict[Question, Lookup]:
        """Several at a time."""
        asked = list(questions)
        try:
            resolver = self._resolver()
        except dns.exception.DNSException:
            return dict.fromkeys(asked, Lookup("no answer"))  # the system names no server
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(asked, pool.map(lambda question: _look_up(resolver, question), asked), strict=True))

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=self.server is None)
        if self.server:
            resolver.nameservers, resolver.port = [self.server[0]], self.server[1]
        resolver.timeout, resolver.lifetime = TRY_SECONDS, TIMEOUT_SECONDS
        return resolver


def _look_up(resolver: dns.resolver.Resolver, question: Question) -> Lookup:
    try:
        found = resolver.resolve(f"{question.name}.", question.kind, search=False)
    except dns.resolver.NXDOMAIN:
        return Lookup("no such name")
    except dns.resolver.NoAnswer:
        return Lookup("no such record")
    except dns.resolver.NoNameservers:
        return Lookup("SERVFAIL")
    except (dns.exception.Timeout, OSError):
        return Lookup("no answer")
    except dns.exception.DNSException:
        return Lookup("no such name")  # no name can be written so: a label is too long, say
    return Lookup("found", tuple(sorted(_text(question, record) for record in found)))  # servers shuffle them


def _text(question: Question, record: dns.rdata.Rdata) -> str:
    if question.kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
    return record.to_text().rstrip(".")

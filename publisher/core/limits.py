"""How fast letters may leave: to a mail server, and to a domain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

SHUT_FOR = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
"""After the first refusal that is about us, the second, and so on; the last one for all that follow."""
_AHEAD_MS = 50
"""So much may leave at once: nobody looks at the clock more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many letters in so much time, evenly spread."""

    letters: float
    per: timedelta = timedelta(seconds=1)

    @property
    def interval_ms(self) -> float:
        return self.per.total_seconds() * 1000 / self.letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where one limit stands: of a relay (`relay:host:port`), or of a domain (`domain:example.org`)."""

    name: str
    free_at_ms: int = 0
    """When the next letter may leave, by the database's clock."""
    booked_to_ms: int = 0
    """Up to when letters were told to come again."""
    shut_until: datetime | None = None
    """Nothing leaves before, by the publication's clock."""
    refusals: int = 0
    """In a row, that were about us and not about the letter or its reader."""
    reason: str = ""
    """The last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """How many letters may leave now, and when the next one may."""

    letters: int
    free_at_ms: int
    wait_ms: int
    """Until one more may leave; 0 where all may that asked."""


def grant(rate: Rate, *, free_at_ms: int, now_ms: int, wanted: int) -> Grant:
    """The generic cell rate algorithm (ITU-T I.371): letters leave one interval apart, with a small allowance."""
    ahead_ms = max(_AHEAD_MS, rate.interval_ms)
    at_ms, letters = max(float(free_at_ms), float(now_ms)), 0
    while letters < wanted and at_ms < now_ms + ahead_ms:
        at_ms += rate.interval_ms
        letters += 1
    wait_ms = 0 if letters == wanted else max(1, round(at_ms - now_ms - ahead_ms) + 1)
    return Grant(letters=letters, free_at_ms=ceil(at_ms), wait_ms=wait_ms)


def shut(limit_refusals: int, now: datetime) -> datetime:
    """When it is worth trying again, after so many refusals in a row."""
    return now + SHUT_FOR[min(limit_refusals, len(SHUT_FOR)) - 1]

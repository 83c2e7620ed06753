"""Pings: what a WebSub hub is still to be told, as a small text file. One line a topic, with tabs between its parts:

    https://example.org/atom.xml  1  2  2026-11-22T08:00:00+00:00  2026-11-22T08:06:00+00:00

A topic is the address of a feed. Then come how often it has changed since the hub last heard of it, the tries, the time of the
first one, and the time of the next; `-` for none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.core.model import is_one_line

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180))
"""After the first try, the second, and so on; the last one for all that follow."""
GIVE_UP_AFTER = timedelta(days=1)
"""From the first try since the feed last changed: by then readers have looked for themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    topic: str
    changes: int = 0
    tries: int = 0
    first_try_at: datetime | None = None
    next_try_at: datetime | None = None
    """None: at once."""

    def is_due(self, now: datetime) -> bool:
        """A time that is further away than any wait was written by a clock that has since been set back."""
        return self.next_try_at is None or not timedelta(0) < self.next_try_at - now <= BACK_OFF[-1]


Pings = Mapping[str, Ping]
"""By their topics, in the order in which they are sent."""


def with_changed(pings: Pings, topics: Iterable[str]) -> dict[str, Ping]:
    """These too. One that waits already goes on waiting, so that a hub that is down is not asked more often; its day begins
    anew.
    """
    changed = (pings.get(topic, Ping(topic=topic)) for topic in dict.fromkeys(topics))
    return {**pings, **{ping.topic: replace(ping, changes=ping.changes + 1, first_try_at=None) for ping in changed}}


def after_failure(ping: Ping, now: datetime) -> Ping | None:
    """The next try; None where it is given up."""
    first = ping.first_try_at or now
    if now - first >= GIVE_UP_AFTER:
        return None
    wait = BACK_OFF[min(ping.tries, len(BACK_OFF) - 1)]
    return replace(ping, tries=ping.tries + 1, first_try_at=first, next_try_at=now + wait)


def parse_pings(text: str) -> dict[str, Ping]:
    """Never raises: a line that can't be read is forgotten, at the price of one ping."""
    found = (_parsed(line.split("\t")) for line in text.splitlines())
    return {ping.topic: ping for ping in found if ping}


def _parsed(parts: list[str]) -> Ping | None:
    try:
        topic, changes, tries, first, next_ = parts
        ping = Ping(
            topic=topic,
            changes=int(changes),
            tries=int(tries),
            first_try_at=_time(first),
            next_try_at=_time(next_),
        )
    except ValueError:
        return None
    return ping if ping.tries >= 0 else None


def _time(text: str) -> datetime | None:
    if text == "-":
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found


def render_pings(pings: Pings) -> str:
    return "".join(
        f"{ping.topic}\t{ping.changes}\t{ping.tries}\t{_text(ping.first_try_at)}\t{_text(ping.next_try_at)}\n"
        for ping in pings.values()
        if is_one_line(ping.topic)
    )


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else "-"

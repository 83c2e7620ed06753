"""Tell the WebSub hub which feeds have changed: written down at once, sent when a build is over, and again until it is heard.

What is to be sent lies in `var/websub`; losing it costs readers of the hub one wait until they look for themselves.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from publisher import disk
from publisher.actions.publication import Log, Workshop
from publisher.core.errors import Busy, PublisherError
from publisher.core.identity import is_loopback
from publisher.core.pings import Pings, after_failure, parse_pings, render_pings, with_changed
from publisher.disk.lock import locked

if TYPE_CHECKING:  # what speaks with the network is slow to import, and seldom needed
    from publisher.websub import Pinged

_FILE = "websub"
_PATIENCE_SECONDS = 5
TIMEOUT_SECONDS = 5.0
"""For one answer of the hub."""
_BUDGET_SECONDS = 15.0


def remember(workshop: Workshop, topics: Sequence[str]) -> None:
    """Write down that these feeds, by their own addresses, have changed. Never raises; does nothing without a hub.

    A hub elsewhere could not fetch the feeds of a site on this machine, and is not told of them.
    """
    hub = workshop.site.websub_hub
    if not hub or not topics or (is_loopback(workshop.site.host) and not is_loopback(urlsplit(hub).hostname or "")):
        return
    try:
        _change(workshop.folders.state, lambda pings: with_changed(pings, topics))
    except (PublisherError, OSError):
        return  # a build does not fail for it, and the next change pings again


def ping_due(workshop: Workshop, now: datetime, log: Log, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Send what is due, each topic once; what fails comes again later, for a day. Never raises.

    Takes at most some twenty seconds, whatever the hub does; where another process is at it, no time at all.
    """
    hub, state = workshop.site.websub_hub, workshop.folders.state
    if not hub or not (state / _FILE).exists():
        return
    try:
        with locked(state / f"{_FILE}.pinging", patience_seconds=0, purpose="pinging"):
            before = _read(state)
            due = [each.topic for each in before.values() if each.is_due(now)]
            _settle(state, before, _send(hub, due, timeout_seconds), now, log)
    except Busy:
        return
    except (PublisherError, OSError) as error:
        log.warning("websub.failed", hub=hub, reason=str(error))


def _send(hub: str, topics: Sequence[str], timeout_seconds: float) -> "list[Pinged]":
    """Those that there was time for. A hub that did not answer once is asked no more: the others share its outcome."""
    from publisher.websub import Pinged, ping

    end = monotonic() + _BUDGET_SECONDS
    done: list[Pinged] = []
    for number, topic in enumerate(topics):
        if monotonic() >= end:
            break
        pinged = ping(hub, topic, timeout_seconds=timeout_seconds)
        done.append(pinged)
        if pinged.status is None:
            rest = topics[number + 1 :]
            return [*done, *(Pinged(topic=other, status=None, reason=pinged.reason) for other in rest)]
    return done


def _settle(state: Path, before: Pings, done: "Sequence[Pinged]", now: datetime, log: Log) -> None:
    """What changed again while it was sent stays as it is."""
    taken = [each.topic for each in done if each.is_taken]
    failed = [each for each in done if not each.is_taken]
    following = {each.topic: after_failure(before[each.topic], now) for each in failed}
    given_up = [topic for topic, again in following.items() if again is None]

    def settled(pings: Pings) -> Pings:
        news = dict.fromkeys(taken) | following
        found = {topic: news.get(topic, kept) if before.get(topic) == kept else kept for topic, kept in pings.items()}
        return {topic: kept for topic, kept in found.items() if kept}

    if done:
        _change(state, settled)
    if taken:
        log.info("websub.pinged", topics=len(taken), first=taken[0])
    if failed:
        log.warning("websub.failed", topics=len(failed), first=failed[0].topic, reason=_words(failed[0]))
    if given_up:
        log.warning("websub.given_up", topics=len(given_up), first=given_up[0])


def _words(pinged: "Pinged") -> str:
    return f"{pinged.status} {pinged.reason}" if pinged.status else pinged.reason


def _change(state: Path, change: Callable[[Pings], Pings]) -> None:
    with locked(state / f"{_FILE}.lock", patience_seconds=_PATIENCE_SECONDS, purpose="noting pings"):
        text = render_pings(change(_read(state)))
        if text:
            disk.write(state / _FILE, text.encode())
        else:
            (state / _FILE).unlink(missing_ok=True)


def _read(state: Path) -> Pings:
    try:
        return parse_pings(disk.read_text(state / _FILE) or "")
    except PublisherError:
        return {}  # no text any more

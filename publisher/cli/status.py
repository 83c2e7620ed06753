"""`publisher status`: one screen on how things stand."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from publisher.actions.status import Status, status
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put
from publisher.core.ledger import Edition


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """Subscribers, last and next runs, the outbox, held editions, bounces, and what is wrong."""
    app = open_app(site, now=now)
    found = status(app.publication, app.clock.now())
    lines = _lines(found, app.publication.site.timezone)
    put(_value(found), as_json=json, text="\n".join(f"{name:<12}  {line}" for name, line in lines))
    return 0


def _lines(found: Status, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """Each with the name of what it is about; empty where it goes on."""
    yield "subscribers", _tally(found.subscribers) or "none yet"
    if found.suppressed:
        yield "suppressed", f"{_tally(found.suppressed)}, in the last 30 days"
    yield "last run", _time(found.ticked_at, zone) if found.ticked_at else "none yet"
    yield "next digest", f"{_time(found.next_at, zone)}, if there is something new"
    if posts := _posts(found, zone):
        yield "posts", posts
    yield "last edition", _edition(found.last_edition, zone) if found.last_edition else "none yet"
    if found.last_letters:
        yield "", _tally(found.last_letters)
    yield "outbox", _outbox(found, zone) or "empty"
    yield "letters", _tally(found.letters) or "none yet"
    if found.in_doubt:
        yield "in doubt", f"{found.in_doubt}: nobody knows whether they arrived"
    for limit in found.shut:
        refusals = "1 refusal" if limit.refusals == 1 else f"{limit.refusals} refusals"
        name, until = limit.name.replace(":", " ", 1), _time(limit.shut_until, zone)
        yield "shut", f"{name} until {until}, after {refusals}: {' '.join(limit.reason.split())}"
    for line in found.attention:
        yield "attention", line


def _posts(found: Status, zone: tzinfo) -> str:
    on_hold = f"{found.on_hold} on hold until {_time(found.next_release_at, zone)}" if found.on_hold else ""
    waiting = f"{found.waiting} waiting for your word" if found.waiting else ""
    return ", ".join(filter(None, (on_hold, waiting)))


def _edition(edition: Edition, zone: tzinfo) -> str:
    return f"{edition.number}, {edition.state}, {_time(edition.frozen_at, zone)}: {edition.subject}"


def _outbox(found: Status, zone: tzinfo) -> str:
    outbox = found.outbox
    counts = {
        "due now": outbox.due,
        "leaving": outbox.leaving,
        "deferred": outbox.deferred,
        "put off": outbox.put_off,
        "held": sum(found.held.values()),
    }
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join(parts) + (f"; the next is due at {_time(outbox.next_at, zone)}" if outbox.next_at else "")


def _time(instant: datetime | None, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}" if instant else "an unknown time"


def _tally(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _value(found: Status) -> dict[str, Any]:
    edition = found.last_edition
    return {
        "subscribers": found.subscribers,
        "suppressed": found.suppressed,
        "ticked_at": found.ticked_at and found.ticked_at.isoformat(),
        "next_at": found.next_at.isoformat(),
        "posts": {
            "on_hold": found.on_hold,
            "next_release_at": found.next_release_at and found.next_release_at.isoformat(),
            "waiting": found.waiting,
        },
        "last_edition": edition
        and f"{edition.number}, {edition.state}, {edition.frozen_at:%Y-%m-%d %H:%M}: {edition.subject}",
        "last_letters": found.last_letters,
        "held": [{"edition": number, "letters": count} for number, count in found.held.items()],
        "outbox": asdict(found.outbox) | {"next_at": found.outbox.next_at and found.outbox.next_at.isoformat()},
        "letters": found.letters,
        "in_doubt": found.in_doubt,
        "shut": [
            {
                "name": limit.name,
                "until": limit.shut_until and limit.shut_until.isoformat(),
                "refusals": limit.refusals,
                "reason": limit.reason,
            }
            for limit in found.shut
        ],
        "attention": found.attention,
    }

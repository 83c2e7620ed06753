"""How things stand, for the owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.actions.publication import Publication
from publisher.core.ledger import OPEN, DeliveryState, Edition
from publisher.core.limits import Limit
from publisher.core.subscription import Standing
from publisher.storage import Outbox, Transaction

RECENT = timedelta(days=30)
LATE_AFTER = timedelta(minutes=10)
"""By then somebody should have looked whether a digest is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All times are aware, the `next_` ones those of the publication's zone."""

    subscribers: dict[Standing, int]
    suppressed: dict[str, int]
    """In the last 30 days, by reason."""
    ticked_at: datetime | None
    next_at: datetime
    """The next slot."""
    on_hold: int
    """Posts."""
    next_release_at: datetime | None
    waiting: int
    """Posts that need the owner's word."""
    last_edition: Edition | None
    last_letters: dict[DeliveryState, int]
    """Of that edition."""
    held: dict[int, int]
    """Editions, and how many letters of each wait for the owner's word."""
    outbox: Outbox
    letters: dict[DeliveryState, int]
    """Of all time."""
    shut: list[Limit]
    """Relays and domains that are left alone."""
    attention: list[str]
    """What waits for the owner, with the command that answers it."""

    @property
    def in_doubt(self) -> int:
        """Letters of which nobody knows whether they arrived: those that go again, and those that do not."""
        return self.outbox.in_doubt + self.letters.get("uncertain", 0)


def status(publication: Publication, now: datetime) -> Status:
    rules, zone = publication.rules, publication.site.timezone
    with publication.storage.read() as tx:
        last = next(iter(tx.editions.all(limit=1)), None)
        held = {number: _open(tx, number) for number in tx.editions.held()}
        unreleased = tx.waiting.unreleased()
        on_hold, since = unreleased.get(False, (0, now))
        waiting, _ = unreleased.get(True, (0, now))
        mark = tx.marks.get("ticked_at")
        ticked_at = datetime.fromisoformat(mark).astimezone(zone) if mark else None
        is_late = ticked_at is not None and rules.slots.first_after(ticked_at) + LATE_AFTER <= now
        return Status(
            subscribers=tx.subscribers.count(),
            suppressed=tx.waiting.suppressed(now - RECENT),
            ticked_at=ticked_at,
            next_at=rules.slots.first_after(now).astimezone(zone),
            on_hold=on_hold,
            next_release_at=(since + rules.hold).astimezone(zone) if on_hold else None,
            waiting=waiting,
            last_edition=last,
            last_letters=tx.editions.tally(last.number) if last else {},
            held=held,
            outbox=tx.waiting.outbox(now),
            letters=tx.deliveries.tally(),
            shut=[limit for limit in tx.limits.all() if limit.shut_until and limit.shut_until > now],
            attention=[
                *(f"edition {number} is held: publisher editions approve {number}" for number in held),
                *([_of_waiting(waiting)] if waiting else []),
                *([_NO_MAIL] if publication.sender is None else []),
                *([_LATE] if is_late else []),
                *_troubles(tx, last, now - RECENT),
            ],
        )


def due(publication: Publication, now: datetime) -> int:
    """How many letters would leave now."""
    with publication.storage.read() as tx:
        return tx.waiting.due(now)


_NO_MAIL = "no mail leaves and no digest is made: set PUBLISHER_SMTP_HOST in .env"
_LATE = "nothing has run since a digest was due: publisher serve, or publisher tick by cron"


def _of_waiting(count: int) -> str:
    return f"{count} posts came at once and wait: publisher release, or publisher release --history"


def _open(tx: Transaction, edition: int) -> int:
    return sum(count for state, count in tx.editions.tally(edition).items() if state in OPEN)


def _troubles(tx: Transaction, last: Edition | None, since: datetime) -> Iterator[str]:
    for edition in (None, last.number) if last else (None,):
        for trouble in tx.waiting.troubles(edition, since):
            whose = f"of edition {edition}" if edition else "outside the editions"
            letters = "1 letter" if trouble.count == 1 else f"{trouble.count} letters"
            yield f"{letters} {whose} {trouble.state}: {' '.join(trouble.reply.split())}"

"""How things stand, for the owner."""

from dataclasses import dataclass
from datetime import datetime

from publisher.actions.publication import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    subscribers: dict[str, int]
    letters: dict[str, int]
    next_at: datetime
    """In the publication's time zone."""
    last_edition: str | None
    attention: list[str]
    """What waits for the owner, with the command that answers it."""


def status(publication: Publication, now: datetime) -> Status:
    with publication.storage.read() as tx:
        subscribers, letters = tx.subscribers.count(), tx.deliveries.tally()
        held = tx.editions.held()
        waiting = sum(state.is_waiting for state in tx.releases.states().values())
        errors = tx.deliveries.errors()
        last = next(iter(tx.editions.all(limit=1)), None)
    attention = [f"edition {number} is held: publisher editions approve {number}" for number in held]
    if waiting:
        attention.append(f"{waiting} posts came at once and wait: publisher release, or publisher release --history")
    if publication.sender is None:
        attention.append("no mail leaves and no digest is made: set PUBLISHER_SMTP_HOST in .env")
    attention += [f"a letter is {state}: {reply}" for _, state, reply in errors]
    next_at = publication.rules.slots.first_after(now).astimezone(publication.site.timezone)
    return Status(
        subscribers={str(name): count for name, count in subscribers.items()},
        letters={str(name): count for name, count in letters.items()},
        next_at=next_at,
        last_edition=f"{last.number}, {last.state}, {last.frozen_at:%Y-%m-%d %H:%M}: {last.subject}" if last else None,
        attention=attention,
    )

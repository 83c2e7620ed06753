"""Editions: what was frozen, for how many, and how far it has come."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from publisher.core.ledger import NOT_HAD, OPEN, DeliveryState, Edition, EditionState, Release
from publisher.storage.deliveries import owe_again
from publisher.storage.marks import last_number, next_number, skip_to
from publisher.storage.schema import arrears, deliveries, edition_items, editions, releases, subscribers

_COLUMNS = (
    editions.c.number,
    editions.c.state,
    editions.c.held_because,
    editions.c.subject,
    editions.c.html,
    editions.c.text,
    editions.c.due_at,
    editions.c.frozen_at,
)


class Editions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last_number(self) -> int:
        return last_number(self._connection, "edition")

    def count_on_from(self, number: int) -> None:
        """The next edition's number will be above this one."""
        skip_to(self._connection, "edition", number)

    def freeze(
        self,
        *,
        subject: str,
        html: str,
        text: str,
        items: Sequence[tuple[Release, int]],
        due_at: datetime,
        now: datetime,
        held_because: str | None,
    ) -> int:
        """A new edition, with the revision of each item as it is printed; returns its number."""
        number = next_number(self._connection, "edition")
        self._connection.execute(
            insert(editions).values(
                number=number,
                state="held" if held_because else "frozen",
                held_because=held_because,
                subject=subject,
                html=html,
                text=text,
                due_at=due_at,
                frozen_at=now,
            )
        )
        rows = [{"edition": number, "number": item.number, "revision": revision} for item, revision in items]
        self._connection.execute(insert(edition_items), rows)
        return number

    def get(self, number: int) -> Edition | None:
        row = self._connection.execute(select(*_COLUMNS).where(editions.c.number == number)).mappings().first()
        return Edition(**row) if row else None

    def all(self, *, limit: int | None = None) -> list[Edition]:
        """The newest first."""
        rows = self._connection.execute(select(*_COLUMNS).order_by(editions.c.number.desc()).limit(limit)).mappings()
        return [Edition(**row) for row in rows]

    def held(self) -> list[int]:
        query = select(editions.c.number).where(editions.c.state == "held").order_by(editions.c.number)
        return list(self._connection.execute(query).scalars())

    def tally(self, number: int) -> dict[DeliveryState, int]:
        """How many of its deliveries are in each state."""
        query = (
            select(deliveries.c.state, func.count())
            .where(deliveries.c.edition == number)
            .group_by(deliveries.c.state)
            .order_by(deliveries.c.state)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def posts(self, number: int) -> list[str]:
        """The keys of its posts, in order."""
        query = (
            select(releases.c.post)
            .join(edition_items, edition_items.c.number == releases.c.number)
            .where(edition_items.c.edition == number)
            .order_by(releases.c.number)
        )
        return list(self._connection.execute(query).scalars())

    def approve(self, number: int, *, now: datetime, next_due_at: datetime) -> bool:
        """A held edition may leave. Returns whether it was held.

        Its readers waited behind it: for a slot that went by meanwhile they get the next one, which is not late.
        """
        readers = select(deliveries.c.subscriber).where(deliveries.c.edition == number)
        self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id.in_(readers), subscribers.c.next_due_at < now)
            .values(next_due_at=next_due_at)
        )
        return self._move(number, "frozen", ("held",))

    def cancel(self, number: int | None, *, is_owed_again: bool, now: datetime) -> int:
        """What has not left will not leave; its readers are owed it again, or not. Returns how many letters that were.

        None stands for the letters outside any edition. While a letter of it is on the wire the edition stays open, since
        its answer may still defer it.
        """
        stopped = and_(deliveries.c.edition == number, deliveries.c.state.in_(("pending", "deferred")))
        if is_owed_again:
            owe_again(self._connection, stopped)
        changed = self._connection.execute(
            update(deliveries).where(stopped).values(state="cancelled", finished_at=now, lease_owner=None)
        )
        rest = select(deliveries.c.id).where(deliveries.c.edition == number, deliveries.c.state.in_(OPEN)).limit(1)
        if number is not None and self._connection.execute(rest).first() is None:
            self._move(number, "cancelled", ("held", "frozen", "sending"))
        return changed.rowcount

    def start(self) -> None:
        """Frozen editions begin to leave."""
        self._connection.execute(update(editions).where(editions.c.state == "frozen").values(state="sending"))

    def finish(self) -> list[int]:
        """Close the editions that have nothing left to send; returns their numbers."""
        rest = exists().where(deliveries.c.edition == editions.c.number, deliveries.c.state.in_(OPEN))
        lost = exists().where(
            deliveries.c.edition == editions.c.number, deliveries.c.state.in_((*NOT_HAD, "uncertain"))
        )
        done = list(
            self._connection.execute(select(editions.c.number).where(editions.c.state == "sending", ~rest)).scalars()
        )
        for state, condition in (("sent_with_errors", lost), ("sent", ~lost)):
            self._connection.execute(update(editions).where(editions.c.number.in_(done), condition).values(state=state))
        return done

    def hold_all(self, because: str) -> int:
        """Everything that has not left waits for the owner's word."""
        changed = self._connection.execute(
            update(editions)
            .where(editions.c.state.in_(("frozen", "sending")))
            .values(state="held", held_because=because)
        )
        return changed.rowcount

    def retry(self, number: int, now: datetime) -> int:
        """The readers who did not get it are due at once, for all that they are owed; returns how many they are."""
        lost = select(deliveries.c.subscriber).where(deliveries.c.edition == number, deliveries.c.state.in_(NOT_HAD))
        changed = self._connection.execute(
            update(subscribers)
            .where(
                subscribers.c.id.in_(lost),
                subscribers.c.standing == "active",
                exists().where(arrears.c.subscriber == subscribers.c.id),
            )
            .values(next_due_at=now)
        )
        return changed.rowcount

    def _move(self, number: int, state: EditionState, before: tuple[EditionState, ...]) -> bool:
        changed = self._connection.execute(
            update(editions).where(editions.c.number == number, editions.c.state.in_(before)).values(state=state)
        )
        return bool(changed.rowcount)

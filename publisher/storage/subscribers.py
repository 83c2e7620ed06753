"""Subscribers: how they come, stay and go. Every change of standing is one conditional UPDATE."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from publisher.core.address import address_key
from publisher.core.subscription import Source, Standing, Subscriber
from publisher.storage.schema import arrears, subscribers

_COLUMNS = (
    subscribers.c.id,
    subscribers.c.handle,
    subscribers.c.address,
    subscribers.c.standing,
    subscribers.c.cursor,
    subscribers.c.next_due_at,
    subscribers.c.last_letter_at,
    subscribers.c.source,
    subscribers.c.created_at,
    subscribers.c.confirmed_at,
    subscribers.c.left_at,
)


class Subscribers:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_address(self, address: str) -> Subscriber | None:
        return self._one(subscribers.c.address_key == address_key(address))

    def by_handle(self, handle: str) -> Subscriber | None:
        return self._one(subscribers.c.handle == handle)

    def by_id(self, subscriber_id: int) -> Subscriber | None:
        return self._one(subscribers.c.id == subscriber_id)

    def all(self, standing: Standing | None = None) -> Iterator[Subscriber]:
        """In the order of their coming, a thousand rows at a time."""
        query = select(*_COLUMNS).order_by(subscribers.c.id)
        if standing:
            query = query.where(subscribers.c.standing == standing)
        rows = self._connection.execution_options(yield_per=1000).execute(query).mappings()
        return (Subscriber(**row) for row in rows)

    def count(self) -> dict[Standing, int]:
        query = select(subscribers.c.standing, func.count()).group_by(subscribers.c.standing)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def add(self, address: str, handle: str, source: Source, now: datetime) -> Subscriber:
        """The subscriber with this address, pending if it is new. Safe when two do it at once."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    insert(subscribers).values(
                        handle=handle,
                        address=address,
                        address_key=address_key(address),
                        standing="pending",
                        cursor=0,
                        source=source,
                        created_at=now,
                    )
                )
        except IntegrityError:
            pass
        found = self.by_address(address)
        assert found is not None, "a subscriber that was just added or was there before"
        return found

    def renew(self, subscriber: Subscriber, now: datetime) -> None:
        """Somebody who has not confirmed asks again: forgotten a week from now."""
        pending = (subscribers.c.id == subscriber.id, subscribers.c.standing == "pending")
        self._connection.execute(update(subscribers).where(*pending).values(created_at=now))

    def confirm(
        self, subscriber: Subscriber, *, newest: int, welcome: Iterable[int], next_due_at: datetime, now: datetime
    ) -> bool:
        """A pending or gone reader becomes active, from `newest` on; anybody else stays as they are. Returns whether it changed.

        A first confirmation puts the `welcome` releases into arrears.
        """
        is_first = subscriber.confirmed_at is None
        changed = self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber.id, subscribers.c.standing.in_(("pending", "gone")))
            .values(standing="active", cursor=newest, next_due_at=next_due_at, confirmed_at=now, left_at=None)
        )
        if not changed.rowcount:
            return False
        self._connection.execute(delete(arrears).where(arrears.c.subscriber == subscriber.id))
        rows = [{"subscriber": subscriber.id, "number": number} for number in welcome] if is_first else []
        if rows:
            self._connection.execute(insert(arrears), rows)
        return True

    def leave(self, subscriber: Subscriber, now: datetime) -> bool:
        """Returns whether it changed. Cursor and arrears stay, so that it can be undone."""
        changed = self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber.id, subscribers.c.standing.in_(("active", "paused")))
            .values(standing="gone", left_at=now)
        )
        return bool(changed.rowcount)

    def undo_leave(self, subscriber: Subscriber, next_due_at: datetime) -> bool:
        """As if the reader had never left. Returns whether it changed; nobody becomes active who was never confirmed."""
        changed = self._connection.execute(
            update(subscribers)
            .where(
                subscribers.c.id == subscriber.id,
                subscribers.c.standing == "gone",
                subscribers.c.confirmed_at.is_not(None),
            )
            .values(standing="active", left_at=None, next_due_at=next_due_at)
        )
        return bool(changed.rowcount)

    def forget_unconfirmed(self, before: datetime) -> int:
        """Delete those who signed up before that instant and never confirmed."""
        gone = self._connection.execute(
            delete(subscribers).where(subscribers.c.standing == "pending", subscribers.c.created_at < before)
        )
        return gone.rowcount

    def _one(self, condition: object) -> Subscriber | None:
        row = self._connection.execute(select(*_COLUMNS).where(condition)).mappings().first()  # type: ignore[arg-type]
        return Subscriber(**row) if row else None

"""Deliveries, and the outbox: those that are not finished.

Every move is an UPDATE that names the state before it; a row count of 1 wins. A worker claims a batch under a lease, which
the database's own clock measures: it runs in real time, whatever the publication's clock shows.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from publisher.core.ledger import NOT_HAD, Delivery, DeliveryState, LetterKind
from publisher.core.retry import BACK_OFF, Outcome
from publisher.storage.schema import UNCLAIMED, arrears, deliveries, edition_items, editions, subscribers, suppressions

LEASE_SECONDS = 30
DOUBTS_ENOUGH = 5
"""A server that takes the last byte and never answers gets no letter more often than that."""


class Deliveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: str, kind: LetterKind, subscriber: int, now: datetime) -> bool:
        """A letter outside any edition. Returns False where this key was there before."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    insert(deliveries).values(
                        key=key, kind=kind, subscriber=subscriber, state="pending", created_at=now, next_attempt_at=now
                    )
                )
        except IntegrityError:
            return False
        return True

    def last_created_at(self, subscriber: int, kinds: Collection[LetterKind]) -> datetime | None:
        """When the newest letter of these kinds was made for this reader."""
        query = select(func.max(deliveries.c.created_at)).where(
            deliveries.c.subscriber == subscriber, deliveries.c.kind.in_(kinds)
        )
        return self._connection.execute(query).scalar()

    def count_of(self, subscriber: int, kind: LetterKind) -> int:
        query = select(func.count()).where(deliveries.c.subscriber == subscriber, deliveries.c.kind == kind)
        return self._connection.execute(query).scalar_one()

    def tally(self) -> dict[DeliveryState, int]:
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def errors(self, limit: int = 5) -> list[tuple[datetime, str, str]]:
        """The newest letters that wait or failed with an answer: when, state, answer."""
        query = (
            select(deliveries.c.next_attempt_at, deliveries.c.state, deliveries.c.last_reply)
            .where(deliveries.c.state.in_(("pending", "deferred", "failed")), deliveries.c.last_reply.is_not(None))
            .order_by(deliveries.c.id.desc())
            .limit(limit)
        )
        return [(at, state, reply) for at, state, reply in self._connection.execute(query)]

    def cut_to(self, now: datetime) -> None:
        """What a clock that ran ahead put off to its own future is due now, and is no younger than now."""
        waiting = deliveries.c.state.in_(("pending", "deferred"))
        furthest = now + max(BACK_OFF) * 2
        self._connection.execute(
            update(deliveries).where(waiting, deliveries.c.next_attempt_at > furthest).values(next_attempt_at=now)
        )
        self._connection.execute(
            update(deliveries)
            .where(waiting, deliveries.c.created_at > now)
            .values(created_at=now, next_attempt_at=now, first_attempt_at=None)
        )

    # -- the worker's moves

    def owners(self) -> list[str]:
        """Everybody who holds a lease."""
        query = select(deliveries.c.lease_owner).where(deliveries.c.lease_owner.is_not(None)).distinct()
        return [str(owner) for owner in self._connection.execute(query).scalars()]

    def recover(self, dead: Collection[str], *, policy: str, now: datetime) -> int:
        """Take back what dead owners held, or those whose lease ran out. Returns how many letters are in doubt.

        A letter whose intent was written but whose answer was not may have arrived: `resend` sends the same letter again,
        `leave` counts it as had.
        """
        abandoned = and_(
            deliveries.c.lease_owner.is_not(None),
            or_(deliveries.c.lease_owner.in_(dead), deliveries.c.lease_until < self._now_ms()),
        )
        values: dict[str, Any] = {"lease_owner": None, "lease_until": None}
        doubtful = self._connection.execute(
            update(deliveries)
            .where(abandoned, deliveries.c.state == "sending")
            .values(**values, **_in_doubt(policy, now), last_reply="the sender died before the answer was written")
        )
        waiting = deliveries.c.state.in_(("pending", "deferred"))
        self._connection.execute(update(deliveries).where(abandoned, waiting).values(values))
        return doubtful.rowcount

    def claim(self, owner: str, limit: int, now: datetime) -> list[Delivery]:
        """Lease up to so many letters that are due, the oldest first. Those to readers who may not be mailed end here."""
        ids: list[int] = []
        for edition in self._sendable():
            while len(ids) < limit and (found := self._todo(edition, limit - len(ids), now)):
                self._lease(owner, found)
                unwanted = self._skip(found, now)
                ids += [number for number in found if number not in unwanted]
        return self._claimed(ids) if ids else []

    def renew(self, owner: str) -> int:
        """Hold on to the leases; returns how many. One that was taken away is noticed by `intend` and `record`."""
        renewed = self._connection.execute(
            update(deliveries)
            .where(deliveries.c.lease_owner == owner)
            .values(lease_until=self._now_ms() + LEASE_SECONDS * 1000)
        )
        return renewed.rowcount

    def intend(self, delivery: Delivery, owner: str, now: datetime) -> bool:
        """Write down that this letter is about to leave. False: it must not, somebody left or took it over."""
        moved = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery.id,
                deliveries.c.state.in_(("pending", "deferred")),
                deliveries.c.lease_owner == owner,
                exists().where(subscribers.c.id == deliveries.c.subscriber, _may_be_mailed()),
            )
            .values(
                state="sending",
                address=delivery.address,
                first_attempt_at=func.coalesce(deliveries.c.first_attempt_at, now),
            )
        )
        return moved.rowcount == 1

    def record(self, delivery: Delivery, owner: str, outcome: Outcome, reply: str, policy: str, now: datetime) -> bool:
        """Write down how it ended. False: the lease was lost, somebody else decides."""
        values: dict[str, Any] = {"state": outcome.state, "last_reply": reply, "lease_owner": None, "lease_until": None}
        if outcome.state == "uncertain":
            is_enough = delivery.doubts + 1 >= DOUBTS_ENOUGH
            values |= _in_doubt("leave" if is_enough else policy, now)
            values |= {"next_attempt_at": now + BACK_OFF[min(delivery.doubts, len(BACK_OFF) - 1)]}
        elif outcome.state in ("sent", "failed", "deferred"):
            values |= {"attempts": deliveries.c.attempts + 1}
        if outcome.state in ("sent", "failed"):
            values |= {"finished_at": now}
        if outcome.next_attempt_at:
            values |= {"next_attempt_at": outcome.next_attempt_at}
        moved = self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery.id, deliveries.c.state == "sending", deliveries.c.lease_owner == owner)
            .values(values)
        )
        if moved.rowcount and outcome.state in NOT_HAD:
            owe_again(self._connection, deliveries.c.id == delivery.id)
        return moved.rowcount == 1

    def release(self, owner: str) -> None:
        """Give back what was claimed and not begun."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.lease_owner == owner, deliveries.c.state.in_(("pending", "deferred")))
            .values(lease_owner=None, lease_until=None)
        )

    def _sendable(self) -> list[int | None]:
        """What letters may belong to: none, for those that somebody waits for, first; then editions, the oldest first."""
        query = select(editions.c.number).where(editions.c.state.in_(("frozen", "sending"))).order_by(editions.c.number)
        return [None, *self._connection.execute(query).scalars()]

    def _todo(self, edition: int | None, limit: int, now: datetime) -> list[int]:
        query = (
            select(deliveries.c.id)
            .where(deliveries.c.edition == edition, deliveries.c.next_attempt_at <= now, UNCLAIMED)
            .order_by(deliveries.c.next_attempt_at, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(self._connection.execute(query).scalars())

    def _lease(self, owner: str, ids: list[int]) -> None:
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(ids), UNCLAIMED)
            .values(lease_owner=owner, lease_until=self._now_ms() + LEASE_SECONDS * 1000)
        )

    def _skip(self, ids: list[int], now: datetime) -> set[int]:
        """Of these letters, end those to readers who left, were suppressed or forgotten since; returns which."""
        query = select(deliveries.c.id).where(
            deliveries.c.id.in_(ids), ~exists().where(subscribers.c.id == deliveries.c.subscriber, _may_be_mailed())
        )
        unwanted = set(self._connection.execute(query).scalars())
        if unwanted:
            owe_again(self._connection, deliveries.c.id.in_(unwanted))
            self._connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(unwanted))
                .values(state="skipped", finished_at=now, lease_owner=None, lease_until=None)
            )
        return unwanted

    def _claimed(self, ids: list[int]) -> list[Delivery]:
        query: Select[Any] = (
            select(
                deliveries.c.id,
                deliveries.c.key,
                deliveries.c.kind,
                deliveries.c.edition,
                subscribers.c.handle,
                subscribers.c.address,
                deliveries.c.attempts,
                deliveries.c.doubts,
                deliveries.c.created_at,
                deliveries.c.first_attempt_at,
            )
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber)
            .where(deliveries.c.id.in_(ids))
            .order_by(deliveries.c.edition.is_not(None), deliveries.c.id)
        )
        return [Delivery(**row) for row in self._connection.execute(query).mappings()]

    def _now_ms(self) -> ColumnElement[int]:
        """The database's clock, in milliseconds since 1970."""
        text = (
            "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
            if self._connection.dialect.name == "sqlite"
            else "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
        )
        return literal_column(text, BigInteger())


def owe_again(connection: Connection, which: ColumnElement[bool]) -> None:
    """Put the releases of these deliveries, which did not arrive, into their readers' arrears."""
    owed = (
        select(deliveries.c.subscriber, edition_items.c.number)
        .join(edition_items, edition_items.c.edition == deliveries.c.edition)
        .where(which, deliveries.c.subscriber.is_not(None))
    )
    connection.execute(insert(arrears).from_select(["subscriber", "number"], owed))


def _in_doubt(policy: str, now: datetime) -> dict[str, Any]:
    doubts = {"doubts": deliveries.c.doubts + 1}
    return doubts | ({"state": "pending"} if policy == "resend" else {"state": "uncertain", "finished_at": now})


def _may_be_mailed() -> ColumnElement[bool]:
    """A digest and a notice go to active readers, a confirm letter to those who are not active yet, nothing to suppressed."""
    return and_(
        or_(
            and_(deliveries.c.kind == "confirm", subscribers.c.standing.in_(("pending", "gone"))),
            and_(deliveries.c.kind != "confirm", subscribers.c.standing == "active"),
        ),
        ~exists().where(suppressions.c.address_key == subscribers.c.address_key),
    )

"""Deliveries, and the outbox: those that are not finished.

Every move is an UPDATE that names the state before it; a row count of 1 wins. A worker claims a batch under a lease, which
the database's own clock measures: it runs in real time, whatever the publication's clock shows.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from publisher.core.ledger import NOT_HAD, Delivery, DeliveryState, LetterKind
from publisher.core.retry import BACK_OFF, Outcome
from publisher.storage.engine import now_ms
from publisher.storage.prepared import Prepared
from publisher.storage.schema import (
    UNCLAIMED,
    Id,
    UtcDateTime,
    arrears,
    deliveries,
    edition_items,
    editions,
    subscribers,
    suppressions,
)

LEASE_SECONDS = 30
DOUBTS_ENOUGH = 5
"""A server that takes the last byte and never answers gets no letter more often than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one transaction ended for its letter."""

    delivery: Delivery
    outcome: Outcome
    reply: str
    relay: str | None
    """Who gave the reply."""


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
        """Of all letters ever; counted by edition, since the index is in that order."""
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.edition, deliveries.c.state)
        found: Counter[DeliveryState] = Counter()
        for state, count in self._connection.execute(query):
            found[state] += count
        return dict(found)

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

    def count_due(self, now: datetime) -> int:
        """How many letters nobody has claimed that may leave now."""
        leaving = select(editions.c.number).where(editions.c.state.in_(("frozen", "sending")))
        query = (
            select(func.count())
            .select_from(deliveries)
            .where(
                or_(deliveries.c.edition.is_(None), deliveries.c.edition.in_(leaving)),
                deliveries.c.next_attempt_at <= now,
                UNCLAIMED,
            )
        )
        return self._connection.execute(query).scalar_one()

    # -- the worker's moves

    def owners(self) -> list[str]:
        """Everybody who holds a lease."""
        query = select(deliveries.c.lease_owner).where(deliveries.c.lease_owner.is_not(None)).distinct()
        return [str(owner) for owner in self._connection.execute(query).scalars()]

    def recover(self, dead: Collection[str], alive: Collection[str] = (), *, policy: str, now: datetime) -> int:
        """Take back what dead owners held, and those whose lease ran out and who are not known to be alive.

        A letter whose intent was written but whose answer was not may have arrived: `resend` sends the same letter again,
        later and later, up to five times; `leave` counts it as had. Returns how many letters are in doubt.
        """
        is_over = and_(deliveries.c.lease_until < now_ms(self._connection), deliveries.c.lease_owner.not_in(alive))
        abandoned = and_(deliveries.c.lease_owner.is_not(None), or_(deliveries.c.lease_owner.in_(dead), is_over))
        values: dict[str, Any] = {"lease_owner": None, "lease_until": None}
        said = "the sender died before the answer was written"
        found = 0
        for doubts in range(DOUBTS_ENOUGH):
            is_last = doubts == DOUBTS_ENOUGH - 1
            which = deliveries.c.doubts >= doubts if is_last else deliveries.c.doubts == doubts
            later = {"next_attempt_at": now + BACK_OFF[doubts - 1]} if doubts else {}
            changed = self._connection.execute(
                update(deliveries)
                .where(abandoned, deliveries.c.state == "sending", which)
                .values(**values, **_in_doubt("leave" if is_last else policy, now), **later, last_reply=said)
            )
            found += changed.rowcount
        waiting = deliveries.c.state.in_(("pending", "deferred"))
        self._connection.execute(update(deliveries).where(abandoned, waiting).values(values))
        return found

    def claim(self, owner: str, limit: int, now: datetime) -> list[Delivery]:
        """Lease up to so many letters that are due, the oldest first. Those to readers who may not be mailed end here."""
        ids: list[int] = []
        for edition in sendable(self._connection):
            while len(ids) < limit and (found := self._todo(edition, limit - len(ids), now)):
                self._lease(owner, found)
                unwanted = self._skip(found, now)
                ids += [number for number in found if number not in unwanted]
        return self._claimed(ids) if ids else []

    def next_due_at(self) -> datetime | None:
        """When the first letter is due that nobody has claimed."""
        first = [
            self._connection.execute(
                select(func.min(deliveries.c.next_attempt_at)).where(deliveries.c.edition == edition, UNCLAIMED)
            ).scalar()
            for edition in sendable(self._connection)
        ]
        return min((at for at in first if at), default=None)

    def renew(self, owner: str) -> int:
        """Hold on to the leases; returns how many. One that was taken away is noticed by `intend` and `record`."""
        renewed = self._connection.execute(
            update(deliveries).where(deliveries.c.lease_owner == owner).values(lease_until=self._lease_until())
        )
        return renewed.rowcount

    def intend(self, batch: Sequence[Delivery], owner: str, now: datetime) -> set[int]:
        """Write down that these letters are about to leave; returns the ids of those that may.

        The others must not: somebody left, was suppressed, or took them over.
        """
        values = _named(delivery.id for delivery in batch) | {"owner": owner, "at": now}
        return {number for (number,) in _INTEND.rows(self._connection, len(batch), values)}

    def record(self, results: Sequence[Result], owner: str, policy: str, now: datetime) -> set[int]:
        """Write down how letters ended; returns the ids of those whose lease was still ours.

        Of the rest somebody else decides.
        """
        values = _named(result.delivery.id for result in results) | {"owner": owner}
        ours = {number for (number,) in _ON_THE_WIRE.rows(self._connection, len(results), values)}
        found = [result for result in results if result.delivery.id in ours]
        self._record_sent([result for result in found if result.outcome.state == "sent"], now)
        for result in found:
            if result.outcome.state != "sent":
                self._record_one(result, policy, now)
        return ours

    def _record_sent(self, results: Sequence[Result], now: datetime) -> None:
        """Nearly all letters end so, and very many of them at a time."""
        rows = [{"the_id": each.delivery.id, "at": now, "reply": each.reply, "by": each.relay} for each in results]
        if rows:
            _RECORD_SENT.many(self._connection, rows)

    def _record_one(self, result: Result, policy: str, now: datetime) -> None:
        delivery, outcome = result.delivery, result.outcome
        values: dict[str, Any] = {"state": outcome.state, "last_reply": result.reply, "relay": result.relay}
        if not outcome.is_kept:
            values |= {"lease_owner": None, "lease_until": None}
        if outcome.state == "uncertain":
            is_enough = delivery.doubts + 1 >= DOUBTS_ENOUGH
            values |= _in_doubt("leave" if is_enough else policy, now)
            values |= {"next_attempt_at": now + BACK_OFF[min(delivery.doubts, len(BACK_OFF) - 1)]}
        elif outcome.state in ("failed", "deferred"):
            values |= {"attempts": deliveries.c.attempts + 1}
        if outcome.state == "failed":
            values |= {"finished_at": now}
        if outcome.next_attempt_at:
            values |= {"next_attempt_at": outcome.next_attempt_at}
        self._connection.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(values))
        if outcome.state in NOT_HAD:
            owe_again(self._connection, deliveries.c.id == delivery.id)

    def put_off(self, until: Mapping[int, datetime], owner: str) -> None:
        """Give claimed letters back, by their ids, not to be tried before; that counts as no attempt."""
        rows = [{"the_id": number, "owner": owner, "at": at} for number, at in until.items()]
        if rows:
            _PUT_OFF.many(self._connection, rows)

    def release(self, owner: str) -> None:
        """Give back what was claimed and not begun."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.lease_owner == owner, deliveries.c.state.in_(("pending", "deferred")))
            .values(lease_owner=None, lease_until=None)
        )

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
            .values(lease_owner=owner, lease_until=self._lease_until(), address=_ADDRESS)
        )

    def skip(self, ids: Collection[int], owner: str, now: datetime) -> None:
        """Of letters that could not be intended, end those to readers who may not be mailed any more."""
        query = select(deliveries.c.id).where(
            deliveries.c.id.in_(ids), deliveries.c.lease_owner == owner, deliveries.c.state.in_(("pending", "deferred"))
        )
        if ours := [*self._connection.execute(query).scalars()]:
            self._skip(ours, now)

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
                deliveries.c.address,
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

    def _lease_until(self) -> ColumnElement[int]:
        return now_ms(self._connection) + LEASE_SECONDS * 1000


def sendable(connection: Connection) -> list[int | None]:
    """What letters may belong to: none, for those that somebody waits for, first; then editions, the oldest first."""
    query = select(editions.c.number).where(editions.c.state.in_(("frozen", "sending"))).order_by(editions.c.number)
    return [None, *connection.execute(query).scalars()]


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


_ADDRESS = select(subscribers.c.address).where(subscribers.c.id == deliveries.c.subscriber).scalar_subquery()


def _named(ids: Iterable[int]) -> dict[str, Any]:
    return {f"id{n}": number for n, number in enumerate(ids)}


def _is_one_of(count: int) -> ColumnElement[bool]:
    return deliveries.c.id.in_([bindparam(f"id{n}", None, type_=Id) for n in range(count)])


_ON_THE_WIRE = Prepared(
    lambda count: (
        select(deliveries.c.id)
        .where(_is_one_of(count), deliveries.c.state == "sending", deliveries.c.lease_owner == bindparam("owner", None))
        .with_for_update()
    )
)
_INTEND = Prepared(
    lambda count: (
        update(deliveries)
        .where(
            _is_one_of(count),
            deliveries.c.state.in_(("pending", "deferred")),
            deliveries.c.lease_owner == bindparam("owner", None),
            exists().where(subscribers.c.id == deliveries.c.subscriber, _may_be_mailed()),
            or_(
                deliveries.c.edition.is_(None),
                exists().where(editions.c.number == deliveries.c.edition, editions.c.state.in_(("frozen", "sending"))),
            ),
        )
        .values(
            state="sending",
            first_attempt_at=func.coalesce(deliveries.c.first_attempt_at, bindparam("at", None, type_=UtcDateTime())),
        )
        .returning(deliveries.c.id)
    )
)
_RECORD_SENT = Prepared(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.id == bindparam("the_id", None))
        .values(
            state="sent",
            attempts=deliveries.c.attempts + 1,
            finished_at=bindparam("at", None),
            last_reply=bindparam("reply", None),
            relay=bindparam("by", None),
            lease_owner=null(),
            lease_until=null(),
        )
    )
)
_PUT_OFF = Prepared(
    lambda _: (
        update(deliveries)
        .where(
            deliveries.c.id == bindparam("the_id", None),
            deliveries.c.lease_owner == bindparam("owner", None),
            deliveries.c.state.in_(("pending", "deferred")),
        )
        .values(next_attempt_at=bindparam("at", None), lease_owner=null(), lease_until=null())
    )
)

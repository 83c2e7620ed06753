"""How much waits in the outbox, and for what: counts that an index answers, for the owner's eye."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from publisher.core.ledger import OPEN, DeliveryState
from publisher.storage.deliveries import sendable
from publisher.storage.schema import UNCLAIMED, deliveries, posts, suppressions


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The letters that may leave, by what they wait for. Held ones are counted with their editions."""

    due: int = 0
    leaving: int = 0
    """Claimed by a sender."""
    deferred: int = 0
    """By a mail server's answer."""
    put_off: int = 0
    """By a limit, or since a connection broke."""
    next_at: datetime | None = None
    """When the first of those is due."""
    in_doubt: int = 0
    """Of all these: may have arrived already, and go again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Letters with the same answer."""

    state: DeliveryState
    reply: str
    count: int


class Waiting:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, now: datetime) -> int:
        """How many letters a sender would find."""
        return sum(self._due(edition, now) for edition in sendable(self._connection))

    def outbox(self, now: datetime) -> Outbox:
        due = unfinished = in_doubt = 0
        later: Counter[str] = Counter()
        times: list[datetime] = []
        for edition in sendable(self._connection):
            due += self._due(edition, now)
            unfinished += self._unfinished(edition)
            in_doubt += self._unfinished(edition, deliveries.c.doubts > 0)
            for state, count, first_at in self._later(edition, now):
                later["deferred" if state == "deferred" else "put_off"] += count
                times.append(first_at)
        return Outbox(
            due=due,
            leaving=unfinished - due - later.total(),
            deferred=later["deferred"],
            put_off=later["put_off"],
            next_at=min(times, default=None),
            in_doubt=in_doubt,
        )

    def troubles(self, edition: int | None, since: datetime, limit: int = 5) -> list[Trouble]:
        """What mail servers answered to its letters that failed since, or wait; the most frequent answers first."""
        count = func.count()
        query = (
            select(deliveries.c.state, deliveries.c.last_reply, count)
            .where(
                deliveries.c.edition == edition,
                deliveries.c.state.in_(("failed", "deferred")),
                func.coalesce(deliveries.c.finished_at, deliveries.c.next_attempt_at) >= since,
            )
            .group_by(deliveries.c.state, deliveries.c.last_reply)
            .order_by(count.desc(), deliveries.c.last_reply)
            .limit(limit)
        )
        rows = self._connection.execute(query)
        return [Trouble(state=state, reply=reply or "no answer", count=number) for state, reply, number in rows]

    def suppressed(self, since: datetime) -> dict[str, int]:
        """To how many addresses mail was stopped, by reason."""
        query = (
            select(suppressions.c.reason, func.count())
            .where(suppressions.c.created_at >= since)
            .group_by(suppressions.c.reason)
            .order_by(suppressions.c.reason)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def unreleased(self) -> dict[bool, tuple[int, datetime]]:
        """Public posts without a number, by whether they wait for the owner's word: how many, and since when the first is
        public.
        """
        query = (
            select(posts.c.is_waiting, func.count(), func.min(posts.c.public_since))
            .where(posts.c.number.is_(None), posts.c.is_public, posts.c.is_mailable)
            .group_by(posts.c.is_waiting)
        )
        return {is_waiting: (count, since) for is_waiting, count, since in self._connection.execute(query)}

    def _due(self, edition: int | None, now: datetime) -> int:
        mine = (deliveries.c.edition == edition, deliveries.c.next_attempt_at <= now, UNCLAIMED)
        return self._connection.execute(select(func.count()).select_from(deliveries).where(*mine)).scalar_one()

    def _later(self, edition: int | None, now: datetime) -> list[tuple[DeliveryState, int, datetime]]:
        query = (
            select(deliveries.c.state, func.count(), func.min(deliveries.c.next_attempt_at))
            .where(deliveries.c.edition == edition, deliveries.c.next_attempt_at > now, UNCLAIMED)
            .group_by(deliveries.c.state)
        )
        return [(state, count, first_at) for state, count, first_at in self._connection.execute(query)]

    def _unfinished(self, edition: int | None, *conditions: ColumnElement[bool]) -> int:
        mine = (deliveries.c.edition == edition, deliveries.c.state.in_(OPEN), *conditions)
        return self._connection.execute(select(func.count()).select_from(deliveries).where(*mine)).scalar_one()

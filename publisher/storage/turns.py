"""Whose turn it is, and what taking it changes.

`open` puts the readers whose turn it is into a table of this transaction alone and locks their rows; everything after it
speaks of those readers and no others, however many they are, without bringing them here one by one.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from publisher.core.ledger import Turn
from publisher.storage.schema import OPEN_DIGEST, Id, UtcDateTime, arrears, deliveries, subscribers, suppressions

_turns = Table(
    "turns",
    MetaData(),
    Column("subscriber", Id, primary_key=True),
    Column("cursor", Id, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("last_letter_at", UtcDateTime),
    Column("has_arrears", Boolean, nullable=False),
    Column("part", Integer, comment="tells readers apart by their arrears"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def is_due(now: datetime) -> ColumnElement[bool]:
    """A reader's turn: active, not suppressed, nothing on its way to them, and their slot has come."""
    return and_(
        subscribers.c.standing == "active",
        subscribers.c.next_due_at <= now,
        ~exists().where(suppressions.c.address_key == subscribers.c.address_key),
        ~exists().where(deliveries.c.subscriber == subscribers.c.id, OPEN_DIGEST),
    )


class Turns:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parts: dict[tuple[int, ...], int] = {}

    def count(self, now: datetime) -> int:
        """How many readers' turn it is."""
        return self._connection.execute(select(func.count()).select_from(subscribers).where(is_due(now))).scalar_one()

    def open(self, now: datetime) -> list[Turn]:
        """Lock the readers whose turn it is and return them in groups that are owed the same."""
        _turns.drop(self._connection, checkfirst=True) if self._connection.dialect.name == "sqlite" else None
        _turns.create(self._connection, checkfirst=False)
        late = exists().where(arrears.c.subscriber == subscribers.c.id)
        chosen: Select[tuple[object, ...]] = (
            select(
                subscribers.c.id, subscribers.c.cursor, subscribers.c.next_due_at, subscribers.c.last_letter_at, late
            )
            .where(is_due(now))
            .with_for_update(of=subscribers)
        )
        names = ["subscriber", "cursor", "due_at", "last_letter_at", "has_arrears"]
        self._connection.execute(insert(_turns).from_select(names, chosen))
        self._tell_arrears_apart()
        key = (_turns.c.cursor, _turns.c.due_at, _turns.c.last_letter_at, _turns.c.part)
        rows = self._connection.execute(select(*key, func.count()).group_by(*key).order_by(*key))
        arrears_of = {part: numbers for numbers, part in self._parts.items()}
        return [
            Turn(cursor=cursor, arrears=arrears_of.get(part, ()), due_at=due_at, last_letter_at=last_at, count=count)
            for cursor, due_at, last_at, part, count in rows
        ]

    def take(
        self,
        turn: Turn,
        *,
        newest: int,
        arrears_now: Sequence[int],
        edition: int | None,
        next_due_at: datetime,
        now: datetime,
    ) -> None:
        """Everything up to `newest` is planned for these readers: in the edition, in arrears, or settled."""
        readers = select(_turns.c.subscriber).where(self._is_of(turn))
        if turn.arrears:
            self._connection.execute(delete(arrears).where(arrears.c.subscriber.in_(readers)))
        for number in arrears_now:
            row = select(_turns.c.subscriber, literal(number)).where(self._is_of(turn))
            self._connection.execute(insert(arrears).from_select(["subscriber", "number"], row))
        change: dict[str, object] = {"cursor": newest, "next_due_at": next_due_at}
        if edition is not None:
            self._deliver(edition, turn, now)
            change["last_letter_at"] = now
        self._connection.execute(update(subscribers).where(subscribers.c.id.in_(readers)).values(change))

    def move_due(self, *, after: datetime, midnight: datetime, due_at: datetime, due_at_if_had: datetime) -> int:
        """A new due time for those whose own lies after that instant; another one for those who had a letter since midnight."""
        moved = self._connection.execute(
            update(subscribers)
            .where(subscribers.c.next_due_at > after)
            .values(next_due_at=case((subscribers.c.last_letter_at >= midnight, _at(due_at_if_had)), else_=_at(due_at)))
        )
        return moved.rowcount

    def cut_to(self, now: datetime) -> None:
        """Nothing has happened in the future: what a clock that ran ahead left behind is now."""
        self._connection.execute(
            update(subscribers).where(subscribers.c.last_letter_at > now).values(last_letter_at=now)
        )

    def _deliver(self, edition: int, turn: Turn, now: datetime) -> None:
        key = literal(f"digest:{edition}:") + cast(_turns.c.subscriber, Text)
        row = select(
            key, literal("digest"), literal(edition), _turns.c.subscriber, literal("pending"), _at(now), _at(now)
        ).where(self._is_of(turn))
        names = ["key", "kind", "edition", "subscriber", "state", "created_at", "next_attempt_at"]
        self._connection.execute(insert(deliveries).from_select(names, row))

    def _tell_arrears_apart(self) -> None:
        query = (
            select(arrears.c.subscriber, arrears.c.number)
            .join(_turns, _turns.c.subscriber == arrears.c.subscriber)
            .order_by(arrears.c.subscriber, arrears.c.number)
        )
        numbers: dict[int, list[int]] = defaultdict(list)
        for subscriber, number in self._connection.execute(query):
            numbers[subscriber].append(number)
        parts = [
            {"reader": reader, "number": self._parts.setdefault(tuple(found), len(self._parts) + 1)}
            for reader, found in numbers.items()
        ]
        if parts:
            marked = update(_turns).where(_turns.c.subscriber == bindparam("reader")).values(part=bindparam("number"))
            self._connection.execute(marked, parts)

    def _is_of(self, turn: Turn) -> ColumnElement[bool]:
        return and_(
            _turns.c.cursor == turn.cursor,
            _turns.c.due_at == turn.due_at,
            _turns.c.last_letter_at == turn.last_letter_at
            if turn.last_letter_at
            else _turns.c.last_letter_at.is_(None),
            _turns.c.part == self._parts[turn.arrears] if turn.arrears else _turns.c.part.is_(None),
        )


def _at(instant: datetime) -> ColumnElement[datetime]:
    return literal(instant, UtcDateTime)

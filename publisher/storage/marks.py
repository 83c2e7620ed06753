"""What holds for the whole publication, by name."""

from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from publisher.storage.schema import counters, marks

Mark = Literal["baseline_at", "slots", "restored"]
Counter = Literal["release", "edition"]


class Marks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: Mark) -> str | None:
        found: str | None = self._connection.execute(select(marks.c.value).where(marks.c.name == name)).scalar()
        return found

    def put(self, name: Mark, value: str) -> None:
        changed = self._connection.execute(update(marks).where(marks.c.name == name).values(value=value))
        if not changed.rowcount:
            self._connection.execute(insert(marks).values(name=name, value=value))

    def remove(self, name: Mark) -> None:
        self._connection.execute(delete(marks).where(marks.c.name == name))


def last_number(connection: Connection, name: Counter) -> int:
    """The last number given; 0 at first."""
    return connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar() or 0


def next_number(connection: Connection, name: Counter) -> int:
    """The next number, from a row that stays locked until this transaction ends: no gaps, no overtaking."""
    counted = connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))
    if not counted.rowcount:
        connection.execute(insert(counters).values(name=name, value=1))
    return last_number(connection, name)


def skip_to(connection: Connection, name: Counter, number: int) -> None:
    """As if all numbers up to this one had been given."""
    counted = connection.execute(update(counters).where(counters.c.name == name).values(value=number))
    if not counted.rowcount:
        connection.execute(insert(counters).values(name=name, value=number))

"""What holds for the whole publication, by name."""

from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from publisher.storage.schema import counters, marks

Mark = Literal["baseline_at", "slots", "restored", "ticked_at"]
Counter = Literal["release", "edition"]


class Marks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: Mark) -> str | None:
        found: str | None = self._connection.execute(select(marks.c.value).where(marks.c.name == name)).scalar()
        return found

    def put(self, name: Mark, value: str) -> None:
        """Safe where several put the same mark for the first time at once."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        row = dialect.insert(marks).values(name=name, value=value)
        self._connection.execute(row.on_conflict_do_update(index_elements=[marks.c.name], set_={"value": value}))

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

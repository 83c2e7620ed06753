"""Statements that are executed thousands of times a second: compiled once, and handed straight to the driver.

What SQLAlchemy does for each execution takes longer than SQLite needs for the work itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Executable


class Prepared:
    """A statement about `count` things at a time, written by `build` for each count that is asked for."""

    def __init__(self, build: Callable[[int], Executable]) -> None:
        self._build = build
        self._ready: dict[tuple[str, int], _Ready] = {}

    def rows(self, connection: Connection, count: int, values: Mapping[str, Any]) -> list[Any]:
        """What it returns."""
        ready = self._for(connection.dialect, count)
        cursor = _cursor(connection)
        try:
            cursor.execute(ready.text, ready.bound(values))
            found: list[Any] = cursor.fetchall()
        finally:
            cursor.close()
        return found

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute it for each of these; it returns nothing."""
        ready = self._for(connection.dialect, 1)
        cursor = _cursor(connection)
        try:
            cursor.executemany(ready.text, [ready.bound(values) for values in rows])
        finally:
            cursor.close()

    def _for(self, dialect: Dialect, count: int) -> "_Ready":
        key = dialect.name, count
        if key not in self._ready:
            self._ready[key] = _Ready(dialect, self._build(count))
        return self._ready[key]


class _Ready:
    """The statement in the words of one driver."""

    def __init__(self, dialect: Dialect, statement: Executable) -> None:
        compiled: Any = statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        self.text = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._fixed: dict[str, Any] = {name: value for name, value in compiled.params.items() if value is not None}
        self._adapt: dict[str, Callable[[Any], Any]] = compiled._bind_processors

    def bound(self, values: Mapping[str, Any]) -> Any:
        """A tuple for drivers that count their parameters, else by name."""
        given = {**self._fixed, **values}
        for name, adapt in self._adapt.items():
            given[name] = adapt(given[name])
        return tuple(given[name] for name in self._order) if self._order is not None else given


def _cursor(connection: Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.cursor()

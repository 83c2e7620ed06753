"""Every row of every table, out and in again, as lines of JSON: what backups are made of, the same for either engine.

Nothing here names a table or a column: those that the schema has are copied, whatever they are.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, DateTime, LargeBinary, MetaData, func, insert, select, text

from publisher.core.errors import StorageError
from publisher.storage.schema import REVISION, metadata
from publisher.storage.upgrade import is_known, migrate

GAP = 1_000_000_000
"""So many ids are left out after a restore: they may have been given out after the backup, and stand in letters that left."""
_ROWS_AT_A_TIME = 2000


class Copy:
    revision = REVISION

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_postgresql = connection.dialect.name == "postgresql"

    def tables(self) -> list[str]:
        """Those that others refer to come first."""
        return [table.name for table in metadata.sorted_tables]

    def lines(self, table: str) -> Iterator[bytes]:
        """A row each: an object of column names and values, times in ISO 8601 and UTC, bytes in base 64. However many there
        are, some thousand are in memory."""
        found = metadata.tables[table]
        names = found.columns.keys()
        query = select(found).order_by(*found.primary_key).execution_options(yield_per=_ROWS_AT_A_TIME)
        for row in self._connection.execute(query):
            yield _ENCODER.encode(dict(zip(names, row, strict=True))).encode()

    def last_ids(self) -> dict[str, int]:
        """The last id that each table gave out by itself, whether its row is still there or not."""
        if self._is_postgresql:
            query = text("SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(:table, :column) AS regclass))")
            rows = [
                (table, self._connection.execute(query, {"table": table, "column": column}).scalar())
                for table, column in _counting()
            ]
        else:
            rows = [(table, last) for table, last in self._connection.execute(text("SELECT * FROM sqlite_sequence"))]
        return {table: last for table, last in rows if last is not None}

    def keep_others_out(self) -> None:
        """Until the transaction ends, nobody else reads or writes. SQLite has one writer at a time anyhow."""
        if self._is_postgresql:
            self._connection.execute(text(f"LOCK TABLE {', '.join(self.tables())} IN ACCESS EXCLUSIVE MODE"))

    def load(self, revision: str, lines: Iterable[tuple[str, Iterable[bytes]]], last_ids: Mapping[str, int]) -> None:
        """Throw away what is here; take these lines, by table, into tables of that revision, then all steps to today's.

        Rows come after those that they refer to. Raises StorageError where the revision is unknown or a row does not fit.
        """
        if not is_known(revision):
            raise StorageError("a newer publisher made this backup, wanted is that version or a later one")
        metadata.drop_all(self._connection)
        self._connection.execute(text("DROP TABLE alembic_version"))
        migrate(self._connection, revision)
        tables = MetaData()
        tables.reflect(self._connection)
        for table, some in lines:
            left = iter(some)
            while batch := list(islice(left, _ROWS_AT_A_TIME)):
                self._insert(tables, table, batch)
        migrate(self._connection)
        for table, column in _counting():
            self._count_from(table, column, last_ids.get(table, 0))
        if self._is_postgresql:
            self._connection.execute(text("ANALYZE"))

    def _insert(self, tables: MetaData, name: str, lines: list[bytes]) -> None:
        table = tables.tables.get(name)
        if table is None:
            raise StorageError(f"the backup holds the table {name!r}, which its revision does not know")
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        for column in table.columns:
            if read := self._reader(column):
                for row in rows:
                    if row.get(column.name) is not None:
                        row[column.name] = read(row[column.name])
        self._connection.execute(insert(table), rows)

    def _reader(self, column: Column[Any]) -> Callable[[Any], Any] | None:
        """How a value of this column is made of JSON's, where it is not the same."""
        if isinstance(column.type, DateTime):
            return datetime.fromisoformat
        if isinstance(column.type, LargeBinary):
            return b64decode
        return _without_nul if self._is_postgresql else None

    def _count_from(self, table: str, column: str, last: int) -> None:
        highest = self._connection.execute(select(func.max(metadata.tables[table].c[column]))).scalar() or 0
        values = {"table": table, "column": column, "last": max(last, highest) + GAP}
        if self._is_postgresql:
            self._connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), values)
        else:
            self._connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
            self._connection.execute(text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), values)


def _plain(value: Any) -> str:
    """Of what JSON has no word for."""
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return b64encode(value).decode()
        case _:
            raise TypeError(f"{value!r} can't be written into a backup")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def _without_nul(value: Any) -> Any:
    """PostgreSQL's texts can't hold it, SQLite's can."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _counting() -> list[tuple[str, str]]:
    """The tables that number their own rows, each with the column."""
    return [
        (table.name, table.autoincrement_column.name)
        for table in metadata.sorted_tables
        if table.autoincrement_column is not None
    ]

"""The connection to SQLite or PostgreSQL, and what each needs so that the same statements mean the same."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, create_engine, event, literal_column
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from publisher.core.errors import Busy, ConfigurationError, StorageError

BUSY_TIMEOUT_SECONDS = 10
CACHE_KIB = 32_768
"""SQLite's own 2 MiB are too few for the indexes of a large edition."""


_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that has gone silent is noticed in half a minute, not after many."""


def connect(database_url: str, folder: Path) -> Engine:
    """An engine for `sqlite:///path` (relative to `folder`) or `postgresql://...`; raises ConfigurationError."""
    try:
        url = make_url(database_url)
        if url.get_backend_name() == "sqlite":
            path = folder / (url.database or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # addresses are nobody else's business
            engine = create_engine(
                url.set(database=str(path)), connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True
            )
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        return create_engine(
            url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True, connect_args=_PATIENCE
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "PUBLISHER_DATABASE_URL: PostgreSQL needs its driver, wanted is: pip install 'publisher[postgresql]'"
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigurationError(
            "PUBLISHER_DATABASE_URL: this value can't be used, wanted is sqlite:///path or postgresql://user:password@host/name"
        ) from error
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}, wanted is a folder that you may write to") from error


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    """Each commit is on the disk when it returns, and readers never wait for writers."""
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_reader = connection.get_execution_options().get("is_reader", False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine, *, is_reader: bool = False, is_snapshot: bool = False) -> Iterator[Connection]:
    """One transaction, committed at the end of the `with`, rolled back where it raises. SQLite's are snapshots anyhow."""
    options: dict[str, Any] = {"is_reader": is_reader}
    if is_snapshot and engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with told_as_ours(engine), engine.connect() as plain:
        connection = plain.execution_options(**options)
        with connection.begin():
            yield connection


@contextmanager
def told_as_ours(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into StorageError or Busy."""
    try:
        yield
    except DBAPIError as error:
        raise _told(engine, error.orig or error) from error
    except engine.dialect.loaded_dbapi.Error as error:  # of a prepared statement, which the driver executes itself
        raise _told(engine, error) from error
    except SQLAlchemyError as error:
        raise StorageError(f"the database failed: {error}") from error


def now_ms(connection: Connection) -> ColumnElement[int]:
    """The database's clock, in milliseconds since 1970."""
    text = (
        "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
        if connection.dialect.name == "sqlite"
        else "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
    )
    return literal_column(text, BigInteger())


def _told(engine: Engine, error: BaseException) -> StorageError | Busy:
    reason = str(error).strip().split("\n")[0]
    if getattr(error, "sqlstate", None) in ("40001", "40P01") or "database is locked" in reason:
        return Busy(f"the database is busy with another process ({reason}): try again in a moment")
    if engine.dialect.name == "sqlite":
        return StorageError(f"{engine.url.database}: {reason}{_sqlite_advice(reason)}")
    where = f"{engine.url.host or 'the local socket'}"
    return StorageError(f"the database on {where} says: {reason}")


def _sqlite_advice(reason: str) -> str:
    for sign, advice in (
        ("disk is full", "make room on the disk, nothing was lost"),
        ("readonly", "wanted is a file and a folder that you may write to"),
        ("unable to open", "wanted is a folder that is there and that you may write to"),
        ("not a database", "this file is something else: move it away, then restore a backup if you have one"),
        ("malformed", "the file is damaged: move it away with its -wal and -shm, then restore a backup"),
        ("disk I/O error", "is the disk full or failing?"),
    ):
        if sign in reason:
            return f", {advice}"
    return ""

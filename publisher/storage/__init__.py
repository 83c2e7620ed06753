"""The database: what was promised to whom, and what became of it. The only SQL there is.

`Storage` opens transactions; a `Transaction` has one store for each noun. Everything that an action writes in one `with`
is written together or not at all.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine

from publisher.core.checkup import Health
from publisher.storage.copy import Copy
from publisher.storage.deliveries import Deliveries, Result
from publisher.storage.editions import Editions
from publisher.storage.engine import connect, told_as_ours, transaction
from publisher.storage.health import health
from publisher.storage.histories import Histories
from publisher.storage.limits import Limits
from publisher.storage.marks import Marks
from publisher.storage.queue import Queue, attend
from publisher.storage.releases import Releases
from publisher.storage.subscribers import Subscribers
from publisher.storage.suppressions import Suppressions
from publisher.storage.turns import Turns
from publisher.storage.upgrade import upgrade
from publisher.storage.waiting import Outbox, Waiting

__all__ = ["Outbox", "Result", "Session", "Storage", "Transaction", "open_storage"]


class Transaction:
    """All stores, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def releases(self) -> Releases:
        return Releases(self._connection)

    @cached_property
    def subscribers(self) -> Subscribers:
        return Subscribers(self._connection)

    @cached_property
    def suppressions(self) -> Suppressions:
        return Suppressions(self._connection)

    @cached_property
    def turns(self) -> Turns:
        return Turns(self._connection)

    @cached_property
    def editions(self) -> Editions:
        return Editions(self._connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self._connection)

    @cached_property
    def waiting(self) -> Waiting:
        return Waiting(self._connection)

    @cached_property
    def histories(self) -> Histories:
        return Histories(self._connection)

    @cached_property
    def limits(self) -> Limits:
        return Limits(self._connection)

    @cached_property
    def marks(self) -> Marks:
        return Marks(self._connection)

    @cached_property
    def copy(self) -> Copy:
        return Copy(self._connection)

    @cached_property
    def queue(self) -> Queue:
        return Queue(self._connection)

    def health(self) -> Health:
        return health(self._connection)


class Session:
    """One connection that is kept for many transactions, by one thread at a time. After a failure it is another."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """All or nothing."""
        with told_as_ours(self._engine):
            if self._connection is None:
                self._connection = self._engine.connect()
            try:
                with self._connection.begin():
                    yield Transaction(self._connection)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


class Storage:
    """One database. Safe to share between threads; each transaction belongs to one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Reading never waits for writers. SQLite shows one moment; on PostgreSQL each query sees what is committed by then."""
        with transaction(self._engine, is_reader=True) as connection:
            yield Transaction(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """One moment on either engine, however long it takes to read."""
        with transaction(self._engine, is_reader=True, is_snapshot=True) as connection:
            yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """All or nothing."""
        with transaction(self._engine) as connection:
            yield Transaction(connection)

    def session(self) -> Session:
        """For somebody who has one transaction after the other to make; to be closed."""
        return Session(self._engine)

    def attend(
        self, send: Callable[[], None], look: Callable[[], None], stop: threading.Event, *, concurrency: int
    ) -> None:
        """Be woken, until `stop` is set: `send` whenever there are letters, `look` now and then in one of all processes."""
        attend(self._engine, send, look, stop, concurrency=concurrency)

    def close(self) -> None:
        self._engine.dispose()


def open_storage(database_url: str, folder: Path) -> Storage:
    """The database of a site, brought up to date. Raises ConfigurationError, StorageError or Busy."""
    engine = connect(database_url, folder)
    try:
        upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return Storage(engine)

"""Brings a database to the tables of today, in one transaction; an older one is put aside as a copy before."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from publisher.core.errors import StorageError
from publisher.storage import queue
from publisher.storage.engine import transaction
from publisher.storage.schema import REVISION, metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_305_812_744
"""PostgreSQL's advisory lock for this, any number that is always the same."""


def upgrade(engine: Engine) -> None:
    """Raises StorageError for a database of a newer publisher."""
    with transaction(engine, is_reader=True) as connection:
        found = revision_of(connection)
        is_complete = found == REVISION and not queue.is_behind(connection)
    if is_complete:
        return
    if found is None:
        _create(engine)
    elif found != REVISION:
        _migrate(engine, found)
    with transaction(engine) as connection:
        _lock(connection)
        queue.bring_up(connection)


def _create(engine: Engine) -> None:
    """A new database gets the tables of today at once: alembic takes its time to import."""
    with transaction(engine) as connection:
        _lock(connection)
        if revision_of(connection) is None:
            metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})


def _migrate(engine: Engine, found: str) -> None:
    if not is_known(found):
        raise StorageError("the database was made by a newer publisher, wanted is that version or a later one")
    if engine.dialect.name == "sqlite":
        _put_aside(Path(str(engine.url.database)), found)
    with transaction(engine) as connection:
        _lock(connection)
        if revision_of(connection) != REVISION:
            migrate(connection)


def is_known(revision: str) -> bool:
    """Whether there is such a step."""
    from alembic.script import ScriptDirectory

    return revision in {step.revision for step in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}


def migrate(connection: Connection, revision: str = "head") -> None:
    """All steps from wherever the database stands. alembic is imported here, since most starts have nothing to do."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _lock(connection: Connection) -> None:
    """SQLite's transactions write one at a time anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def revision_of(connection: Connection) -> str | None:
    """None for a database without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _put_aside(path: Path, revision: str) -> None:
    """A consistent copy beside the file, even while others write."""
    aside = path.with_suffix(f".before-{revision}.db")
    aside.touch(mode=0o600)
    with sqlite3.connect(path) as source, sqlite3.connect(aside) as copy:
        source.backup(copy)
    source.close()
    copy.close()

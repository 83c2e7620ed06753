"""What the database says of itself."""

from sqlalchemy import Connection

from publisher.core.checkup import Health
from publisher.storage.upgrade import revision_of


def health(connection: Connection) -> Health:
    """SQLite looks through its whole file, which takes a second for each gigabyte or so."""
    version = tuple(int(part) for part in connection.dialect.server_version_info or ())
    revision = revision_of(connection) or ""
    if connection.dialect.name == "postgresql":
        return Health(kind="PostgreSQL", version=version, revision=revision, damage=None)
    found: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    return Health(kind="SQLite", version=version, revision=revision, damage=None if found == "ok" else found)

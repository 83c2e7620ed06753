"""A database for each test, of both kinds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from publisher.storage import Storage, open_storage
from publisher.storage.schema import metadata


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'publisher.db'}"
    server = request.getfixturevalue("postgresql")
    url: str = server.create_database()
    return url


@pytest.fixture
def storage(database_url: str, tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage(database_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def emptied(database_url: str) -> Callable[[], None]:
    """Deletes every row, as if the database were new."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))

    def empty() -> None:
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        engine.dispose()

    return empty

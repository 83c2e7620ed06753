"""A site with one long post and many readers, whose edition is frozen and sent again and again from the same beginning."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import BigInteger, Text, cast, insert, literal, select, true

from publisher.storage.engine import connect
from publisher.storage.schema import subscribers
from tests.benchmarks.contenders import PROGRAMS
from tests.benchmarks.corpus import make_posts
from tests.benchmarks.measure import run
from tests.processes import Site
from tests.servers.postgresql import PostgreSQL

_ROOT = Path(__file__).parents[2]
LETTER_BYTES = 40_960
"""What a letter is to have, about: 40 KB."""
_POST_CHARACTERS = 10_800
"""Which make such a letter."""
_BEGUN = datetime(2026, 11, 22, 6, tzinfo=UTC)
_COMPOSED = _BEGUN + timedelta(days=4, hours=3)
"""A digest that late is held, so that the `tick` that freezes it sends nothing."""
_SENT = _COMPOSED + timedelta(hours=1)
_SETTINGS = {
    "SITE_URL": "https://blog.example.org",
    "SITE_TITLE": "A benchmark",
    "SECRET_KEY": "a key that is only good for benchmarks, and only here",
    "MAIL_FROM": "A benchmark <digest@example.org>",
    "MAIL_DOMAIN": "example.org",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "9",
    "SMTP_SECURITY": "none",
    "HOLD": "0s",
}
_APART = 618_033_988_749
"""Spreads numbers over 10^12 without repeating one: readers don't come in the order of their addresses."""


class Mailing:
    """The readers are there, and so is a post that none of them has had. On SQLite, or in a database of `server`."""

    def __init__(self, folder: Path, readers: int, server: PostgreSQL | None = None) -> None:
        self.readers = readers
        self._site = Site(folder)
        self._server = server
        self._var, self._saved = folder / "var", folder / "saved"
        self._url = server.create_database() if server else "sqlite:///var/publisher.db"
        (folder / "posts").mkdir(parents=True)
        self._site.set(DATABASE_URL=self._url, **{name: f"'{value}'" for name, value in _SETTINGS.items()})
        self._ask("tick", at=_BEGUN)
        self._ask("subscribers", "add", "reader1000000000000@example.org", at=_BEGUN)
        self._multiply(readers)
        self._site.write("2026-11-22-a-long-letter.md", f"---\ntitle: A long letter\n---\n{_text()}")
        self.save()

    @property
    def folder(self) -> Path:
        return self._site.folder

    def composing(self) -> list[str | Path]:
        """The command that freezes the edition. It sends nothing: the edition is held."""
        return self._command("tick", at=_COMPOSED, settings={})

    def sending(self, settings: Mapping[str, object]) -> list[str | Path]:
        """The command that sends it, after `approve`, and ends when nothing is left to send."""
        return self._command("send", at=_SENT, settings=settings)

    def approve(self) -> None:
        self._ask("editions", "approve", "1", at=_COMPOSED)

    def letters(self) -> dict[str, int]:
        """How many are in each state."""
        return dict(self._site.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))

    def save(self) -> None:
        """`restore` will lead here."""
        if self._server:
            self._copy_database(self._database, f"{self._database}_saved")
        else:
            with closing(sqlite3.connect(self._var / "publisher.db")) as file:
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _copy_folder(self._var, self._saved)

    def restore(self) -> None:
        if self._server:
            self._copy_database(f"{self._database}_saved", self._database)
        _copy_folder(self._saved, self._var)

    def close(self) -> None:
        """Give the disk back."""
        if self._server:
            for name in (self._database, f"{self._database}_saved"):
                self._say_to_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        shutil.rmtree(self.folder)

    @property
    def _database(self) -> str:
        return self._url.rpartition("/")[2]

    def _multiply(self, readers: int) -> None:
        """The one reader, who came by the command, becomes so many by copies that differ in their names alone."""
        first = select(literal(1, BigInteger).label("number"))
        numbers = first.cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < readers - 1))
        spread = numbers.c.number * literal(_APART, BigInteger) % literal(10**12, BigInteger)
        address = literal("reader") + cast(spread + 10**12, Text) + literal("@example.org")
        own = {"handle": cast(spread + 10**15, Text), "address": address, "address_key": address}
        columns = [column for column in subscribers.c if column.name != "id"]
        copies = select(*(own.get(column.name, column) for column in columns)).join_from(subscribers, numbers, true())
        engine = connect(self._url, self.folder)
        if readers > 1:
            with engine.begin() as connection:
                connection.execute(insert(subscribers).from_select([column.name for column in columns], copies))
        engine.dispose()
        if self._server:  # it would do so by itself, some time later
            with psycopg.connect(self._url, autocommit=True) as server:
                server.execute("VACUUM ANALYZE")

    def _copy_database(self, source: str, target: str) -> None:
        self._say_to_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", target)
        self._say_to_server("CREATE DATABASE {} TEMPLATE {}", target, source)
        self._say_to_server("CHECKPOINT")

    def _say_to_server(self, statement: str, *names: str) -> None:
        assert self._server
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _ask(self, *arguments: str, at: datetime) -> None:
        run(self._command(*arguments, at=at, settings={}), self.folder, log=self.folder / "said.log")

    def _command(self, *arguments: str, at: datetime, settings: Mapping[str, object]) -> list[str | Path]:
        """The publisher of this tree, whichever is installed."""
        given = [f"PUBLISHER_{name}={value}" for name, value in settings.items()]
        where_and_when: list[str | Path] = ["--site", self.folder, "--now", at.isoformat()]
        return ["env", f"PYTHONPATH={_ROOT}", *given, PROGRAMS / "publisher", *arguments, *where_and_when]


def _text() -> str:
    """The beginning of what the benchmarks' posts hold, whole blocks."""
    blocks = (block for post in make_posts(20) for block in post.body.strip().split("\n\n"))
    found, size = [], 0
    while size < _POST_CHARACTERS:
        found.append(next(blocks))
        size += len(found[-1])
    return "\n\n".join(found) + "\n"


def _copy_folder(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)

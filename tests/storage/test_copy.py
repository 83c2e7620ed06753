"""All rows out and in again, from either database into either: nothing is lost, changed, or given out twice."""

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, select, text

from publisher.actions.compose import compose
from publisher.actions.release import release_due
from publisher.actions.subscribe import add, forget_unconfirmed, sign_up
from publisher.core.errors import StorageError
from publisher.core.limits import Limit
from publisher.core.model import Envelope
from publisher.core.retry import Answer
from publisher.storage import Storage, open_storage
from publisher.storage.copy import GAP
from publisher.storage.schema import REVISION, metadata
from tests.servers.postgresql import PostgreSQL
from tests.storage.worlds import (
    ACCEPTED,
    BROKEN,
    BUSY,
    START,
    UNKNOWN,
    CuedRelay,
    library,
    post,
    publication,
    scan,
    send,
)

EIGHT = START + timedelta(hours=8)
ODD = 'Grüße, \u2028 \x1f \\u0000 "quoted"\n\ttwice\r\n🌊'


def fill(storage: Storage, folder: Path) -> None:
    """A row in every table, a letter in every state that a week leaves behind, and texts that break what is careless."""
    answers = {"a": ACCEPTED, "b": BUSY, "c": UNKNOWN, "d": BROKEN}

    def cue(envelope: Envelope) -> Answer:
        return answers[envelope.rcpt_to[0]]

    site = publication(storage, folder, CuedRelay(cue))
    scan(site, library(post(0)), START)
    for number, letter in enumerate("abcde"):
        add(site, f"{letter}@example.org", f"{number:016x}", START + timedelta(microseconds=number))
    posts = library(post(0), post(1))
    scan(site, posts, START)
    release_due(site, posts.library, EIGHT)
    compose(site, posts.library, EIGHT)
    with storage.write() as tx:
        tx.suppressions.add("e@example.org", "bounced", ODD, EIGHT)
    send(site, EIGHT)
    sign_up(site, "never-confirms@example.org", "f" * 16, EIGHT)
    with storage.write() as tx:
        (claimed,) = tx.deliveries.claim("elsewhere:run", 1, EIGHT)
        assert tx.deliveries.intend([claimed], "elsewhere:run", EIGHT)
        tx.limits.read(["domain:example.org"], EIGHT)
        tx.limits.put(Limit(name="domain:example.org", free_at_ms=2**60, shut_until=EIGHT, refusals=2, reason=ODD))


def rows(storage: Storage) -> dict[str, list[dict[str, Any]]]:
    with storage.read() as tx:
        return {
            table.name: [
                dict(row) for row in tx._connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in metadata.sorted_tables
        }


def dumped(storage: Storage) -> tuple[list[tuple[str, list[bytes]]], dict[str, int]]:
    with storage.snapshot() as tx:
        return [(table, list(tx.copy.lines(table))) for table in tx.copy.tables()], tx.copy.last_ids()


def move(source: Storage, target: Storage) -> None:
    lines, last_ids = dumped(source)
    with target.write() as tx:
        tx.copy.keep_others_out()
        tx.copy.load(REVISION, lines, last_ids)


@pytest.fixture
def filled(storage: Storage, tmp_path: Path) -> Storage:
    fill(storage, tmp_path)
    return storage


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage("sqlite:///another.db", tmp_path)
    yield opened
    opened.close()


@pytest.mark.needs("postgresql")
def test_every_row_comes_back_as_it_was_through_the_other_database_and_home_again(
    filled: Storage, sqlite: Storage, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    before = rows(filled)
    assert [table for table, found in before.items() if not found] == []
    assert {row["state"] for row in before["deliveries"]} == {
        "sent",
        "deferred",
        "failed",
        "pending",
        "skipped",
        "sending",
    }
    there = open_storage(postgresql.create_database(), tmp_path)
    move(filled, there)
    assert rows(there) == before
    move(there, sqlite)
    assert rows(sqlite) == before
    move(sqlite, filled)
    assert rows(filled) == before
    there.close()


def test_a_text_with_what_only_sqlite_can_hold_is_no_obstacle(filled: Storage, sqlite: Storage) -> None:
    with sqlite.write() as tx:
        tx.suppressions.add("nul@example.org", "bounced", "550 \0 \\u0000", EIGHT)
    move(sqlite, filled)
    with filled.read() as tx:
        found = tx.suppressions.find("nul@example.org")
        is_postgresql = tx._connection.dialect.name == "postgresql"
    assert found
    assert found.detail == ("550 \ufffd \\u0000" if is_postgresql else "550 \0 \\u0000")


def test_an_id_that_was_ever_given_out_is_never_given_to_another(filled: Storage, sqlite: Storage) -> None:
    """Not even that of a reader who was forgotten, or who came after the backup: its confirm letter has that number."""
    assert forget_unconfirmed(publication(filled, Path(), CuedRelay()), EIGHT + timedelta(days=8)) == 1
    _, last_ids = dumped(filled)
    assert last_ids["subscribers"] > max(row["id"] for row in rows(filled)["subscribers"])
    for source, target, name in ((filled, sqlite, "once"), (sqlite, filled, "twice")):
        move(source, target)
        with target.write() as tx:
            new = tx.subscribers.add(f"{name}@example.org", f"{name:9>16}", "form", EIGHT)
            assert tx.deliveries.add(f"confirm:{name}", "confirm", new.id, EIGHT)
        assert new.id > last_ids["subscribers"] + GAP
        assert max(row["id"] for row in rows(target)["deliveries"]) > last_ids["deliveries"] + GAP


def test_a_copy_is_of_one_moment(filled: Storage) -> None:
    """What others write while it is taken is in none of its tables."""
    before = rows(filled)
    found = {}
    with filled.snapshot() as tx:
        for number, table in enumerate(tx.copy.tables()):
            found[table] = [json.loads(line) for line in tx.copy.lines(table)]
            with filled.write() as other:
                other.subscribers.add(f"late-{number}@example.org", f"{number:a>16}", "form", EIGHT)
                other.suppressions.add(f"late-{number}@example.org", "bounced", "", EIGHT)
                other.marks.put("restored", str(number))
    assert {table: len(some) for table, some in found.items()} == {table: len(some) for table, some in before.items()}
    assert rows(filled) != before


def test_a_load_that_fails_leaves_everything_as_it_was(filled: Storage) -> None:
    before, (lines, last_ids) = rows(filled), dumped(filled)
    known, late = lines[:-1], (lines[-1][0], [*lines[-1][1], b'{"edition":77,"number":1,"revision":1}'])
    for revision, bad, why in (
        (REVISION, [*known, late], "(?i)foreign key"),
        (REVISION, [*known, ("no_table_of_ours", [b"{}"])], "'no_table_of_ours', which its revision does not know"),
        ("9999", lines, "a newer publisher made this backup"),
    ):
        with pytest.raises(StorageError, match=why), filled.write() as tx:
            tx.copy.load(revision, bad, last_ids)
        assert rows(filled) == before


LATER_STEP = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{REVISION}"


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("flavour", sa.Text(), nullable=False, server_default="plain"))
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO later SELECT count(*) FROM subscribers")
"""


def test_rows_of_an_older_publisher_are_taken_in_and_brought_up_to_date(
    filled: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a later step adds is there, with its defaults, and the step has seen the rows."""
    before, (lines, last_ids) = rows(filled), dumped(filled)
    upgrade = import_module("publisher.storage.upgrade")
    steps = tmp_path / "migrations"
    shutil.copytree(upgrade._MIGRATIONS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "9999_later.py").write_text(LATER_STEP)
    monkeypatch.setattr(upgrade, "_MIGRATIONS", steps)
    with filled.write() as tx:
        tx.copy.load(REVISION, lines, last_ids)
        assert tx._connection.execute(text("SELECT DISTINCT flavour FROM subscribers")).all() == [("plain",)]
        assert tx._connection.execute(text("SELECT id FROM later")).scalar() == len(before["subscribers"])
        assert tx._connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    assert rows(filled) == before


def test_every_kind_of_value_that_a_column_may_hold_comes_back(storage: Storage) -> None:
    """Kinds that no table has yet: bytes, and times in tables whose types are found out from the database."""
    made = MetaData()
    odd = Table("odd", made, Column("bytes", LargeBinary), Column("at", DateTime(timezone=True)))
    line = json.dumps({"bytes": b64encode(b"\0\xff").decode(), "at": "2026-03-01T02:00:00.123456+00:00"}).encode()
    with storage.write() as tx:
        odd.create(tx._connection)
        found = MetaData()
        found.reflect(tx._connection, only=["odd"])
        tx.copy._insert(found, "odd", [line, b'{"bytes":null,"at":null}'])
        (data, at), nothing = tx._connection.execute(odd.select()).all()
        odd.drop(tx._connection)
    assert (data, at.replace(tzinfo=UTC)) == (b"\0\xff", datetime(2026, 3, 1, 2, 0, 0, 123456, tzinfo=UTC))
    assert nothing == (None, None)

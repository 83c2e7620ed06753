"""What the stores promise whatever the engine: leases, conditional moves, numbers without gaps, and tables as written down."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.exc import StatementError

from publisher.actions.compose import compose
from publisher.actions.deliver import drain
from publisher.actions.editions import cancel, overview
from publisher.actions.publication import Publication
from publisher.actions.release import release_due
from publisher.actions.subscribe import add, confirm, find, forget_unconfirmed, leave, sign_up, undo_leave
from publisher.core.errors import Busy, StorageError
from publisher.core.ledger import Delivery
from publisher.core.retry import Outcome
from publisher.storage import Result, Storage, open_storage
from publisher.storage.engine import connect, transaction
from publisher.storage.schema import REVISION, deliveries, metadata, subscribers, suppressions
from publisher.storage.upgrade import migrate
from tests.storage.worlds import START, CuedRelay, counted, library, post, publication, scan

EIGHT = START + timedelta(hours=8)
SENT = Outcome(state="sent")


@pytest.fixture
def relay() -> CuedRelay:
    return CuedRelay()


@pytest.fixture
def site(storage: Storage, tmp_path: Path, relay: CuedRelay) -> Publication:
    """Twenty readers, and a digest of one post in the outbox."""
    found = publication(storage, tmp_path, relay)
    scan(found, library(post(0)), START)
    for number in range(20):
        add(found, f"reader{number}@example.org", f"{number:016x}", START)
    posts = library(post(0), post(1))
    scan(found, posts, START)
    release_due(found, posts.library, EIGHT)
    compose(found, posts.library, EIGHT)
    return found


def claim(storage: Storage, owner: str, limit: int = 5) -> list[Delivery]:
    with storage.write() as tx:
        return tx.deliveries.claim(owner, limit, EIGHT)


def ended(delivery: Delivery, outcome: Outcome, reply: str) -> Result:
    return Result(delivery=delivery, outcome=outcome, reply=reply, relay="mail.example.org:25")


def tally(storage: Storage) -> dict[str, int]:
    with storage.read() as tx:
        return {str(state): count for state, count in tx.deliveries.tally().items()}


def test_the_migrations_make_the_tables_that_are_written_down(database_url: str, tmp_path: Path) -> None:
    engine = connect(database_url, tmp_path)
    with transaction(engine) as connection:
        migrate(connection)
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == REVISION
        migrated = indexes(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        metadata.drop_all(connection)
    engine.dispose()
    open_storage(database_url, tmp_path).close()
    with transaction(engine) as connection:
        assert MigrationContext.configure(connection).get_current_revision() == REVISION
        assert indexes(connection) == migrated
    engine.dispose()


def indexes(connection: Connection) -> list[str]:
    """With their columns and conditions, in words."""
    found = inspect(connection)
    each = [(table, index) for table in metadata.tables for index in found.get_indexes(table)]
    conditions = [[*map(str, index.get("dialect_options", {}).values())] for _, index in each]
    return sorted(
        f"{table}: {index['name']} {index['column_names']} {index['unique']} {condition}"
        for (table, index), condition in zip(each, conditions, strict=True)
    )


def test_a_database_of_a_newer_publisher_is_refused(storage: Storage, database_url: str, tmp_path: Path) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageError, match="newer publisher"):
        open_storage(database_url, tmp_path)


def test_two_processes_may_make_the_tables_at_once(database_url: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_storage(database_url, tmp_path), range(4)))
    for storage in opened:
        with storage.read() as tx:
            assert tx.subscribers.count() == {}
        storage.close()


def test_a_naive_time_is_refused_and_an_aware_one_comes_back_in_utc(storage: Storage) -> None:
    with pytest.raises((StorageError, StatementError), match="naive"), storage.write() as tx:
        tx.suppressions.add("a@example.org", "bounced", "", START.replace(tzinfo=None))
    with storage.write() as tx:
        tx.suppressions.add("a@example.org", "bounced", "", datetime.fromisoformat("2026-03-01T02:00:00.123456+02:00"))
        found = tx.suppressions.find("a@example.org")
    assert found is not None
    assert found.created_at.isoformat() == "2026-03-01T00:00:00.123456+00:00"


def test_a_failed_transaction_leaves_nothing(storage: Storage) -> None:
    def fail() -> None:
        with storage.write() as tx:
            tx.subscribers.add("a@example.org", "0" * 16, "owner", START)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with storage.read() as tx:
        assert tx.subscribers.by_address("a@example.org") is None


def test_two_workers_never_hold_the_same_letter(site: Publication) -> None:
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda n: claim(site.storage, f"host:{n}"), range(4)))
    ids = [delivery.id for found in claims for delivery in found]
    assert len(ids) == len(set(ids)) == 20
    assert claim(site.storage, "host:late") == []


def test_only_the_holder_of_a_lease_moves_a_letter(site: Publication) -> None:
    (delivery,) = claim(site.storage, "host:one", 1)
    with site.storage.write() as tx:
        assert not tx.deliveries.intend([delivery], "host:two", EIGHT)
        assert not tx.deliveries.record([ended(delivery, SENT, "250")], "host:one", "resend", EIGHT)  # no intent yet
        assert tx.deliveries.intend([delivery], "host:one", EIGHT)
        assert not tx.deliveries.intend([delivery], "host:one", EIGHT)
        assert not tx.deliveries.record([ended(delivery, SENT, "250")], "host:two", "resend", EIGHT)
        assert tx.deliveries.record([ended(delivery, SENT, "250")], "host:one", "resend", EIGHT)
        assert not tx.deliveries.record([ended(delivery, SENT, "250")], "host:one", "resend", EIGHT)
    assert tally(site.storage) == {"pending": 19, "sent": 1}


def test_many_answers_are_written_at_once_but_for_those_whose_lease_was_lost(site: Publication) -> None:
    batch = claim(site.storage, "host:one", 5)
    lost, *rest = batch
    with site.storage.write() as tx:
        assert tx.deliveries.intend(batch, "host:one", EIGHT) == {delivery.id for delivery in batch}
        stolen = deliveries.update().where(deliveries.c.id == lost.id).values(lease_owner="host:two")
        tx._connection.execute(stolen)
        results = [ended(delivery, SENT, f"250 {delivery.id}") for delivery in batch]
        assert tx.deliveries.record(results, "host:one", "resend", EIGHT) == {delivery.id for delivery in rest}
        rows = tx._connection.execute(
            select(deliveries.c.id, deliveries.c.last_reply).where(deliveries.c.state == "sent")
        )
        assert dict(rows.all()) == {delivery.id: f"250 {delivery.id}" for delivery in rest}
    assert tally(site.storage) == {"pending": 15, "sending": 1, "sent": 4}


def test_a_letter_that_is_put_off_is_free_again_but_not_before(site: Publication) -> None:
    one, *_ = claim(site.storage, "host:one", 20)
    later = EIGHT + timedelta(minutes=5)
    with site.storage.write() as tx:
        tx.deliveries.put_off({one.id: later}, "host:two")  # not its own
        tx.deliveries.put_off({one.id: later}, "host:one")
        assert tx.deliveries.claim("host:two", 20, EIGHT) == []
        (again,) = tx.deliveries.claim("host:two", 20, later)
    assert (again.id, again.attempts) == (one.id, 0)


def test_who_left_after_the_claim_is_not_written_to(site: Publication) -> None:
    (delivery,) = claim(site.storage, "host:one", 1)
    leave(site, find(site, delivery.address), EIGHT)
    with site.storage.write() as tx:
        assert not tx.deliveries.intend([delivery], "host:one", EIGHT)


@pytest.mark.parametrize(("policy", "state"), [("resend", "pending"), ("leave", "uncertain")])
def test_what_a_dead_worker_held_is_taken_over_and_only_the_begun_letter_is_in_doubt(
    site: Publication, policy: str, state: str
) -> None:
    first, *_ = claim(site.storage, "host:dead", 3)
    with site.storage.write() as tx:
        assert tx.deliveries.intend([first], "host:dead", EIGHT)
        assert tx.deliveries.recover([], policy=policy, now=EIGHT) == 0
        assert tx.deliveries.recover(["host:dead"], policy=policy, now=EIGHT) == 1
        assert tx.deliveries.owners() == []
    expected = {"pending": 20} if state == "pending" else {"pending": 19, "uncertain": 1}
    assert tally(site.storage) == expected


def test_a_sender_that_is_known_to_live_keeps_what_it_held_too_long(site: Publication) -> None:
    claim(site.storage, "host:slow", 3)
    with site.storage.write() as tx:
        tx._connection.execute(deliveries.update().where(deliveries.c.lease_owner.is_not(None)).values(lease_until=1))
        tx.deliveries.recover([], ["host:slow"], policy="resend", now=EIGHT)
        assert tx.deliveries.owners() == ["host:slow"]
        tx.deliveries.recover([], [], policy="resend", now=EIGHT)
        assert tx.deliveries.owners() == []


def test_a_letter_that_kills_its_sender_again_and_again_comes_later_and_later_and_at_last_no_more(
    site: Publication,
) -> None:
    now, waits = EIGHT, []
    for _ in range(5):
        with site.storage.write() as tx:
            (delivery, *_) = tx.deliveries.claim("host:dead", 1, now)
            assert delivery.id == 1
            assert tx.deliveries.intend([delivery], "host:dead", now) == {1}
            assert tx.deliveries.recover(["host:dead"], policy="resend", now=now) == 1
            query = select(deliveries.c.state, deliveries.c.next_attempt_at).where(deliveries.c.id == 1)
            state, at = tx._connection.execute(query).one()
            tx._connection.execute(
                deliveries.update().where(deliveries.c.id > 1).values(next_attempt_at=EIGHT + timedelta(days=9))
            )
        waits.append(at - now)
        now = at
    assert waits[:4] == [timedelta(0), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)]
    assert state == "uncertain"


def test_what_is_held_after_the_claim_does_not_leave(site: Publication) -> None:
    (delivery,) = claim(site.storage, "host:one", 1)
    with site.storage.write() as tx:
        assert tx.editions.hold_all("restored") == 1
        assert tx.deliveries.intend([delivery], "host:one", EIGHT) == set()


def test_a_driver_that_fails_in_a_prepared_statement_is_told_as_ours(site: Publication) -> None:
    (delivery,) = claim(site.storage, "host:one", 1)

    def fail() -> None:
        with site.storage.write() as tx:
            tx._connection.execute(text("DROP TABLE suppressions"))
            tx.deliveries.intend([delivery], "host:one", EIGHT)

    with pytest.raises(StorageError, match="suppressions"):
        fail()


def test_a_lease_that_ran_out_is_taken_over_and_a_renewed_one_is_not(site: Publication) -> None:
    claim(site.storage, "host:slow", 3)
    claim(site.storage, "host:alive", 3)
    with site.storage.write() as tx:
        tx._connection.execute(deliveries.update().where(deliveries.c.lease_owner.is_not(None)).values(lease_until=1))
        assert tx.deliveries.renew("host:alive") == 3
        tx.deliveries.recover([], policy="resend", now=EIGHT)
        assert tx.deliveries.owners() == ["host:alive"]
        assert tx.deliveries.renew("host:slow") == 0


def test_cancelling_leaves_the_letter_on_the_wire_alone(site: Publication) -> None:
    first, *_ = claim(site.storage, "host:one", 3)
    with site.storage.write() as tx:
        assert tx.deliveries.intend([first], "host:one", EIGHT)
    assert cancel(site, 1, is_owed_again=True, now=EIGHT) == 19
    busy = Outcome(state="deferred", next_attempt_at=EIGHT)
    with site.storage.write() as tx:
        assert tx.deliveries.record([ended(first, busy, "451")], "host:one", "resend", EIGHT)
    assert overview(site)[0].edition.state == "frozen"
    assert cancel(site, 1, is_owed_again=True, now=EIGHT) == 1
    assert overview(site)[0].edition.state == "cancelled"


def test_letters_that_somebody_waits_for_go_before_a_digest(site: Publication) -> None:
    sign_up(site, "new@example.org", "f" * 16, EIGHT)
    assert [delivery.kind for delivery in claim(site.storage, "host:one", 2)] == ["confirm", "digest"]


def test_two_composers_and_four_senders_at_once_make_and_send_each_letter_once(
    site: Publication, relay: CuedRelay
) -> None:
    posts = library(post(0), post(1), post(2))
    drain(site, lambda: EIGHT, threading.Event())
    scan(site, posts, EIGHT)
    later = EIGHT + timedelta(days=1)
    release_due(site, posts.library, later)

    def work(number: int) -> None:
        try:
            if number < 2:
                compose(site, posts.library, later)
            drain(site, lambda: later, threading.Event())
        except Busy:
            pass

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    drain(site, lambda: later, threading.Event())
    assert counted(relay.arrived) == {"Headline-1": 20, "Headline-2": 20}
    assert tally(site.storage) == {"sent": 40}


def test_numbers_are_given_once_each_without_a_gap_whoever_asks(site: Publication) -> None:
    posts = library(*(post(number) for number in range(30)))
    scan(site, posts, START)

    def release(_: int) -> list[int]:
        try:
            return [found.number for found in release_due(site, posts.library, EIGHT)]
        except Busy:
            return []

    with ThreadPoolExecutor(4) as pool:
        given = [number for found in pool.map(release, range(4)) for number in found]
    assert sorted(given) == list(range(2, 30))


def test_the_same_address_joining_leaving_and_returning_from_many_sides_ends_in_one_state(site: Publication) -> None:
    def work(number: int) -> None:
        sign_up(site, "Busy@example.org" if number % 2 else "busy@example.org", f"a{number:015x}", EIGHT)
        reader = find(site, "busy@example.org")
        if number % 3 == 0:
            confirm(site, reader, EIGHT)
        elif number % 3 == 1:
            leave(site, reader, EIGHT)
        else:
            undo_leave(site, reader, EIGHT)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(48)))
    with site.storage.read() as tx:
        rows = tx._connection.execute(subscribers.select().where(subscribers.c.address_key == "busy@example.org")).all()
        letters = tx._connection.execute(deliveries.select().where(deliveries.c.subscriber == rows[0].id)).all()
    assert len(rows) == 1
    assert rows[0].standing in ("active", "gone")
    assert len(letters) == 1


def test_who_never_confirms_is_forgotten_and_their_letter_is_not_sent(site: Publication, relay: CuedRelay) -> None:
    sign_up(site, "shy@example.org", "e" * 16, EIGHT)
    assert forget_unconfirmed(site, EIGHT + timedelta(days=6)) == 0
    assert forget_unconfirmed(site, EIGHT + timedelta(days=8)) == 1
    drain(site, lambda: EIGHT + timedelta(days=8), threading.Event())
    assert relay.letters("shy@example.org") == []
    assert tally(site.storage) == {"sent": 20, "skipped": 1}


def test_a_suppression_outlives_its_subscriber_and_keeps_the_first_reason(storage: Storage) -> None:
    with storage.write() as tx:
        tx.suppressions.add("Gone@example.org", "bounced", "first", START)
        tx.suppressions.add("gone@EXAMPLE.org", "complained", "second", EIGHT)
        rows = tx._connection.execute(suppressions.select()).all()
    assert [(row.address_key, row.reason, row.detail) for row in rows] == [("gone@example.org", "bounced", "first")]


def test_sqlite_puts_each_commit_on_the_disk_and_lets_readers_read(tmp_path: Path) -> None:
    storage = open_storage("sqlite:///publisher.db", tmp_path)
    with storage.write() as writing:
        writing.subscribers.add("a@example.org", "0" * 16, "owner", START)
        pragmas: Callable[[str], object] = lambda name: writing._connection.execute(text(f"PRAGMA {name}")).scalar()  # noqa: E731
        assert (pragmas("journal_mode"), pragmas("synchronous"), pragmas("foreign_keys")) == ("wal", 2, 1)
        with storage.read() as reading:
            assert reading.subscribers.by_address("a@example.org") is None
    storage.close()

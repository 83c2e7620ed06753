"""Several `publisher worker`, on one machine or on several: they share what is to be sent, and none is missed when one dies.

Real processes and a real PostgreSQL. Two folders of one site on one database are what two machines are.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from publisher.actions.subscribe import sign_up
from publisher.actions.tick import tick
from publisher.app import open_app
from publisher.core.errors import StorageError
from publisher.storage.deliveries import LEASE_SECONDS
from publisher.storage.queue import LOOK_SECONDS
from tests.processes import Running, Site
from tests.servers.loopback import wait_until
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import SmtpProcess
from tests.test_kills import DUE, copied, crowd, doubts, prepare, states

MANY = 2000


@pytest.fixture(scope="module")
def prepared(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A site with one reader and one post that is due on the next day, and its database. Copy both."""
    url = postgresql.create_database()
    return prepare(tmp_path_factory.mktemp("prepared") / "site", DATABASE_URL=url).folder, url


@pytest.fixture
def site(postgresql: PostgreSQL, prepared: tuple[Path, str], tmp_path: Path) -> Site:
    folder, url = prepared
    site, copy = copied(folder, tmp_path / "site"), f"{url}_of_{tmp_path.name}"
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as server:
        names = [sql.Identifier(each.rpartition("/")[2]) for each in (copy, url)]
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    site.set(DATABASE_URL=copy)
    return site


def elsewhere(site: Site) -> Site:
    """The same site on another machine."""
    other = copied(site.folder, site.folder.with_name("elsewhere"))
    (other.folder / "var" / "sender-id").unlink(missing_ok=True)
    return other


@contextmanager
def at_work(*sites: Site) -> Iterator[list[Running]]:
    """A worker for each, ready to be woken."""
    with ExitStack() as stack:
        workers = [stack.enter_context(site.started("worker", now=DUE)) for site in sites]
        wait_until(lambda: sites[0].rows(LISTENING) == [(len(sites),)], "that they listen")
        yield workers


LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"


def freeze(site: Site) -> None:
    """As a tick does on a machine that sends nothing."""
    with closing(open_app(site.folder, now=DUE, environment={})) as app:
        assert tick(app.publication, DUE).composed


def sent_by(worker: Running) -> int:
    return sum(int(event.get("sent", 0)) for event in worker.events("letters.done"))


def test_two_share_an_edition_and_each_letter_leaves_once(site: Site) -> None:
    readers = crowd(site, MANY)
    with SmtpProcess() as server:
        site.set(SMTP_PORT=server.port)
        with at_work(site, elsewhere(site)) as workers:
            freeze(site)
            begin = time.monotonic()
            server.wait_for(1, seconds=LOOK_SECONDS / 4)  # woken, not found by a look
            wait_until(lambda: states(site) == {"sent": MANY}, "all letters", seconds=60)
            print(f"{MANY} letters in {time.monotonic() - begin:.1f} s")
            assert [worker.stop() for worker in workers] == [0, 0]
        assert Counter(letter["rcpt_to"][0] for letter in server.letters()) == Counter(readers)
    shares = [sent_by(worker) for worker in workers]
    print(f"shares: {shares}")
    assert sum(shares) == MANY
    assert all(0.3 <= share / MANY <= 0.7 for share in shares), shares
    assert site.rows("SELECT state FROM editions") == [("sent",)]
    assert doubts(site) == 0
    assert [worker.events("worker.stopped") != [] for worker in workers] == [True, True]
    assert site.rows("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'send'") == [(0,)]


def test_when_one_is_killed_the_other_sends_what_it_held(site: Site) -> None:
    """On another machine, where only the lease tells that it is dead."""
    readers = crowd(site, MANY)
    with SmtpProcess(delay_seconds=0.005) as server:
        site.set(SMTP_PORT=server.port)
        with at_work(site, elsewhere(site)) as (victim, other):
            freeze(site)
            server.wait_for(MANY // 4)
            victim.kill()
            begin = time.monotonic()
            wait_until(lambda: states(site) == {"sent": MANY}, "all letters", seconds=LEASE_SECONDS + LOOK_SECONDS + 10)
            print(f"all sent {time.monotonic() - begin:.1f} s after the kill")
            assert other.stop() == 0
        had = Counter(letter["rcpt_to"][0] for letter in server.letters())
    assert set(had) == readers
    connections = 1
    print(f"repeats {had.total() - MANY}, doubts {doubts(site)}")
    assert had.total() - MANY <= doubts(site) <= connections


def test_letters_of_a_dead_one_on_this_machine_leave_at_the_next_look(site: Site) -> None:
    readers = crowd(site, 1200)
    with SmtpProcess(delay_seconds=0.005) as server:
        site.set(SMTP_PORT=server.port)
        with at_work(site, site) as (victim, other):
            freeze(site)
            server.wait_for(100)
            victim.kill()
            wait_until(lambda: states(site) == {"sent": len(readers)}, "all letters", seconds=LEASE_SECONDS)
            assert other.stop() == 0
        had = Counter(letter["rcpt_to"][0] for letter in server.letters())
    assert set(had) == readers
    assert had.total() - len(readers) <= doubts(site) <= 1


@pytest.mark.needs("postgresql")
def test_a_database_that_restarts_under_load_loses_nothing(tmp_path: Path) -> None:
    with PostgreSQL() as database, SmtpProcess(delay_seconds=0.005) as server:
        site = prepare(tmp_path / "site", DATABASE_URL=database.create_database())
        readers = crowd(site, MANY)
        site.set(SMTP_PORT=server.port)
        with at_work(site, elsewhere(site)) as workers:
            freeze(site)
            server.wait_for(MANY // 4)
            database.restart(crash=True)
            begin = time.monotonic()
            wait_until(lambda: states(site) == {"sent": MANY}, "all letters", seconds=LEASE_SECONDS + LOOK_SECONDS + 30)
            print(f"all sent {time.monotonic() - begin:.1f} s after the restart")
            assert [worker.runs() for worker in workers] == [True, True]
            assert [worker.stop() for worker in workers] == [0, 0]
        had = Counter(letter["rcpt_to"][0] for letter in server.letters())
        assert set(had) == readers
        print(f"repeats {had.total() - MANY}, doubts {doubts(site)}")
        assert had.total() - MANY <= doubts(site)


def test_an_edition_that_is_rolled_back_wakes_nobody(site: Site) -> None:
    """The database refuses at the very end, at the commit."""
    crowd(site, 1001)
    site.change("SELECT procrastinate_register_worker_v1()")
    site.change("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$")
    site.change(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON editions DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    queued = "SELECT queueing_lock FROM procrastinate_jobs ORDER BY id"
    with pytest.raises(StorageError):
        freeze(site)
    assert site.rows(queued) == []
    site.change("DROP TRIGGER refuse ON editions")
    freeze(site)
    assert site.rows(queued) == [("edition:1:1",), ("edition:1:2",)]


def test_a_sign_up_wakes_one(site: Site) -> None:
    with SmtpProcess() as server:
        site.set(SMTP_PORT=server.port)
        with at_work(site):
            for address, handle in (("ann@kills.test", "a" * 16), ("ben@kills.test", "b" * 16)):
                before = len(server.letters())
                with closing(open_app(site.folder, now=DUE, environment={})) as app:
                    sign_up(app.publication, address, handle, DUE)
                server.wait_for(before + 1, seconds=LOOK_SECONDS / 4)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return prepare(tmp_path / "site") if request.param == "sqlite" else request.getfixturevalue("site")


def test_two_on_one_machine_send_everything_once_and_what_comes_later_too(any_site: Site) -> None:
    readers = crowd(any_site, 300)
    with SmtpProcess() as server:
        any_site.set(SMTP_PORT=server.port)
        with (
            any_site.started("worker", now=DUE) as one,
            any_site.started("worker", "--concurrency", "2", now=DUE) as two,
        ):
            for worker in (one, two):
                worker.wait_for_event("worker.started")
            freeze(any_site)
            wait_until(lambda: states(any_site) == {"sent": len(readers)}, "all letters")
            assert (one.stop(), two.stop()) == (0, 0)
        assert Counter(letter["rcpt_to"][0] for letter in server.letters()) == Counter(readers)
    assert doubts(any_site) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_the_letter_at_hand_and_gives_the_others_back(any_site: Site, how: signal.Signals) -> None:
    readers = crowd(any_site, 60)
    with SmtpProcess(delay_seconds=0.05) as server:
        any_site.set(SMTP_PORT=server.port)
        freeze(any_site)
        with any_site.started("worker", now=DUE) as worker:
            server.wait_for(5, seconds=LOOK_SECONDS * 1.5)
            begin = time.monotonic()
            assert worker.stop(how) == 0
            assert time.monotonic() - begin < 5
        left = len(readers) - len(server.letters())
        assert 0 < left <= len(readers) - 5
    assert states(any_site) == {"sent": len(readers) - left, "pending": left}
    assert any_site.rows("SELECT count(*) FROM deliveries WHERE lease_owner IS NOT NULL") == [(0,)]
    assert doubts(any_site) == 0


def test_without_a_mail_server_it_says_so(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    assert site.run("init").code == 0
    done = site.run("worker")
    assert done.code == 1
    assert "PUBLISHER_SMTP_HOST" in done.err

"""What becomes of the mail where the ground gives way: a disk that is full, a database that is read-only, locked or gone.

Whatever it is, the command says so and ends as it should, nobody is left out, and nothing comes twice but the letters of which
nobody knows.
"""

import itertools
import shutil
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.processes import Ran, Site
from tests.servers.loopback import HOST
from tests.servers.packages import is_root
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import Cue, ScriptedSmtp, SmtpProcess, Stage, Stall
from tests.site import python_m_publisher
from tests.test_kills import DUE, copied, crowd, doubts, prepare, states

SIZE, CONNECTIONS = 60, 3
LOCKED_SECONDS = 15


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one reader and one post that is due on the next day. Copy it."""
    return prepare(tmp_path_factory.mktemp("prepared") / "site", SMTP_CONNECTIONS=str(CONNECTIONS)).folder


def frozen(site: Site, size: int = SIZE) -> set[str]:
    """So many letters lie in the outbox; nobody listened yet. Returns the readers."""
    readers = crowd(site, size)
    assert site.run("tick", now=DUE).code == 1
    assert states(site) == {"pending": size}
    return readers


def is_told(done: Ran, code: int, *words: str) -> None:
    """In lines of its own among the events, without a traceback."""
    assert done.code == code, done
    assert "Traceback" not in done.err
    assert [word for word in words if word not in done.err] == [], done.err


def all_have_it(site: Site, server: SmtpProcess, readers: set[str]) -> None:
    had = Counter(letter["rcpt_to"][0] for letter in server.letters())
    assert set(had) == readers
    assert had.total() - len(readers) <= doubts(site) <= CONNECTIONS
    assert states(site) == {"sent": len(readers)}
    assert len({letter["message_id"] for letter in server.letters()}) == len(readers)


def send_until(site: Site, server: SmtpProcess, count: int, then: Callable[[], None]) -> Ran:
    """`publisher send`, to whom something happens after so many letters."""
    site.set(SMTP_PORT=server.port)
    with site.started("send", now=DUE + timedelta(minutes=10)) as sender:
        server.wait_for(count)
        then()
        code = sender.wait()
        return Ran(code, "", sender.log)


def send_the_rest(site: Site) -> None:
    done = site.run("send", now=DUE + timedelta(minutes=20))
    assert done.code == 0, done


# -- a full disk


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """Puts a folder on a disk of its own; what fills it but for so many bytes, and what makes room again."""
    aside = folder.rename(folder.with_name("aside"))
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder], check=True, capture_output=True)

    def fill(left_bytes: int) -> None:
        with suppress(OSError):  # others write there too
            (folder / "filler").write_bytes(bytes(shutil.disk_usage(folder).free - left_bytes))

    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield fill, (folder / "filler").unlink
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


needs_a_disk = pytest.mark.skipif(not is_root(), reason="only root mounts a disk")


@needs_a_disk
def test_a_disk_that_fills_up_while_letters_leave_is_told_and_the_rest_leaves_later(
    prepared: Path, tmp_path: Path
) -> None:
    site = copied(prepared, tmp_path / "site")
    readers = frozen(site)
    with small_disk(site.folder / "var") as (fill, make_room), SmtpProcess(delay_seconds=0.05) as server:
        is_told(send_until(site, server, 10, lambda: fill(0)), 1, "publisher.db: ", "disk", "full")
        assert len(server.letters()) < SIZE
        make_room()
        send_the_rest(site)
        all_have_it(site, server, readers)


@needs_a_disk
def test_a_disk_that_is_too_small_for_an_edition_is_told_and_nothing_of_it_is_there(
    prepared: Path, tmp_path: Path
) -> None:
    size = 3000
    site = copied(prepared, tmp_path / "site")
    readers = crowd(site, size)
    with small_disk(site.folder / "var") as (fill, make_room), SmtpProcess() as server:
        site.set(SMTP_PORT=server.port)
        fill(600_000)
        is_told(site.run("tick", now=DUE), 1, "database or disk is full", "make room on the disk, nothing was lost")
        make_room()
        assert (states(site), server.letters()) == ({}, [])
        assert site.ask("tick", now=DUE)["letters"] == {"sent": size}
        all_have_it(site, server, readers)


# -- a database that can't be written to


def test_a_database_that_is_read_only_lets_no_letter_out(prepared: Path, tmp_path: Path) -> None:
    site = copied(prepared, tmp_path / "site")
    readers = frozen(site)
    with SmtpProcess() as server:
        site.set(SMTP_PORT=server.port)
        (site.folder / "var" / "publisher.db").chmod(0o444)
        (site.folder / "var").chmod(0o555)
        now = (DUE + timedelta(minutes=10)).isoformat()
        done = python_m_publisher("send", "--now", now, cwd=site.folder, is_plain_user=True)
        (site.folder / "var").chmod(0o755)
        (site.folder / "var" / "publisher.db").chmod(0o644)
        is_told(Ran(done.code, done.out, done.err), 1, "wanted is a file", "you may write to")
        assert server.letters() == []
        send_the_rest(site)
        all_have_it(site, server, readers)


def test_a_database_that_others_hold_for_long_leaves_no_letter_in_doubt(prepared: Path, tmp_path: Path) -> None:
    """One letter is on the wire when it begins; the other lines open meanwhile."""
    site = copied(prepared, tmp_path / "site")
    readers = frozen(site, 8)
    first, lines = threading.Lock(), itertools.count()
    with closing(sqlite3.connect(site.folder / "var" / "publisher.db", check_same_thread=False)) as holder:
        holder.isolation_level = None

        def hold_it(stage: Stage, _: str) -> Cue:
            if stage == "dot" and first.acquire(blocking=False):
                holder.execute("BEGIN IMMEDIATE")
                threading.Timer(LOCKED_SECONDS, holder.execute, ["ROLLBACK"]).start()
                return Stall(seconds=LOCKED_SECONDS - 2)
            return Stall(seconds=2) if stage == "ehlo" and next(lines) else None

        with ScriptedSmtp(hold_it) as server:
            site.set(SMTP_PORT=server.port)
            done = site.ask("send", now=DUE + timedelta(minutes=10))
            assert done["letters"] == {"sent": 8}
            assert done["in_doubt"] == 0
            assert Counter(letter.rcpt_to[0] for letter in server.letters) == Counter(readers)
    assert (states(site), doubts(site)) == ({"sent": 8}, 0)


# -- a database that is gone


@pytest.fixture(scope="module")
def server_of_its_own() -> Iterator[PostgreSQL]:
    """Nobody else's letters are in it: it may be stopped."""
    with PostgreSQL(durable=False) as server:
        yield server


@pytest.fixture
def there(server_of_its_own: PostgreSQL, tmp_path: Path) -> Site:
    url = server_of_its_own.create_database()
    return prepare(tmp_path / "site", DATABASE_URL=url, SMTP_CONNECTIONS=str(CONNECTIONS))


@pytest.mark.needs("postgresql")
def test_a_postgresql_that_is_restarted_is_waited_for(there: Site, server_of_its_own: PostgreSQL) -> None:
    readers = frozen(there)
    with SmtpProcess(delay_seconds=0.05) as server:
        done = send_until(there, server, 10, server_of_its_own.restart)
        assert done.code == 0, done
        send_the_rest(there)
        all_have_it(there, server, readers)


@pytest.mark.needs("postgresql")
def test_a_postgresql_that_goes_away_is_told_and_a_second_run_finishes(
    there: Site, server_of_its_own: PostgreSQL
) -> None:
    readers = frozen(there)
    with SmtpProcess(delay_seconds=0.05) as server:
        is_told(send_until(there, server, 10, server_of_its_own.stop), 1, f"the database on {HOST}", "refused")
        is_told(there.run("send", now=DUE + timedelta(minutes=11)), 1, f"the database on {HOST}", "refused")
        assert len(server.letters()) < SIZE
        server_of_its_own.start()
        send_the_rest(there)
        all_have_it(there, server, readers)

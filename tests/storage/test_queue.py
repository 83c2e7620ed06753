"""procrastinate's tables in our database, and what its jobs do and do not."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
import pytest

from publisher.core.errors import Busy, StorageError
from publisher.storage import Storage, open_storage
from publisher.storage.queue import LETTERS_PER_JOB
from tests.servers.loopback import wait_until
from tests.servers.postgresql import PostgreSQL

SQL = Path(procrastinate.__file__).parent / "sql"
RETRY = "SELECT to_regproc('procrastinate_retry_job_v2')::text"


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.create_database()


@pytest.fixture
def queue(url: str, tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage(url, tmp_path)
    yield opened
    opened.close()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as server:
        found = server.execute(query.encode())
        return found.fetchall() if found.description else []


def wake(storage: Storage, name: str, letters: int) -> None:
    with storage.write() as tx:
        tx.queue.wake(name, letters)


@contextmanager
def attended(storage: Storage) -> Iterator[list[str]]:
    """Somebody who comes for jobs; what they were called for."""
    calls: list[str] = []
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(
            storage.attend, lambda: calls.append("send"), lambda: calls.append("look"), stop, concurrency=1
        )
        try:
            yield calls
        finally:
            stop.set()
        work.result(30)


def test_several_that_open_a_new_database_at_once_make_the_tables_once(url: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for opened in pool.map(lambda _: open_storage(url, tmp_path), range(4)):
            opened.close()
    assert rows(url, RETRY) == [("procrastinate_retry_job_v2",)]


def test_a_database_from_before_gets_the_tables(queue: Storage, url: str, tmp_path: Path) -> None:
    """As one does that was made without procrastinate."""
    rows(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE mine (id int)")
    open_storage(url, tmp_path).close()
    assert rows(url, RETRY) == [("procrastinate_retry_job_v2",)]
    with queue.read() as tx:
        assert tx.queue.is_there()


def test_tables_of_an_older_procrastinate_are_brought_up(url: str, tmp_path: Path) -> None:
    steps = [step for step in sorted((SQL / "migrations").glob("*.sql")) if step.stem < "03.03"]
    for step in steps:
        rows(url, step.read_text())
    assert rows(url, RETRY) == [(None,)]
    rows(url, f"COMMENT ON TABLE procrastinate_jobs IS '{steps[-1].stem}'")
    open_storage(url, tmp_path).close()
    assert rows(url, RETRY) == [("procrastinate_retry_job_v2",)]


def test_tables_of_somebody_else_are_left_alone(url: str, tmp_path: Path) -> None:
    rows(url, (SQL / "schema.sql").read_text())
    open_storage(url, tmp_path).close()
    assert rows(url, "SELECT obj_description('procrastinate_jobs'::regclass, 'pg_class')") == [(None,)]


def test_a_job_for_each_so_many_letters_and_once_for_a_name(queue: Storage, url: str) -> None:
    rows(url, "SELECT procrastinate_register_worker_v1()")
    for letters in (1, LETTERS_PER_JOB, LETTERS_PER_JOB + 1):
        wake(queue, f"edition:{letters}", letters)
        wake(queue, f"edition:{letters}", letters)
    wake(queue, "due", 0)
    expected = ["edition:1000:1", "edition:1001:1", "edition:1001:2", "edition:1:1"]
    assert sorted(name for (name,) in rows(url, "SELECT queueing_lock FROM procrastinate_jobs")) == expected


def test_a_conflict_leaves_the_rest_of_the_transaction_whole(queue: Storage, url: str) -> None:
    rows(url, "SELECT procrastinate_register_worker_v1()")
    wake(queue, "letter", 1)
    with queue.write() as tx:
        tx.marks.put("restored", "yes")
        tx.queue.wake("letter", 1)
        tx.marks.put("slots", "daily")
    with queue.read() as tx:
        assert (tx.marks.get("restored"), tx.marks.get("slots")) == ("yes", "daily")


def wake_in_vain(storage: Storage) -> None:
    with storage.write() as tx:
        tx.queue.wake("letter", 1)
        raise Busy("the transaction fails")


def test_what_is_rolled_back_wakes_nobody(queue: Storage, url: str) -> None:
    rows(url, "SELECT procrastinate_register_worker_v1()")
    with pytest.raises(Busy):
        wake_in_vain(queue)
    assert rows(url, "SELECT id FROM procrastinate_jobs") == []


def test_where_no_worker_lives_no_jobs_pile_up(queue: Storage, url: str) -> None:
    wake(queue, "letter", 1)
    rows(url, "SELECT procrastinate_register_worker_v1()")
    rows(url, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'")
    wake(queue, "letter", 1)
    assert rows(url, "SELECT id FROM procrastinate_jobs") == []


def test_sqlite_has_no_queue(tmp_path: Path) -> None:
    opened = open_storage("sqlite:///publisher.db", tmp_path)
    with opened.write() as tx:
        assert not tx.queue.is_there()
        tx.queue.wake("letter", 1)
    opened.close()


def test_who_attends_is_called_at_once_and_leaves_nothing_behind(queue: Storage, url: str) -> None:
    with attended(queue) as calls:
        wait_until(lambda: "look" in calls, "a look at the start", seconds=30)
        wake(queue, "letter", 1)
        wait_until(lambda: "send" in calls, "the job", seconds=4)
    assert rows(url, "SELECT id FROM procrastinate_jobs WHERE task_name = 'send'") == []
    assert rows(url, "SELECT id FROM procrastinate_workers") == []


@pytest.mark.parametrize("is_queued_again", [False, True])
def test_the_jobs_of_a_dead_worker_are_rescued(queue: Storage, url: str, is_queued_again: bool) -> None:
    rows(url, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')")
    values = "'publisher', 'send', 'letter:1'"
    names = "queue_name, task_name, queueing_lock, status"
    rows(
        url,
        f"INSERT INTO procrastinate_jobs ({names}, worker_id) SELECT {values}, 'doing', id FROM procrastinate_workers",
    )
    if is_queued_again:
        rows(url, f"INSERT INTO procrastinate_jobs ({names}) VALUES ({values}, 'todo')")
    with attended(queue) as calls:
        wait_until(
            lambda: rows(url, "SELECT id FROM procrastinate_jobs WHERE task_name = 'send'") == [], "that it is done"
        )
    assert "send" in calls


def test_a_queue_that_breaks_is_an_error_to_try_again_after(queue: Storage, url: str) -> None:
    rows(url, "DROP TABLE procrastinate_workers CASCADE")
    with pytest.raises(StorageError, match=r"the queue is out of reach: .*procrastinate_workers"):
        queue.attend(lambda: None, lambda: None, threading.Event(), concurrency=1)

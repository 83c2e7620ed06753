"""Work in several processes: the same results in the same order, the same errors, and nobody left behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.core.errors import TemplateBroken
from publisher.crew import cores, spread
from tests.disk.folders import python
from tests.servers.loopback import wait_until


def add(context: int, job: int) -> tuple[int, int]:
    time.sleep((job % 3) / 100)  # so that they end in another order than they began
    return context + job, os.getpid()


def fail(context: str, job: int) -> int:
    if job == 3:
        raise ValueError(context, job)
    return job


def break_template(context: str, job: int) -> int:
    raise TemplateBroken("templates/post.html", job, context)


@pytest.fixture
def other_thread() -> Iterator[None]:
    """Somebody else is at work in this process, as in `serve`."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize("workers", [0, 1, 2, 3, 50])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    found = list(spread(add, 100, range(20), workers=workers))
    assert [number for number, _ in found] == list(range(100, 120))
    pids = {pid for _, pid in found}
    assert (pids == {os.getpid()}) == (workers < 2)
    assert len(pids) <= max(workers, 1)


@pytest.mark.parametrize("jobs", [[], [7]])
def test_for_one_job_or_none_no_process_is_started(jobs: list[int]) -> None:
    assert list(spread(add, 1, jobs, workers=4)) == [(job + 1, os.getpid()) for job in jobs]


def test_beside_other_threads_the_results_are_the_same(other_thread: None) -> None:
    found = list(spread(add, 100, range(4), workers=2))
    assert [number for number, _ in found] == [100, 101, 102, 103]
    assert os.getpid() not in {pid for _, pid in found}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_travels_as_it_is(workers: int) -> None:
    found = spread(fail, "words", range(6), workers=workers)
    seen = [next(found) for _ in range(3)]
    with pytest.raises(ValueError, match="words") as told:
        list(found)
    assert seen == [0, 1, 2]
    assert told.value.args == ("words", 3)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_broken_template_travels_with_its_line(workers: int) -> None:
    with pytest.raises(TemplateBroken) as told:
        list(spread(break_template, "no such name", [7, 8], workers=workers))
    assert (told.value.file, told.value.line, told.value.what) == ("templates/post.html", 7, "no such name")
    assert str(told.value) == "templates/post.html:7: no such name"


PARENT = """
import sys
from publisher.crew import spread
from tests.test_crew import note_and_wait
if __name__ == "__main__":
    list(spread(note_and_wait, sys.argv[1], range(8), workers=2))
"""


def note_and_wait(folder: str, job: int) -> None:
    Path(folder, str(os.getpid())).touch()
    threading.Event().wait(60)


def is_alive(pid: int) -> bool:
    """A process that nobody has buried yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_processes_end_when_the_one_that_wants_their_work_is_killed(tmp_path: Path) -> None:
    parent = python(PARENT, tmp_path)
    try:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2 or parent.poll() is not None, "two processes at work")
        workers = [int(path.name) for path in tmp_path.iterdir()]
        assert all(map(is_alive, workers))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    assert len(workers) == 2
    wait_until(lambda: not any(map(is_alive, workers)), "both end")


def test_there_is_a_core_at_least_and_never_more_than_one_may_use() -> None:
    assert 1 <= cores() <= 8
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            assert cores() == 1
        finally:
            os.sched_setaffinity(0, before)

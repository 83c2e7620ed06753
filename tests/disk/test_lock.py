"""Locks that one process holds at a time, and that end with it."""

import subprocess
import time
from pathlib import Path

import pytest

from publisher.core.errors import Busy
from publisher.disk.lock import Lock, locked
from tests.disk.folders import end, python

HOLDER = """
import sys
from pathlib import Path
from publisher.disk.lock import Lock
lock = Lock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


def held_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = python(HOLDER, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_a_lock_is_one_processes_at_a_time(tmp_path: Path) -> None:
    path, lock = tmp_path / "var" / "lock", Lock(tmp_path / "var" / "lock")
    assert not lock.is_held()
    other = held_elsewhere(path)
    assert other.stdin is not None
    assert other.stdout is not None
    assert lock.is_held()
    assert not lock.acquire()
    other.stdin.write("\n")
    other.stdin.flush()
    assert other.stdout.readline() == "released\n"
    assert not lock.is_held()
    assert lock.acquire()
    assert lock.is_held()
    assert not Lock(path).acquire()
    lock.release()
    lock.release()
    assert not lock.is_held()
    end(other)


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = held_elsewhere(path)
    assert not Lock(path).acquire()
    end(other)
    lock = Lock(path)
    assert lock.acquire(patience_seconds=5)
    lock.release()


def test_who_is_patient_gets_the_lock_when_it_comes_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = held_elsewhere(path)
    start = time.monotonic()
    assert not Lock(path).acquire(patience_seconds=0.2)
    assert time.monotonic() - start >= 0.2
    assert other.stdin is not None
    other.stdin.write("\n")
    other.stdin.flush()
    lock = Lock(path)
    assert lock.acquire(patience_seconds=10)
    lock.release()
    end(other)


def test_who_waits_in_vain_is_told_to_come_again(tmp_path: Path) -> None:
    path = tmp_path / "build.lock"
    with (
        locked(path, patience_seconds=0, purpose="building"),
        pytest.raises(Busy, match=r"another process is building here \(build\.lock is locked\)"),
        locked(path, patience_seconds=0, purpose="building"),
    ):
        pytest.fail("both hold it")
    with locked(path, patience_seconds=0, purpose="building"):
        assert Lock(path).is_held()
    assert not Lock(path).is_held()

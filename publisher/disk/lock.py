"""Files that one process holds at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from publisher.core.errors import Busy


class Lock:
    """A file that one process holds at a time. The kernel lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self, *, patience_seconds: float = 0) -> bool:
        """Take it, waiting so long for another holder; returns whether it is ours now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        end = monotonic() + patience_seconds
        while True:
            file = self.path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
            else:
                self._file = file
                return True
            if monotonic() >= end:
                return False
            sleep(0.05)

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def is_held(self) -> bool:
        """Whether a living process, this one included, holds it."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False


@contextmanager
def locked(path: Path, *, patience_seconds: float, purpose: str) -> Iterator[None]:
    """Hold a lock; raises Busy where another process keeps it longer than one cares to wait."""
    lock = Lock(path)
    if not lock.acquire(patience_seconds=patience_seconds):
        raise Busy(f"another process is {purpose} here ({path.name} is locked): try again when it is done")
    try:
        yield
    finally:
        lock.release()

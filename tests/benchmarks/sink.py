"""Postfix's `smtp-sink`: takes letters as fast as they come, throws them away, and counts them."""

import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.loopback import HOST, Process, free_port, listens, started, wait_until
from tests.servers.packages import program

_BACKLOG = "256"
_COUNT = re.compile(rb"mesg=(\d+)\r")


class Sink:
    """Listens from `with` to its end. Its counter costs it one short write for each letter."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self._log = log

    def __enter__(self) -> Self:
        self._log.write_bytes(b"")
        command = [program("smtp-sink") or "smtp-sink", "-c", f"{HOST}:{self.port}", _BACKLOG]
        self._process = Process(command, output=self._log, user="nobody")  # it refuses to work for root
        started(self._process, lambda: listens(self.port), name="smtp-sink", log=self._log.read_text)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop()

    def letters(self) -> int:
        """How many it took since it was started."""
        counts = _COUNT.findall(self._log.read_bytes())
        return int(counts[-1]) if counts else 0

    def stop_after(self, count: int) -> int:
        """How many it took in all, `count` or not. It answers for a letter before it counts it: that moment is waited for."""
        with suppress(AssertionError):
            wait_until(lambda: self.letters() >= count, f"{count} letters", seconds=2)
        self._process.stop()
        return self.letters()

"""One command, run to its end: how long it took, what the processors worked, how much memory it held. Linux: reads /proc."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event, Thread, Timer

SAMPLE_SECONDS = 0.02
LONGEST_SECONDS = 3600.0
_SESSION_FIELD = 3
"""Of /proc/PID/stat, counted from the field behind the name."""


class CommandFailed(Exception):
    """`said`: the end of what the command had to say."""

    def __init__(self, command: Sequence[str | Path], code: int, said: str) -> None:
        self.code, self.said = code, said
        super().__init__(f"{' '.join(map(str, command))}: exit code {code}\n{said}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    wall_seconds: float
    cpu_seconds: float
    """User and system, of the command and of all processes it waited for."""
    peak_bytes: int | None
    """The highest sum over all its processes at one moment; None where it was not sampled."""


@cache
def memory_kind() -> str:
    """PSS counts a page that n processes share as one n-th in each, so that a sum is the truth; RSS counts it n times."""
    return "PSS" if Path("/proc/self/smaps_rollup").exists() else "RSS"


def run(command: Sequence[str | Path], folder: Path, *, log: Path, is_sampled: bool = False) -> Run:
    """Raises CommandFailed for any exit code but 0. Sampling costs time: the seconds of a sampled run are not for a table."""
    os.sync()  # nobody waits for what somebody else has written
    with log.open("wb") as output, _Sampler(is_sampled) as sampler:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        sampler.watch(process.pid)
        code, usage = _wait(process)
        wall_seconds = time.perf_counter() - start
    if code:
        raise CommandFailed(command, code, log.read_text(errors="replace")[-2000:])
    return Run(
        wall_seconds=wall_seconds, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_bytes=sampler.peak_bytes or None
    )


def _environment() -> Mapping[str, str]:
    """Ours, without what would set up a contender."""
    ours = ("PUBLISHER_", "HUGO", "PELICAN", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Whatever happens here, no process of that session outlives it."""
    alarm = Timer(LONGEST_SECONDS, _end, [process.pid])
    alarm.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        _end(process.pid)
        process.wait()
        raise
    finally:
        alarm.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def _end(session: int) -> None:
    for pid in _processes(session):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


class _Sampler:
    """Looks every 20 ms at all processes of a session: workers count, wherever they hang in the tree."""

    def __init__(self, is_on: bool) -> None:
        self.peak_bytes = 0
        self._is_on = is_on
        self._over = Event()
        self._thread: Thread | None = None

    def __enter__(self) -> "_Sampler":
        return self

    def watch(self, session: int) -> None:
        if self._is_on:
            self._thread = Thread(target=self._sample, args=[session])
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _sample(self, session: int) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak_bytes = max(self.peak_bytes, sum(map(_memory_bytes, _processes(session))))


def _processes(session: int) -> list[int]:
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                fields = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            if int(fields[_SESSION_FIELD]) == session:
                found.append(int(place.name))
    return found


def _memory_bytes(pid: int) -> int:
    file, key = ("smaps_rollup", "Pss:") if memory_kind() == "PSS" else ("status", "VmRSS:")
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0  # it has ended
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(key)), 0)

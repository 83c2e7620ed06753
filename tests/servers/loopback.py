"""What the servers have in common: a free port, a folder, a process that ends with us."""

import atexit
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.servers.packages import is_root, program

HOST = "127.0.0.1"
_PORTS = range(20_000, 30_000)  # below what the kernel gives to outgoing connections


class Address(NamedTuple):
    host: str
    port: int


def free_port() -> int:
    """A port that nobody listens on and no other test process of this machine gets while this one lives."""
    for port in random.sample(_PORTS, len(_PORTS)):
        if _bindable(port) and _reserve(port):
            return port
    raise RuntimeError(f"no free port between {_PORTS.start} and {_PORTS.stop}")


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _reserve(port: int) -> bool:
    """Holds the UDP port of the same number, which nobody here uses: a lock that ends with this process."""
    lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        lock.bind((HOST, port))
    except OSError:
        lock.close()
        return False
    atexit.register(lock.close)
    return True


def listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], wanted: str, *, seconds: float = 30.0) -> None:
    """Asks again and again; AssertionError with `wanted` when it is still not so after that time."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {seconds:g} s in vain: {wanted}")
        time.sleep(0.02)


class Folder:
    """A folder for one server, short enough for unix sockets, owned by `user` when we are root."""

    def __init__(self, name: str, *, user: str | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"publisher-{name}-", dir=_short_temporary_folder()))
        self.path.chmod(0o755)
        if user and is_root():
            shutil.chown(self.path, user, pwd.getpwnam(user).pw_gid)
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def remove(self) -> None:
        """At the latest when this process ends in order."""
        self._finalizer()


def _short_temporary_folder() -> str:
    folder = tempfile.gettempdir()
    return folder if len(folder) < 40 else "/tmp"


class Process:
    """A server in the foreground, its output in a file. It is told to stop when we die, however we die.

    Start it from a thread that lives as long as the server should: the kernel watches the thread.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        output: Path,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        cwd: Path | None = None,
    ) -> None:
        self._stop_signal = stop_signal
        setpriv = program("setpriv")
        watch = [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG")] if setpriv else []
        with output.open("ab") as file:
            self._popen = subprocess.Popen(
                [*watch, *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=cwd or output.parent,
                start_new_session=True,
                user=user if is_root() else None,
                group=pwd.getpwnam(user).pw_gid if user and is_root() else None,
                extra_groups=[] if user and is_root() else None,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def runs(self) -> bool:
        return self._popen.poll() is None

    def wait(self, *, seconds: float = 60.0) -> int:
        """Until it ends by itself; its exit code."""
        return self._popen.wait(seconds)

    def stop(self, how: signal.Signals | None = None, *, seconds: float = 15.0) -> None:
        """Signals it and waits; after `seconds` kills it. Harmless when it has already ended."""
        if self.runs():
            self._popen.send_signal(how or self._stop_signal)
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()


def started(process: Process, ready: Callable[[], bool], *, name: str, log: Callable[[], str]) -> None:
    """Waits until the server answers; else AssertionError with its log."""
    try:
        wait_until(lambda: ready() or not process.runs(), f"{name} answers")
        if not process.runs():
            raise AssertionError(f"{name} ended at once")
    except AssertionError as error:
        process.stop()
        raise AssertionError(f"{error}\n{log()}") from None

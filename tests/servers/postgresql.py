"""A private PostgreSQL: its own cluster, a loopback port and a unix socket, everybody on this machine trusted."""

import getpass
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tests.servers.loopback import HOST, Folder, Process, free_port, started
from tests.servers.packages import is_root, postgresql_programs

OWNER = "publisher"


class PostgreSQL:
    """Started by the constructor's `with`. `durable=False` leaves the disk's flushes out: faster, and still
    nothing is lost when the server (not the machine) is killed.
    """

    def __init__(self, *, durable: bool = True) -> None:
        programs = postgresql_programs()
        if programs is None:
            raise AssertionError("postgresql is not installed")
        self._programs = programs
        self._durable = durable
        self._user = "postgres" if is_root() else getpass.getuser()
        self._folder = Folder("postgresql", user=self._user)
        self._output = self._folder.path / "log"
        self._process: Process | None = None
        self._databases = 0
        self.host = HOST
        self.port = free_port()
        self.socket_folder = self._folder.path

    def __enter__(self) -> Self:
        self._initdb()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(crash=True)
        self._folder.remove()

    def create_database(self) -> str:
        """A new empty database; its URL, `postgresql://...`."""
        self._databases += 1
        name = f"site_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@{self.host}:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.socket_folder}&port={self.port}&user={OWNER}"

    def start(self) -> None:
        flushes = "on" if self._durable else "off"
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.socket_folder,
            "fsync": flushes,
            "full_page_writes": flushes,
            "max_connections": 200,
            "shared_buffers": "64MB",
        }
        options: list[str | Path] = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [self._programs / "postgres", "-D", self._folder.path / "data", *options]
        self._process = Process(command, output=self._output, user=self._user, stop_signal=signal.SIGINT)
        started(self._process, self._answers, name="PostgreSQL", log=self.log)

    def stop(self, *, crash: bool = False) -> None:
        """Connections are cut. `crash`: without a checkpoint, so that the next start recovers from the log."""
        if self._process is not None:
            self._process.stop(signal.SIGQUIT if crash else signal.SIGINT)
            self._process = None

    def restart(self, *, crash: bool = False) -> None:
        self.stop(crash=crash)
        self.start()

    def log(self) -> str:
        return self._output.read_text(errors="replace")

    def _initdb(self) -> None:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={OWNER}"]
        command: list[str | Path] = [self._programs / "initdb", *options, "-D", self._folder.path / "data"]
        if Process(command, output=self._output, user=self._user).wait():
            raise AssertionError(f"initdb failed\n{self.log()}")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

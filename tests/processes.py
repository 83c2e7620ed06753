"""`publisher` as its users start it: a process of its own, waited for, stopped and killed."""

import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

import psycopg

from tests.servers.loopback import HOST, Process, free_port, wait_until

_PROGRAM = Path(sys.executable).with_name("publisher")


class Ran(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


class Answer(NamedTuple):
    """What the web said."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes


class Running:
    """A `publisher` that is at work. What it says is in `log`, everything that it ever said."""

    def __init__(self, command: list[str], output: Path) -> None:
        self._output = output
        self._process = Process(command, output=output)

    @property
    def log(self) -> str:
        return self._output.read_text()

    def events(self, name: str) -> list[dict[str, str]]:
        """The log's lines about this event, as their keys and values."""
        lines = re.findall(rf"^at=.* event={re.escape(name)}(?: .*)?$", self.log, re.MULTILINE)
        return [{key: value for key, _, value in (word.partition("=") for word in shlex.split(line))} for line in lines]

    def wait_for_event(self, name: str, *, seconds: float = 30.0) -> None:
        wait_until(lambda: bool(self.events(name)) or not self._process.runs(), name, seconds=seconds)
        assert self.events(name), f"it ended without {name}:\n{self.log}"

    def runs(self) -> bool:
        return self._process.runs()

    def wait(self) -> int:
        """Until it ends by itself; its exit code."""
        return self._process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.send(how)
        return self._process.wait(seconds=30)

    def send(self, how: signal.Signals) -> None:
        os.kill(self._process.pid, how)

    def kill(self) -> None:
        """At once, whatever it is doing."""
        self._process.stop(signal.SIGKILL)


class Site:
    """The folder of a site, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._started = 0

    def set(self, **values: object) -> None:
        """More settings, or others: the last one counts."""
        with (self.folder / ".env").open("a") as file:
            file.writelines(f"PUBLISHER_{name}={value}\n" for name, value in values.items())

    def write(self, name: str, text: str) -> None:
        """A post, or another."""
        path = self.folder / "posts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *arguments: str, now: datetime | None = None) -> Ran:
        """A command, to its end."""
        done = subprocess.run(self._command(arguments, now), capture_output=True, text=True, timeout=60, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    def ask(self, *arguments: str, now: datetime | None = None) -> Any:
        """The JSON that a command prints when all is well."""
        done = self.run(*arguments, "--json", now=now)
        assert done.code == 0, done.err
        return json.loads(done.out)

    def start(self, *arguments: str, now: datetime | None = None) -> Running:
        """A command, left alone."""
        self._started += 1
        return Running(self._command(arguments, now), self.folder / f"{self._started}-{arguments[0]}.log")

    @contextmanager
    def started(self, *arguments: str, now: datetime | None = None) -> Iterator[Running]:
        """A command that is surely gone at the end of the `with`."""
        running = self.start(*arguments, now=now)
        try:
            yield running
        except BaseException as error:
            error.add_note(f"{' '.join(arguments)} said:\n{running.log}")
            raise
        finally:
            running.kill()

    @contextmanager
    def served(self, now: datetime) -> Iterator[Running]:
        """`publisher serve`, from when it answers until SIGTERM, after which it must end well."""
        with self.started("serve", "--port", str(self.port), now=now) as serve:
            wait_until(lambda: not serve.runs() or get(self.url + "/").status == 200, "the first page")
            assert serve.runs(), "it ended at once"
            yield serve
            code = serve.stop()
            assert code == 0, f"SIGTERM made it exit with {code}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds, whichever it is."""
        url = self._database_url()
        if url.startswith("postgresql:"):
            with psycopg.connect(url) as server:
                return server.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self.folder / url.removeprefix("sqlite:///"))) as file:
            return file.execute(query).fetchall()

    def change(self, statement: str) -> None:
        """Change what the database holds, behind the publisher's back."""
        url = self._database_url()
        if url.startswith("postgresql:"):
            with psycopg.connect(url) as server:
                server.execute(statement.encode())
            return
        with closing(sqlite3.connect(self.folder / url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)

    def _database_url(self) -> str:
        found = re.findall(r"(?m)^PUBLISHER_DATABASE_URL=(.+)$", (self.folder / ".env").read_text())
        return found[-1] if found else "sqlite:///var/publisher.db"

    def _command(self, arguments: tuple[str, ...], now: datetime | None) -> list[str]:
        """With none of the settings that stand in our own environment."""
        bare = ["env", *(f"--unset={name}" for name in os.environ if name.startswith("PUBLISHER_"))]
        clock = ["--now", now.isoformat()] if now else []
        return [*bare, str(_PROGRAM), *arguments, "--site", str(self.folder), *clock]


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def get(url: str, *, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    """One request, of a program without cookies; what it is answered is not followed. Status 0: nobody answered."""
    opener: OpenerDirector = build_opener(ProxyHandler({}), _NoRedirect)
    request = Request(url, data=body, method=method, headers=headers or {})
    try:
        with opener.open(request, timeout=20) as answer:
            return Answer(answer.status, _lower(answer.headers), answer.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read())
    except OSError:
        return Answer(0, {}, b"")


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

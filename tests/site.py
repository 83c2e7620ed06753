"""A small real site in a folder of its own: its commands as processes, its web under a real server on loopback.

with served(tmp_path) as web:
    web.sign_up("ann@example.org")
    web.ask("GET", web.confirm_path("ann@example.org"))
"""

import atexit
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from functools import cache
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlencode, urlsplit

import uvicorn

from publisher.actions.deliver import drain
from publisher.actions.tick import publish_and_scan
from publisher.app import App, open_app
from publisher.core.ledger import LetterKind
from publisher.core.subscription import Standing
from publisher.core.token import fixed_token
from publisher.web import web_app
from publisher.web.server import server_config
from tests.servers.loopback import HOST, wait_until
from tests.servers.packages import is_root, program

START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
"""An hour before the digest's."""
POST = """\
---
title: Low water
date: 2026-11-20
tags: [tides]
---
The gauge stood dry at *noon*.
"""


class Hand:
    """A clock that stands until somebody moves it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def new_site(folder: Path, settings: Mapping[str, str] | None = None) -> Path:
    """A site with one post. `settings`, without their prefix, go into its `.env`."""
    (folder / "posts").mkdir(parents=True)
    (folder / "posts" / "low-water.md").write_text(POST)
    given = {"SECRET_KEY": "a key that is only good for tests, and only here"} | dict(settings or {})
    (folder / ".env").write_text("".join(f"PUBLISHER_{name}='{value}'\n" for name, value in given.items()))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# -- commands


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def command(*arguments: str | Path, is_plain_user: bool = False) -> list[str]:
    """`is_plain_user`: one who may only do what a file's permissions say, even if the tests run as root."""
    setpriv = program("setpriv") if is_plain_user and is_root() else None
    assert setpriv or not (is_plain_user and is_root()), "as root, this needs setpriv"
    drop = [str(setpriv), "--bounding-set=-dac_override,-dac_read_search"] if setpriv else []
    return [*drop, sys.executable, "-m", "publisher", *map(str, arguments)]


def environment(settings: Mapping[str, str] | None = None, tmp: Path | None = None) -> dict[str, str]:
    """Ours, without anything that is meant for a real site; `tmp` is where temporary folders are made."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
    ours |= {"TMPDIR": str(tmp)} if tmp else {}
    return ours | {f"PUBLISHER_{name}": value for name, value in (settings or {}).items()}


_STARTER = """
import contextlib, importlib, json, os, pkgutil, sys, time
import publisher.cli
from publisher.cli.main import main
for command in pkgutil.iter_modules(publisher.cli.__path__, "publisher.cli."):
    importlib.import_module(command.name)
sys.argv = ["publisher", "--version"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(sys.stderr):
    main()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    for number, name in enumerate((os.devnull, asked["out"], asked["err"])):
        os.dup2(os.open(name, os.O_RDWR), number)
    sys.argv = ["publisher", *asked["arguments"]]
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code or 0)
"""


@cache
def _starter() -> subprocess.Popen[str]:
    """Has read the program and waits; each command is a process that it forks, which saves a second each."""
    found = subprocess.Popen(
        [sys.executable, "-c", _STARTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    atexit.register(_end, found)
    return found


def _end(starter: subprocess.Popen[str]) -> None:
    starter.communicate()


def publisher(*arguments: str | Path, cwd: Path | str, settings: Mapping[str, str] | None = None) -> Ran:
    """Run `publisher` in a folder until it ends."""
    starter = _starter()
    assert starter.stdin
    assert starter.stdout
    with NamedTemporaryFile("w+") as out, NamedTemporaryFile("w+") as err:
        asked = {"arguments": [*map(str, arguments)], "cwd": str(cwd), "env": environment(settings)}
        print(json.dumps(asked | {"out": out.name, "err": err.name}), file=starter.stdin, flush=True)
        return Ran(code=int(starter.stdout.readline()), out=out.read(), err=err.read())


def python_m_publisher(
    *arguments: str | Path,
    cwd: Path | str,
    settings: Mapping[str, str] | None = None,
    tmp: Path | None = None,
    is_plain_user: bool = False,
    before: Callable[[], None] | None = None,
    seconds: float = 60,
) -> Ran:
    """The same by a Python of its own. `before` is called in the new process, before it begins."""
    done = subprocess.run(
        command(*arguments, is_plain_user=is_plain_user),
        cwd=cwd,
        env=environment(settings, tmp),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        preexec_fn=before,
        check=False,
    )
    return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A command that goes on until it is told to stop. Its words are in `said`."""

    process: subprocess.Popen[bytes]
    said: Path

    def wait_for(self, words: str) -> str:
        """All that was said, when these words stand in it."""
        wait_until(lambda: words in self.said.read_text() or self.process.poll() is not None, words)
        assert words in self.said.read_text(), self.said.read_text()
        return self.said.read_text()

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Its exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def running(
    *arguments: str | Path,
    cwd: Path,
    said: Path,
    settings: Mapping[str, str] | None = None,
    tmp: Path | None = None,
) -> Iterator[Running]:
    """`publisher` in a folder, its stdout and stderr in the file `said`."""
    with said.open("wb") as file:
        process = subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=environment(settings, tmp),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(process=process, said=said)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


# -- the web


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def form(self) -> "Form":
        """The only form of the page."""
        found = forms(self.text)
        assert len(found) == 1, f"{len(found)} forms in {self.text}"
        return found[0]

    @property
    def cookie(self) -> str:
        """What a browser would send back, or nothing."""
        return self.headers.get("Set-Cookie", "").split(";")[0]


@dataclass(slots=True, kw_only=True)
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: int = 0


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert given["method"] == "post"
            self.found.append(Form(action=given["action"]))
        elif tag == "input" and self.found and "name" in given:
            self.found[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and self.found:
            self.found[-1].buttons += 1


def forms(html: str) -> list[Form]:
    parser = _Forms()
    parser.feed(html)
    return parser.found


class Web:
    """A site's application under a real server. Whatever happens in it, happens at `clock`."""

    def __init__(self, app: App, clock: Hand, port: int) -> None:
        self.app, self.clock, self.port = app, clock, port
        self.publication = app.publication
        self.root = app.publication.site.root

    # what a browser does

    def ask(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request on a connection of its own. `form` is sent as a browser's form."""
        sent = dict(headers or {})
        if form is not None:
            body = urlencode(form).encode()
            sent = {"Content-Type": "application/x-www-form-urlencoded"} | sent
        with closing(HTTPConnection(HOST, self.port, timeout=30)) as connection:
            connection.request(method, path, body=body, headers=sent)
            found = connection.getresponse()
            return Answer(status=found.status, headers=found.headers, body=found.read())

    def get(self, path: str, **headers: str) -> Answer:
        """`If_None_Match="x"` is the header If-None-Match."""
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def press(self, form: Form, **fields: str) -> Answer:
        """Send a form of ours, with what was typed into it."""
        return self.ask("POST", urlsplit(form.action).path, form=form.fields | fields)

    def sign_up(self, address: str, **fields: str) -> Answer:
        """As a person does: open the page, type the address, press the button."""
        form = self.get(f"{self.root}/subscribe").form
        return self.ask("POST", urlsplit(form.action).path, form=form.fields | {"email": address} | fields)

    # what lies in the mailbox

    def letters(self, address: str = "") -> list[EmailMessage]:
        """Empties the outbox; then all letters to this address, or to everybody."""
        drain(self.publication, self.clock, threading.Event())
        found: list[EmailMessage] = []
        for path in sorted((self.publication.folders.state / "mail").glob("*.eml")):
            letter = message_from_bytes(path.read_bytes(), policy=default)
            assert isinstance(letter, EmailMessage)
            found.append(letter)
        return [letter for letter in found if not address or letter["To"] == address]

    def confirm_path(self, address: str) -> str:
        """The path of the link in the newest confirm letter."""
        texts = [str(part.get_content()) for letter in self.letters(address) if (part := letter.get_body(("plain",)))]
        links = [found[1] for text in texts if (found := re.search(r"https?://[^/\s]+(/\S*confirm/\S+)", text))]
        assert links, f"no confirm letter to {address}"
        return links[-1]

    def leave_path(self, address: str) -> str:
        """The path of the link in every digest."""
        return f"{self.root}/u/{fixed_token(self.publication.keys, 'leave', self._reader(address).handle)}"

    # what the database knows

    def standing(self, address: str) -> Standing | None:
        with self.publication.storage.read() as tx:
            reader = tx.subscribers.by_address(address)
        return reader.standing if reader else None

    def planned(self, address: str) -> dict[LetterKind, int]:
        """How many letters of each kind were made for an address."""
        kinds: tuple[LetterKind, ...] = ("confirm", "already")
        with self.publication.storage.read() as tx:
            reader = tx.subscribers.by_address(address)
            counts = {kind: tx.deliveries.count_of(reader.id, kind) if reader else 0 for kind in kinds}
        return {kind: count for kind, count in counts.items() if count}

    def join(self, address: str) -> None:
        """A reader who signed up and confirmed."""
        self.sign_up(address)
        assert self.ask("POST", self.confirm_path(address)).status == 200
        assert self.standing(address) == "active"

    def suppress(self, address: str) -> None:
        with self.publication.storage.write() as tx:
            tx.suppressions.add(address, "bounced", "550 5.1.1 no such user", self.clock())

    def _reader(self, address: str) -> Any:
        with self.publication.storage.read() as tx:
            reader = tx.subscribers.by_address(address)
        assert reader, f"{address} is no subscriber"
        return reader


@contextmanager
def served(
    folder: Path,
    *,
    path: str = "",
    clock: Hand | None = None,
    is_dev: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Iterator[Web]:
    """A built site on the web at http://127.0.0.1:PORT + `path`. Letters become files unless `changes` say otherwise."""
    hand = clock or Hand()
    if not (folder / "posts").exists():
        new_site(folder)
    with socket.create_server((HOST, 0)) as listener:
        port = int(listener.getsockname()[1])
        url = f"http://{HOST}:{port}{path}"
        app = open_app(
            folder,
            now=hand(),
            environment={},
            changes={"site_url": url, "mail_transport": "file", "log_level": "error"} | dict(changes or {}),
        )
        publish_and_scan(app.publication, hand())
        application = web_app(app.publication, hand, wake=lambda: None, is_dev=is_dev)
        try:
            with _running(application, listener):
                yield Web(app, hand, port)
        finally:
            app.close()


@contextmanager
def _running(application: Any, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(server_config(application))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web")
    thread.start()
    try:
        wait_until(lambda: server.started, "the web answers")
        yield
    finally:
        server.should_exit = True
        thread.join(20)


def get(url: str) -> Answer:
    """One request to whoever listens there."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)) as connection:
        connection.request("GET", parts.path or "/")
        found = connection.getresponse()
        return Answer(status=found.status, headers=found.headers, body=found.read())


def raw(port: int, request: bytes) -> bytes:
    """Whatever the server answers to these bytes, until it closes."""
    with socket.create_connection((HOST, port), timeout=20) as connection:
        connection.sendall(request)
        parts: Sequence[bytes] = list(iter(lambda: connection.recv(65536), b""))
    return b"".join(parts)

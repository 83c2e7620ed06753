"""A mail server that answers on cue and keeps everything it accepted, in this process or in one of its own.

    answer = script({("rcpt", "bob@a.test"): ["450 4.2.1 busy"], ("dot", "eve@a.test"): Drop(kept=True)})
    with ScriptedSmtp(answer) as smtp:
        ...     # bob is put off once, then taken; eve's letter is kept but nobody is told
        smtp.letters[0].message

A script is a function `answer(stage, recipient)`; `script` makes one of a table. It is asked at every stage and says
what happens: a reply (several lines: joined by "\\n", the codes of the earlier ones followed by "-"), `Drop`,
`Stall`, or None: all is well. A 421 closes the connection after it was said.

In a process of its own: `SmtpProcess`, or `python -m tests.servers.smtp --port 2525 --record letters.jsonl`.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, Self

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificate
from tests.servers.loopback import HOST, Folder, Process, free_port, listens, started, wait_until

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "rset", "noop", "quit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The line goes dead without a word. `kept`, at the final dot: the letter was taken all the same."""

    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Nothing is said for that long; then all is well."""

    seconds: float = 3600.0


Cue = str | Drop | Stall | None
Answer = Callable[[Stage, str], Cue]
"""`recipient` is the address at "rcpt", the first accepted one at "data" and "dot", the sender at "mail", else ""."""


def script(table: Mapping[tuple[Stage, str], Cue | Sequence[Cue]]) -> Answer:
    """The recipient "*" is everybody who isn't named. A list is used up cue by cue; after it, all is well."""
    turns = {key: _turns(cues) for key, cues in table.items()}

    def answer(stage: Stage, recipient: str) -> Cue:
        turn = turns.get((stage, recipient)) or turns.get((stage, "*"))
        return turn() if turn else None

    return answer


def _turns(cues: Cue | Sequence[Cue]) -> Callable[[], Cue]:
    if cues is None or isinstance(cues, (str, Drop, Stall)):
        return lambda: cues
    left = deque(cues)
    return lambda: left.popleft() if left else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One message this server is answerable for."""

    mail_from: str  # empty for the null sender
    rcpt_to: tuple[str, ...]
    message: bytes  # dots unstuffed
    mail_options: tuple[str, ...]  # in capitals: SIZE=123, BODY=8BITMIME, SMTPUTF8
    accepted_at: datetime
    connection: int  # counted from 1
    tls: bool
    username: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One stage of one connection, and what was answered where the script said anything."""

    connection: int
    stage: Stage
    recipient: str
    cue: Cue


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the server says it can do. `login` (user, password): nobody sends without."""

    pipelining: bool = True
    eight_bit: bool = True
    smtputf8: bool = True
    size_bytes: int | None = 33_554_432
    certificate: Certificate | None = None  # STARTTLS; with `implicit_tls`, TLS from the first byte
    implicit_tls: bool = False
    login: tuple[str, str] | None = None
    eager_data: bool = False  # answers DATA with 354 even when no recipient was taken
    delay_seconds: float = 0.0  # for every letter, between the final dot and the answer


class _Connection(SMTP):
    """aiosmtpd's protocol, which asks the script at every stage that has no hook of its own."""

    def __init__(self, server: "ScriptedSmtp", number: int) -> None:
        offer = server.offer
        tls = None if offer.implicit_tls or offer.certificate is None else offer.certificate.server_context()
        super().__init__(
            _Hooks(server, number),
            data_size_limit=offer.size_bytes,
            enable_SMTPUTF8=offer.smtputf8,
            hostname="scripted.test",
            ident="ESMTP",
            tls_context=tls,
            auth_require_tls=tls is not None,
            authenticator=_authenticator(offer),
            timeout=3600,
        )
        self._scripted = server
        self._number = number

    async def _handle_client(self) -> None:
        try:
            cue = await self._scripted.ask(self, self._number, "connect")
            if cue:
                await self.push(cue)
                self._writer.close()
            else:
                await super()._handle_client()
        except ConnectionError:
            self._writer.close()

    async def push(self, status: str | bytes) -> None:
        """Several lines may be joined by a line feed. A 421 is the last that is said."""
        text = status.encode() if isinstance(status, str) else status
        await super().push(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        if text.startswith(b"421") and self.transport is not None:
            self.transport.close()

    def cut(self) -> None:
        """Without a word, and without waiting for what is still to be sent."""
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._scripted.forget(self)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        cue = await self._scripted.ask(self, self._number, "starttls")
        await (self.push(cue) if cue else super().smtp_STARTTLS(arg))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        envelope = self.envelope or Envelope()
        to = envelope.rcpt_tos
        if not to and self._scripted.offer.eager_data and envelope.mail_from:
            await self._refuse_data()
        elif to and (cue := await self._scripted.ask(self, self._number, "data", to[0])):
            await self.push(cue)
        else:
            await super().smtp_DATA(arg)

    async def _refuse_data(self) -> None:
        await self.push("354 go ahead")
        while await self._reader.readuntil(b"\r\n") != b".\r\n":
            pass
        self.envelope = Envelope()
        await self.push("554 5.5.1 no valid recipients")


class _Hooks:
    """What aiosmtpd calls at each stage."""

    def __init__(self, server: "ScriptedSmtp", number: int) -> None:
        self._server = server
        self._number = number

    async def handle_EHLO(  # noqa: N802
        self, smtp: _Connection, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        if cue := await self._server.ask(smtp, self._number, "ehlo"):
            return [cue]
        session.host_name = hostname
        return _offered(responses, self._server.offer)

    async def handle_AUTH(  # noqa: N802
        self, smtp: _Connection, session: Session, envelope: Envelope, arguments: list[str]
    ) -> Any:
        return await self._server.ask(smtp, self._number, "auth") or MISSING

    async def handle_MAIL(  # noqa: N802
        self, smtp: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:
        if self._server.offer.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        cue = await self._server.ask(smtp, self._number, "mail", address)
        if cue and cue.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return cue or MISSING

    async def handle_RCPT(  # noqa: N802
        self, smtp: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:
        cue = await self._server.ask(smtp, self._number, "rcpt", address)
        if cue and cue.startswith("2"):
            envelope.rcpt_tos.append(address)
        return cue or MISSING

    async def handle_RSET(self, smtp: _Connection, session: Session, envelope: Envelope) -> Any:  # noqa: N802
        return await self._server.ask(smtp, self._number, "rset") or MISSING

    async def handle_NOOP(self, smtp: _Connection, session: Session, envelope: Envelope, argument: str) -> Any:  # noqa: N802
        return await self._server.ask(smtp, self._number, "noop") or MISSING

    async def handle_QUIT(self, smtp: _Connection, session: Session, envelope: Envelope) -> Any:  # noqa: N802
        return await self._server.ask(smtp, self._number, "quit") or MISSING

    async def handle_DATA(self, smtp: _Connection, session: Session, envelope: Envelope) -> Any:  # noqa: N802
        letter = _accepted(self._number, self._server.offer.implicit_tls, session, envelope)
        await asyncio.sleep(self._server.offer.delay_seconds)
        return await self._server.take(smtp, letter)


def _offered(responses: list[str], offer: Offer) -> list[str]:
    hidden = ["250-AUTH"] if offer.login is None else []
    hidden += [] if offer.eight_bit else ["250-8BITMIME"]
    kept = [line for line in responses if not line.startswith(tuple(hidden))]
    return [*kept[:-1], *(["250-PIPELINING"] if offer.pipelining else []), "250-ENHANCEDSTATUSCODES", kept[-1]]


def _authenticator(offer: Offer) -> Callable[[Any, Session, Envelope, str, Any], AuthResult]:
    def check(smtp: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given is not None and given == offer.login, handled=False, auth_data=data)

    return check


def _accepted(number: int, implicit_tls: bool, session: Session, envelope: Envelope) -> Accepted:
    login: LoginPassword | None = session.auth_data
    sender = envelope.mail_from or ""
    return Accepted(
        mail_from="" if sender == "<>" else sender,
        rcpt_to=tuple(envelope.rcpt_tos),
        message=envelope.original_content or b"",
        mail_options=tuple(envelope.mail_options),
        accepted_at=datetime.now(UTC),
        connection=number,
        tls=implicit_tls or session.ssl is not None,
        username=login.login.decode() if login else None,
    )


class ScriptedSmtp:
    """Listens from `with` to its end, in a thread of its own. `keep` is called for every letter before its 250."""

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        offer: Offer | None = None,
        port: int | None = None,
        keep: Callable[[Accepted], None] | None = None,
    ) -> None:
        self.answer = answer or (lambda stage, recipient: None)
        self.offer = offer or Offer()
        self.host = HOST
        self.port = port or free_port()
        self.letters: list[Accepted] = []
        self.said: list[Said] = []
        self.connections = 0
        self._keep = keep
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted smtp", daemon=True)
        self._listener: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self) -> None:
        """Listens, again on the same port after `stop`."""
        self._await(self._listen())

    def stop(self) -> None:
        """Cuts every connection and listens no more; what was accepted is kept."""
        self._await(self._close())

    def wait_for(self, count: int = 1, *, seconds: float = 20.0) -> list[Accepted]:
        """Waits until that many letters or more were accepted."""
        wait_until(lambda: len(self.letters) >= count, f"{count} letters, not {len(self.letters)}", seconds=seconds)
        return list(self.letters)

    def stages(self, connection: int | None = None) -> list[Stage]:
        """What clients did, in order; only those of one connection if it is given."""
        return [said.stage for said in self.said if connection in (None, said.connection)]

    async def ask(self, smtp: _Connection, connection: int, stage: Stage, recipient: str = "") -> str | None:
        """The script's reply, after its stall; cuts the line if it says so."""
        cue = self._cue(connection, stage, recipient)
        if isinstance(cue, Stall):
            await asyncio.sleep(cue.seconds)
            return None
        if isinstance(cue, Drop):
            self._cut(smtp)
        return cue

    async def take(self, smtp: _Connection, letter: Accepted) -> str:
        """Keeps the letter unless the script says otherwise at its final dot."""
        cue = self._cue(letter.connection, "dot", letter.rcpt_to[0])
        if isinstance(cue, Stall):
            await asyncio.sleep(cue.seconds)
            cue = None
        if isinstance(cue, Drop):
            if cue.kept:
                self._accept(letter)
            self._cut(smtp)
        if isinstance(cue, str) and not cue.startswith("2"):
            return cue
        self._accept(letter)
        return cue if isinstance(cue, str) else f"250 2.0.0 taken as {len(self.letters)}"

    def forget(self, connection: _Connection) -> None:
        """It is closed."""
        self._open.discard(connection)

    def _cue(self, connection: int, stage: Stage, recipient: str) -> Cue:
        cue = self.answer(stage, "" if recipient == "<>" else recipient)
        self.said.append(Said(connection=connection, stage=stage, recipient=recipient, cue=cue))
        return cue

    def _accept(self, letter: Accepted) -> None:
        letter = replace(letter, accepted_at=datetime.now(UTC))
        if self._keep:
            self._keep(letter)
        self.letters.append(letter)

    def _cut(self, smtp: _Connection) -> NoReturn:
        smtp.cut()
        raise asyncio.CancelledError  # ends the connection's task

    async def _listen(self) -> None:
        tls = self.offer.certificate.server_context() if self.offer.certificate and self.offer.implicit_tls else None
        self._listener = await self._loop.create_server(self._connection, self.host, self.port, ssl=tls)

    def _connection(self) -> _Connection:
        self.connections += 1
        connection = _Connection(self, self.connections)
        self._open.add(connection)
        return connection

    async def _close(self) -> None:
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        for connection in self._open:
            connection.cut()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        give_up = self._loop.time() + 2
        while self._open and self._loop.time() < give_up:
            await asyncio.sleep(0.005)

    def _await(self, work: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(timeout=30)


class SmtpProcess:
    """The same server in a process of its own, which may be killed, or outlive a client that is killed.

    `replies` is a table for `script`, replies only. Every accepted letter is one line of `record` before its 250.
    """

    def __init__(
        self,
        *,
        replies: Mapping[tuple[Stage, str], str] | None = None,
        delay_seconds: float = 0.0,
        port: int | None = None,
    ) -> None:
        self.host = HOST
        self.port = port or free_port()
        self._folder = Folder("smtp")
        self.record = self._folder.path / "letters.jsonl"
        self._arguments = ["--port", str(self.port), "--record", str(self.record), "--delay", str(delay_seconds)]
        for (stage, recipient), reply in (replies or {}).items():
            self._arguments += ["--reply", stage, recipient, reply]
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._folder.remove()

    def start(self) -> None:
        output = self._folder.path / "output"
        command = [sys.executable, "-m", "tests.servers.smtp", *self._arguments]
        self._process = Process(command, output=output, cwd=Path(__file__).parents[2])
        started(self._process, lambda: listens(self.port), name="the scripted server", log=output.read_text)

    def kill(self) -> None:
        """At once, in the middle of whatever it does; `start` makes it listen again."""
        if self._process is not None:
            self._process.stop(signal.SIGKILL)

    def letters(self) -> list[dict[str, Any]]:
        """What it accepted so far, in order: mail_from, rcpt_to, message_id, size_bytes, sha256, accepted_at, connection."""
        lines = self.record.read_text().splitlines(keepends=True) if self.record.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, count: int = 1, *, seconds: float = 20.0) -> list[dict[str, Any]]:
        wait_until(lambda: len(self.letters()) >= count, f"{count} letters", seconds=seconds)
        return self.letters()


def _line(letter: Accepted, *, whole: bool) -> str:
    fields = {
        "mail_from": letter.mail_from,
        "rcpt_to": letter.rcpt_to,
        "message_id": message_from_bytes(letter.message)["Message-ID"],
        "size_bytes": len(letter.message),
        "sha256": sha256(letter.message).hexdigest(),
        "accepted_at": letter.accepted_at.isoformat(),
        "connection": letter.connection,
    }
    return json.dumps(fields | ({"message": letter.message.decode("latin-1")} if whole else {}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.smtp", description="Accepts mail, records it.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True, help="one JSON line for each accepted letter")
    parser.add_argument("--whole", action="store_true", help="record the message too, as latin-1 text")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="before each letter's answer")
    parser.add_argument(
        "--reply", nargs=3, action="append", default=[], metavar=("STAGE", "RECIPIENT", "REPLY"),
        help="at this stage, for this recipient (or *)",
    )  # fmt: skip
    return parser.parse_args()


def main() -> None:
    """Serves until it is told to stop."""
    arguments = _arguments()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    answer = script({(stage, recipient): reply for stage, recipient, reply in arguments.reply})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with arguments.record.open("a", buffering=1) as record:

        def keep(letter: Accepted) -> None:
            record.write(_line(letter, whole=arguments.whole) + "\n")

        offer = Offer(delay_seconds=arguments.delay)
        with ScriptedSmtp(answer, offer=offer, port=arguments.port, keep=keep):
            signal.pause()


if __name__ == "__main__":
    main()

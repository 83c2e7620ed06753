"""How uvicorn runs the web: with the fastest parts that are installed, and known files answered before all else.

A feed reader asks for the same file with the same head again and again. Such a request, on a connection that has sent
nothing else, is answered from memory without being parsed twice. The first request that is anything else hands its connection
over to uvicorn's own protocol, which does not notice, and the application.
"""

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from publisher.web.files import Files, send_answer
from publisher.web.files.asked import Asked, asked
from publisher.web.files.heads import Answer, lines

_REQUEST = re.compile(
    rb"(GET|HEAD) (/[!-\"$-~]*) HTTP/1\.1\r\n((?:[!#-'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
)
_NOT_SIMPLE = frozenset({b"content-length", b"expect", b"range", b"te", b"trailer", b"transfer-encoding", b"upgrade"})
_REQUEST_BYTES = 2048
_REQUESTS = 4096
"""How many different requests are remembered, of so many bytes at most."""


class WebApp:
    """The application, with a way past its routes and guards for the files that are in memory."""

    def __init__(self, app: ASGIApp, files: Files) -> None:
        self._app, self.files = app, files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and (kept := self.files.find(scope["path"])):
            wants = asked(scope["headers"])
            answer = None if wants.has_body else kept.answer(wants, is_head=scope["method"] == "HEAD")
            if answer:
                await send_answer(answer, send)
                return
        await self._app(scope, receive, send)


def server_config(app: WebApp, *, is_quick: bool = True, **more: Any) -> uvicorn.Config:
    """For `uvicorn.Server`, in the event loop of `config.get_loop_factory()`: uvloop where it is installed.

    `is_quick=False` lets uvicorn's protocol parse every request. `more` goes to uvicorn.
    """
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off", **more)
    config.load()
    if is_quick:
        protocol, ready = config.http_protocol_class, _Ready(app.files)

        class Quick(_Quick):
            def __init__(self, **given: Any) -> None:
                super().__init__(ready, protocol, **given)

        config.http_protocol_class = Quick
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """One request's bytes, understood."""

    path: str
    wants: Asked
    is_head: bool
    is_last: bool


class _Ready:
    """Answers by the bytes of requests, for all connections of one server."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: OrderedDict[bytes, _Request] = OrderedDict()

    def answer(self, data: bytes) -> tuple[Answer, bool] | None:
        """What can be sent at once, and whether the reader wants nothing more; None for everything that is not that."""
        request = self._known.get(data)
        if request is None:
            request = _understood(data)
            if request is None:
                return None
            self._remember(data, request)
        kept = self._files.find(request.path)
        answer = kept.answer(request.wants, is_head=request.is_head) if kept else None
        return (answer, request.is_last) if answer else None

    def _remember(self, data: bytes, request: _Request) -> None:
        if len(data) <= _REQUEST_BYTES:
            self._known[data] = request
            if len(self._known) > _REQUESTS:
                self._known.popitem(last=False)


def _understood(data: bytes) -> _Request | None:
    """Exactly one whole request without a body, of the plainest kind: what is the least bit odd is for uvicorn to judge."""
    found = _REQUEST.fullmatch(data)
    if found is None:
        return None
    fields = (line.partition(b":") for line in found[3].split(b"\r\n")[:-1])
    headers = [(name.lower(), value.strip(b" \t")) for name, _, value in fields]
    names = [name for name, _ in headers]
    if not _NOT_SIMPLE.isdisjoint(names) or names.count(b"host") != 1:
        return None
    ways = [value.lower() for name, value in headers if name == b"connection"]
    if ways not in ([], [b"keep-alive"], [b"close"]):
        return None
    path = unquote(found[2].partition(b"?")[0].decode("ascii"))
    return _Request(path=path, wants=asked(headers), is_head=found[1] == b"HEAD", is_last=ways == [b"close"])


class _Quick(asyncio.Protocol):
    """The beginning of a connection. `server_state` and the other arguments are those that uvicorn gives to a protocol."""

    def __init__(
        self,
        ready: _Ready,
        protocol: type[asyncio.Protocol],
        *,
        config: uvicorn.Config,
        server_state: ServerState,
        **more: Any,
    ) -> None:
        self._ready, self._protocol = ready, protocol
        self._given = {"config": config, "server_state": server_state, **more}
        self._state = server_state
        self._idle_seconds = config.timeout_keep_alive
        self._loop = asyncio.get_running_loop()
        self._answered_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections().add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._leave()

    def data_received(self, data: bytes) -> None:
        assert self._transport
        found = self._ready.answer(data)
        if found is None:
            self._hand_over(data)
            return
        answer, is_last = found
        self._state.total_requests += 1
        end = b"connection: close\r\n\r\n" if is_last else b"\r\n"
        self._transport.writelines((answer.wire, lines(self._state.default_headers), answer.lines, end, answer.body))
        if is_last:
            self._transport.close()
            return
        self._answered_at = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._idle_seconds, self._close_if_idle)

    def pause_writing(self) -> None:
        """Who does not read what was asked for may not ask for more."""
        assert self._transport
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        assert self._transport
        self._transport.resume_reading()

    def shutdown(self) -> None:
        """Called by uvicorn when it stops: nothing is ever half answered here."""
        assert self._transport
        self._transport.close()

    def _hand_over(self, data: bytes) -> None:
        assert self._transport
        self._leave()
        protocol = self._protocol(**self._given)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _close_if_idle(self) -> None:
        assert self._transport
        left = self._answered_at + self._idle_seconds - self._loop.time()
        self._timer = None
        if left <= 0:
            self._transport.close()
        else:
            self._timer = self._loop.call_later(left, self._close_if_idle)

    def _leave(self) -> None:
        self._connections().discard(self)
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _connections(self) -> set[Any]:
        return cast("set[Any]", self._state.connections)

"""What every request passes first: bodies stay small, and other sites' pages can't press our buttons."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT_BYTES = 16_384
_OPEN_TO_ALL = ("/subscribe",)
"""Carries no authority: a form on another site may post here."""
_READERS = "/u/"
"""Decides for itself: mail providers post the one-click request of RFC 8058 here."""


class _TooLarge(Exception):
    pass


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, own_hosts: frozenset[str]) -> None:
        self._app, self._own_hosts = app, own_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _declared_length(headers) > BODY_LIMIT_BYTES:
            await _refuse("The request is too large.\n", 413)(scope, receive, send)
        elif (
            scope["method"] not in ("GET", "HEAD", "OPTIONS")
            and not _is_open(scope)
            and is_cross_site(headers, self._own_hosts)
        ):
            await _refuse("This form was sent from another site.\n", 403)(scope, receive, send)
        else:
            await self._limited(scope, receive, send)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, is_begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY_LIMIT_BYTES:
                raise _TooLarge
            return message

        async def safe(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                MutableHeaders(scope=message).setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            await self._app(scope, counted, safe)
        except _TooLarge:
            if not is_begun:
                await _refuse("The request is too large.\n", 413)(scope, receive, send)


def _refuse(why: str, status: int) -> PlainTextResponse:
    return PlainTextResponse(why, status, headers={"X-Content-Type-Options": "nosniff"})


def own_hosts(*urls: str) -> frozenset[str]:
    """The hosts, with their ports, that our own pages come from."""
    return frozenset(urlsplit(url).netloc.lower() for url in urls)


def is_cross_site(headers: Headers, own_hosts: frozenset[str]) -> bool:
    """Whether a browser says that another site's page sent this (Fetch Metadata, else Origin).

    Behind a proxy the Host may be the proxy's own, so the site's addresses count as well.
    """
    fetched_from = headers.get("sec-fetch-site")
    if fetched_from:
        return fetched_from not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() not in {headers.get("host", "").lower(), *own_hosts}
    except ValueError:
        return True


def _is_open(scope: Scope) -> bool:
    path = str(scope["path"])
    return path.rstrip("/").endswith(_OPEN_TO_ALL) or _READERS in path


def _declared_length(headers: Headers) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() else 0

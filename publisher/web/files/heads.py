"""The heads of all answers about a file, as ASGI wants them: lists of names in lower case with their values."""

from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import quote

from publisher.core.media import is_feed, is_text, is_worth_gzip, media_type
from publisher.core.model import Site

CACHE_SECONDS = 900
Headers = list[tuple[bytes, bytes]]

NOT_KEPT: Headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
KEPT: Headers = [
    (b"cache-control", f"public, max-age={CACHE_SECONDS}".encode()),
    (b"x-content-type-options", b"nosniff"),
]
FOR_ALL_ORIGINS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Last-Modified, Link"),
]
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
]
ALLOW: Headers = [(b"allow", b"GET, HEAD, OPTIONS")]


class Answer:
    """What is sent. `wire` is the beginning as HTTP/1.1 writes it, `lines` the headers; an empty line would end them."""

    __slots__ = ("body", "headers", "lines", "status", "wire")

    def __init__(self, *, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body
        self.wire = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self.lines = lines(headers)


def lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Of one version of one file in one encoding."""

    etag: bytes
    last_modified: bytes
    size: int
    always: Headers
    """With 200 and 304 alike."""
    of_body: Headers
    """With a body, whole or in part."""

    def known(self) -> Headers:
        """Of a 304: what RFC 9110, 15.4.5, wants, and what a script on another site needs to see it."""
        return [*self._validators(), *self.always]

    def whole(self) -> Headers:
        return [*self.of_body, (b"content-length", b"%d" % self.size), *self._validators(), *self.always]

    def part(self, wanted: range) -> Headers:
        """Of a 206, RFC 9110, 15.3.7; an empty range is the 416 of 15.5.17."""
        if not wanted:
            return [(b"content-range", b"bytes */%d" % self.size), (b"content-length", b"0"), *NOT_KEPT]
        place = b"bytes %d-%d/%d" % (wanted.start, wanted.stop - 1, self.size)
        length = (b"content-length", b"%d" % len(wanted))
        return [*self.of_body, (b"content-range", place), length, *self._validators(), *self.always]

    def _validators(self) -> Headers:
        return [(b"etag", self.etag), (b"last-modified", self.last_modified)]


def heads(
    site: Site,
    name: str,
    *,
    digest: str,
    modified: int,
    size: int,
    whole_size: int | None = None,
    is_gzip: bool = False,
) -> Heads:
    """`name` is the file's, relative to the output folder; `digest` is made from the bytes that are sent.

    `whole_size` is that of the bytes before they were compressed.
    """
    kind = media_type(PurePosixPath(name))
    is_coded = is_worth_gzip(kind, size if whole_size is None else whole_size)
    always = [*KEPT, *([(b"vary", b"Accept-Encoding")] if is_coded else [])]
    of_body: Headers = [(b"content-type", kind.encode())]
    if is_gzip:
        of_body.append((b"content-encoding", b"gzip"))
    if is_feed(PurePosixPath(name).name):
        always += FOR_ALL_ORIGINS
        of_body.append((b"link", links(site, name).encode()))
    if takes_ranges(kind):
        of_body.append((b"accept-ranges", b"bytes"))
    return Heads(
        etag=f'"{digest}"'.encode(),
        last_modified=formatdate(modified, usegmt=True).encode(),
        size=size,
        always=always,
        of_body=of_body,
    )


def links(site: Site, name: str) -> str:
    """What a feed says of itself (WebSub, 4): its own address and its hub."""
    hub = f'<{site.websub_hub}>; rel="hub", ' if site.websub_hub else ""
    return f'{hub}<{site.absolute("/" + quote(name))}>; rel="self"'


def takes_ranges(kind: str) -> bool:
    """Recordings, pictures and the like; a text is sent whole, and compressed."""
    return not is_text(kind)

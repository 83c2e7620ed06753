"""Large files: read from the disk in pieces, in ranges if asked for. Their digests are kept, since they take a while."""

import os
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.types import Send

from publisher.core.model import Site
from publisher.web.files.asked import Asked
from publisher.web.files.heads import Headers, Heads, heads
from publisher.web.files.shelf import Stamp, later, stamp

_PIECE_BYTES = 256_000
_KNOWN_FILES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    stamp: Stamp
    digest: str
    modified: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file, and what is to be sent of it."""

    file: IO[bytes]
    status: int
    headers: Headers
    wanted: range

    async def send(self, send: Send) -> None:
        """A file that is cut short meanwhile ends the connection, so that nobody takes the rest for the whole."""
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            self.file.seek(self.wanted.start)
            left = len(self.wanted)
            while left > 0 and (piece := await run_in_threadpool(self.file.read, min(left, _PIECE_BYTES))):
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.file.close()


class Streams:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[Path, _Known] = {}
        self._hashing = Lock()

    def open(self, path: Path, name: str, asked: Asked, *, is_head: bool) -> Opened:
        """The answer to a request for a file: head, body and validators are of the one that is open. Raises OSError."""
        file = path.open("rb")
        try:
            known = self._look(file, path)
            told, size = min(known.modified, int(time.time())), os.fstat(file.fileno()).st_size
            found = heads(self._site, name, digest=known.digest, modified=told, size=size)
            status, headers, wanted = _answer(found, known.modified, asked, is_head=is_head)
            return Opened(file=file, status=status, headers=headers, wanted=wanted)
        except BaseException:
            file.close()
            raise

    def _look(self, file: IO[bytes], path: Path) -> _Known:
        state = os.fstat(file.fileno())
        with self._hashing:
            before = self._known.get(path)
            if before and before.stamp == stamp(state):
                return before
            digest = _digest(file)
            then = (before.digest == digest, before.modified) if before else None
            modified = later(state.st_mtime_ns // 10**9, int(time.time()), then)
            if len(self._known) >= _KNOWN_FILES:
                self._known.clear()
            found = self._known[path] = _Known(stamp=stamp(state), digest=digest, modified=modified)
            return found


def _digest(file: IO[bytes]) -> str:
    found = sha256()
    while piece := file.read(_PIECE_BYTES):
        found.update(piece)
    return found.hexdigest()[:32]


def _answer(found: Heads, modified: int, asked: Asked, *, is_head: bool) -> tuple[int, Headers, range]:
    if asked.knows(found.etag, modified):
        return 304, found.known(), range(0)
    if is_head:
        return 200, found.whole(), range(0)
    part = asked.part(found.etag, found.last_modified, found.size)
    if part is None:
        return 200, found.whole(), range(found.size)
    return 206 if part else 416, found.part(part), part

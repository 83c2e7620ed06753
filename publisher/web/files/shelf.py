"""Small files, kept in memory with the heads of all answers that can be given to them.

A body, its ETag and its Last-Modified are read from one open file and never parted, so that no reader sees a mixture of two
builds. At every request the file is asked whether it is still the same, so that a build is on the web as soon as it is done;
whether there is another `.gz` beside it, once in `CHECK_SECONDS`.
"""

import os
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from threading import Lock

from publisher.core.media import gzipped, is_gzip_of, is_worth_gzip, media_type
from publisher.core.model import Site
from publisher.web.files.asked import Asked
from publisher.web.files.heads import Answer, Heads, heads, takes_ranges

CHECK_SECONDS = 0.1
SMALL_BYTES = 4_000_000
"""What is larger is read from the disk each time."""
SHELF_BYTES = 64_000_000
_HEADS_BYTES = 5_000
"""About what the answers take besides their bodies."""
_CLOCK_ERROR_SECONDS = 60
"""A file may be so much from the future; what is more is a mistake, and its time is when it was seen."""

Stamp = tuple[int, ...]
"""The time in nanoseconds and what else changes when a file is written, or replaced by another one."""


class _Coded:
    """One encoding of a file, with its answers made beforehand."""

    __slots__ = ("body", "head", "heads", "known", "whole")

    def __init__(self, found: Heads, body: bytes) -> None:
        self.heads, self.body = found, body
        self.whole = Answer(status=200, headers=found.whole(), body=body)
        self.head = Answer(status=200, headers=self.whole.headers, body=b"")
        self.known = Answer(status=304, headers=found.known(), body=b"")


@dataclass(slots=True, kw_only=True)
class Kept:
    """One version of one file. Only `checked_at` changes."""

    where: str
    """The file's path; a string, since it is asked for at every request."""
    name: str
    """The same, relative to the output folder."""
    stamp: Stamp
    beside: Stamp | None
    """Of the `.gz` beside it."""
    digest: str
    modified: int
    """Seconds since 1970, later than that of the version before."""
    told: int
    """As Last-Modified: `modified`, but for a version that came within a second of another; then it is less for so long."""
    plain: _Coded
    packed: _Coded | None
    is_packable: bool
    takes_ranges: bool
    checked_at: float
    """By the monotonic clock, in seconds."""

    def answer(self, asked: Asked, *, is_head: bool) -> Answer | None:
        """None while the compressed form is wanted and not made yet."""
        coded = self.plain
        if self.is_packable and asked.takes_gzip:
            if self.packed is None:
                return None
            coded = self.packed
        if asked.knows(coded.heads.etag, self.modified):
            return coded.known
        if is_head:
            return coded.head
        if asked.ranges is not None and self.takes_ranges:
            part = asked.part(coded.heads.etag, coded.heads.last_modified, coded.heads.size)
            if part is not None:
                body = coded.body[part.start : part.stop]
                return Answer(status=206 if part else 416, headers=coded.heads.part(part), body=body)
        return coded.whole

    def is_current(self) -> bool:
        """Whether this is what lies in the folder, and its time can't be told better by now."""
        try:
            if stamp(os.stat(self.where)) != self.stamp:  # noqa: PTH116
                return False
        except OSError:
            return False
        now = time.monotonic()
        if now - self.checked_at > CHECK_SECONDS:
            if self.beside != _stamp_beside(self.where) or self.told < self.modified <= time.time():
                return False
            self.checked_at = now
        return True

    def size_bytes(self) -> int:
        return _HEADS_BYTES + len(self.plain.body) + (len(self.packed.body) if self.packed else 0)


class Shelf:
    """By the path that was asked for. `find` never waits; `read` and `pack` do, and belong into other threads."""

    def __init__(self, site: Site, limit_bytes: int = SHELF_BYTES) -> None:
        self._site, self._limit_bytes = site, limit_bytes
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size_bytes = 0
        self._writing = Lock()

    def find(self, asked: str) -> Kept | None:
        """What is kept of this path, if it is still what lies in the folder."""
        kept = self._kept.get(asked)
        if kept is None:
            return None
        if not kept.is_current():
            return None
        with suppress(KeyError):
            self._kept.move_to_end(asked)
        return kept

    def read(self, asked: str, path: Path, name: str) -> Kept:
        """The version in the folder, read unless it is the one that is kept. Raises OSError.

        `name` is that of the file, relative to the output folder.
        """
        with self._writing:  # of many who ask at once, one reads
            before = self._kept.get(asked)
            if before and before.is_current():
                return before
            found = _read(self._site, path, name, before)
            self._put(asked, found)
            return found

    def pack(self, asked: str, kept: Kept) -> Kept:
        """With its compressed form, or found to be not worth one."""
        with self._writing:
            now = self._kept.get(asked)
            if now and now.digest == kept.digest and (now.packed or not now.is_packable):
                return now
            found = _packed(self._site, kept)
            self._put(asked, found)
            return found

    def _put(self, asked: str, kept: Kept) -> None:
        """Keep it, and let go of what nobody asked for longest."""
        self._drop(asked)
        self._kept[asked] = kept
        self._size_bytes += kept.size_bytes()
        while self._size_bytes > self._limit_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, asked: str) -> None:
        kept = self._kept.pop(asked, None)
        if kept:
            self._size_bytes -= kept.size_bytes()


def stamp(state: os.stat_result) -> Stamp:
    return (state.st_mtime_ns, state.st_ino, state.st_size, state.st_ctime_ns)


def _stamp_beside(where: str) -> Stamp | None:
    try:
        return stamp(os.stat(where + ".gz"))  # noqa: PTH116
    except OSError:
        return None


def _read(site: Site, path: Path, name: str, before: Kept | None) -> Kept:
    body, state = _whole(path)
    digest = sha256(body).hexdigest()[:32]
    now = int(time.time())
    modified = later(state.st_mtime_ns // 10**9, now, (before.digest == digest, before.modified) if before else None)
    told = min(modified, now)
    kind = media_type(PurePosixPath(name))
    return Kept(
        where=str(path),
        name=name,
        stamp=stamp(state),
        beside=_stamp_beside(str(path)),
        digest=digest,
        modified=modified,
        told=told,
        plain=_Coded(heads(site, name, digest=digest, modified=told, size=len(body)), body),
        packed=None,
        is_packable=is_worth_gzip(kind, len(body)),
        takes_ranges=takes_ranges(kind),
        checked_at=time.monotonic(),
    )


def later(modified: int, now: int, before: tuple[bool, int] | None) -> int:
    """When a version was made, in whole seconds: later than the one `before` if that held other bytes (RFC 9110, 8.8.2.2).

    `before` is whether it is the same, and its own time.
    """
    if modified > now + _CLOCK_ERROR_SECONDS:
        modified = now
    if before is None:
        return modified
    is_same, then = before
    return max(modified, then if is_same else then + 1)


def _whole(path: Path) -> tuple[bytes, os.stat_result]:
    """A file that is written in place while it is read is read again."""
    with path.open("rb") as file:
        while True:
            state = os.fstat(file.fileno())
            body = file.read()
            if stamp(os.fstat(file.fileno())) == stamp(state):
                return body, state
            file.seek(0)


def _packed(site: Site, kept: Kept) -> Kept:
    whole_size = len(kept.plain.body)
    body = _beside(kept) or gzipped(kept.plain.body)
    if len(body) >= whole_size:
        return replace(kept, is_packable=False)
    digest = sha256(body).hexdigest()[:32]
    found = heads(
        site, kept.name, digest=digest, modified=kept.told, size=len(body), whole_size=whole_size, is_gzip=True
    )
    return replace(kept, packed=_Coded(found, body))


def _beside(kept: Kept) -> bytes | None:
    """The `.gz` beside a file, if it is as new and holds the same."""
    path = Path(f"{kept.where}.gz")
    try:
        is_as_new = path.stat().st_mtime_ns >= kept.stamp[0]
        packed = path.read_bytes() if is_as_new else b""
    except OSError:
        return None
    return packed if packed and is_gzip_of(packed, kept.plain.body) else None

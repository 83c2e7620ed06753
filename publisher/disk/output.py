"""The output folder: files replaced whole, old ones removed last, the times of unchanged ones kept."""

import filecmp
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from publisher.core.media import gzipped, is_worth_gzip, media_type
from publisher.disk import read_text, write

MANIFEST_NAME = ".publisher"
"""In the output folder: the files there that are ours, so that only those are ever deleted."""
_SECOND = 1_000_000_000
_NEW = ".new-"
_GZ = ".gz"
_LARGE_BYTES = 16_000_000
_number = count()


class Record(NamedTuple):
    """What a file was made from, and what it was when we left it."""

    recipe: str
    """Changes when the file would be written otherwise. Empty for one that must be looked at each time."""
    mtime_ns: int
    size: int
    parts: tuple["Part", ...] = ()


class Part(NamedTuple):
    """Where, in a file that was put together of finished parts, each of them lies: so that the file is what they are kept in."""

    digest: str
    start: int
    end: int


def put_file(path: str, data: bytes) -> tuple[int, bool]:
    """Make the file hold this, whole or not at all; returns its time and whether it was written.

    A file that already holds it is left alone. Its time, in whole seconds, changes whenever the file does, since that is all
    that readers are told (RFC 9110, 8.8.2): where need be, the second is waited for.
    """
    try:
        before = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        before = None
    if before and before.st_size == len(data) and _holds(path, data):
        return before.st_mtime_ns, False
    head, _, _ = path.rpartition("/")
    temporary = f"{head}/{_NEW}{os.getpid()}-{next(_number)}"
    try:
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileNotFoundError:
            os.makedirs(head, exist_ok=True)
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        try:
            _write_all(handle, data)
            os.fchmod(handle, 0o644)
            if before:
                _make_later(handle, before.st_mtime_ns)
            mtime_ns = os.fstat(handle).st_mtime_ns
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename in (None, temporary):
            error.filename = path  # a full disk does not say which file it was
        raise
    return mtime_ns, True


def put_copy(path: str, source: Path) -> tuple[int, bool]:
    """The same from a file, a piece at a time if it is large."""
    if source.stat().st_size <= _LARGE_BYTES:
        return put_file(path, source.read_bytes())
    if os.path.isfile(path) and filecmp.cmp(source, path, shallow=False):
        return os.stat(path).st_mtime_ns, False
    head, _, _ = path.rpartition("/")
    os.makedirs(head, exist_ok=True)
    temporary = f"{head}/{_NEW}{os.getpid()}-{next(_number)}"
    try:
        shutil.copyfile(source, temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return os.stat(path).st_mtime_ns, True


def _holds(path: str, data: bytes) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read() == data
    except (FileNotFoundError, IsADirectoryError):
        return False


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _make_later(handle: int, before_ns: int) -> None:
    now = time.time_ns()
    if not now // _SECOND <= before_ns // _SECOND <= now // _SECOND + 2:
        return
    later = (before_ns // _SECOND + 1) * _SECOND
    time.sleep(max(0, later - now) / _SECOND)
    os.utime(handle, ns=(later, later))


@dataclass(kw_only=True)
class Output:
    """One build's view of its output folder."""

    folder: Path
    before: Mapping[str, Record]
    """What the last build left."""
    now: dict[str, Record] = field(default_factory=dict)
    written: int = 0
    was_broken_off: bool = False
    """Whether the last build was killed: then nothing tells what it had written already."""
    _listed_ns: int = 0

    def is_current(self, name: str, recipe: str) -> bool:
        """Whether the file was made from this, and is still as it was left."""
        known = self.before.get(name)
        return known is not None and known.recipe == recipe and self._is_as_left(name, known)

    def _is_as_left(self, name: str, known: Record) -> bool:
        try:
            found = os.stat(f"{self.folder}/{name}")
        except OSError:
            return False
        return found.st_mtime_ns == known.mtime_ns and found.st_size == known.size

    def keep(self, name: str) -> None:
        self.now[name] = self.before[name]

    def put(self, name: str, recipe: str, data: bytes, parts: tuple[Part, ...] = ()) -> bool:
        """Returns whether the file was another before."""
        mtime_ns, is_written = put_file(f"{self.folder}/{name}", data)
        self.note(name, Record(recipe, mtime_ns, len(data), parts), is_written=is_written)
        return is_written

    def note(self, name: str, record: Record, *, is_written: bool) -> None:
        """A file that somebody else wrote."""
        self.now[name] = record
        self.written += is_written

    def copy(self, name: str, source: Path) -> None:
        """A file as it is; its time goes along."""
        found = source.stat()
        record = Record(f"copy {found.st_ctime_ns}", found.st_mtime_ns, found.st_size)
        if self.is_current(name, record.recipe) and self._is_as_left(name, record):
            self.now[name] = record
            return
        before_ns, is_written = put_copy(f"{self.folder}/{name}", source)
        os.utime(f"{self.folder}/{name}", ns=(found.st_atime_ns, found.st_mtime_ns))
        self.note(name, record, is_written=is_written or before_ns != found.st_mtime_ns)

    def zip(self) -> None:
        """Beside each text file its `.gz`, as old as the file, for web servers that would rather not compress it each time."""
        for name, record in [*self.now.items()]:
            target, recipe = zipped_name(name), f"gzip {record.mtime_ns} {record.size}"
            if target in self.now or not is_worth_gzip(media_type(PurePosixPath(name)), record.size):
                continue  # one that the writer made is as good
            if self.is_current(target, recipe):
                self.keep(target)
                continue
            data = gzipped((self.folder / name).read_bytes())
            _, is_written = put_file(f"{self.folder}/{target}", data)
            os.utime(f"{self.folder}/{target}", ns=(record.mtime_ns, record.mtime_ns))
            self.note(target, Record(recipe, record.mtime_ns, len(data)), is_written=is_written)

    def is_zipped(self) -> bool:
        """Whether earlier builds made them."""
        return any(name.endswith(_GZ) for name in self._listed() if name.startswith(("index.html", "rss.xml")))

    def begin(self, planned: Iterable[str]) -> None:
        """Before the first write: all that will be there is written down, so that nothing of ours is ever forgotten.

        What stands in the way of a new name goes at once: a file where a folder is to be, and the other way round.
        """
        names = {*planned}
        old = self._listed()
        with suppress(FileNotFoundError):
            self._listed_ns = os.stat(self.folder / MANIFEST_NAME).st_mtime_ns
        if names <= old:
            return
        write(self.folder / MANIFEST_NAME, _lines(old | names))
        for name in _in_the_way(old - names, names - old):
            if self._is_ours(name):
                _remove(self.folder, name)

    def end(self) -> int:
        """Remove what is ours and not wanted any more, now that nothing names it; returns how many files."""
        old = self._listed()
        stale = old - self.now.keys()
        ours = [name for name in stale if self._is_ours(name)]
        for name in ours:
            _remove(self.folder, name)
        if old != self.now.keys():
            write(self.folder / MANIFEST_NAME, _lines(self.now))
        if self.written or stale:
            os.utime(self.folder / MANIFEST_NAME)
        return len(ours)

    def _is_ours(self, name: str) -> bool:
        """Whether what lies there is what we wrote, and not what another program put in its place since.

        Where nothing is known of it, that is told by its time: all of ours are older than the list.
        """
        try:
            found = os.stat(f"{self.folder}/{name}")
        except OSError:
            return False
        if known := self.before.get(name):
            return (found.st_mtime_ns, found.st_size) == (known.mtime_ns, known.size)
        return self.was_broken_off or found.st_mtime_ns <= self._listed_ns

    def sweep(self) -> None:
        """Remove what a build left half written when it was killed."""
        for place, _, names in os.walk(self.folder):
            for name in names:
                if name.startswith(_NEW):
                    with suppress(OSError):
                        os.unlink(f"{place}/{name}")

    def _listed(self) -> set[str]:
        return {*(read_text(self.folder / MANIFEST_NAME) or "").splitlines()}


def zipped_name(name: str) -> str:
    return f"{name}{_GZ}"


def _in_the_way(stale: set[str], new: set[str]) -> list[str]:
    """Of what is to go, what is a new name's folder, or lies in a folder that is a new file's name."""
    folders = folders_of(new)
    return [name for name in stale if name in folders or folders_of([name]) & new]


def folders_of(names: Iterable[str]) -> set[str]:
    """All folders in which these files lie."""
    found: set[str] = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in sorted(names)).encode()


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        return
    with suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()
    for parent in path.parents:
        if parent == folder:
            break
        try:
            parent.rmdir()
        except OSError:
            break

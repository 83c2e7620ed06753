"""Files: posts in, pages and letters out, and locks. Decides nothing."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from time import monotonic, sleep
from typing import IO

import imagesize

from publisher.core.errors import Busy, PublisherError
from publisher.core.library import POST_SUFFIXES, Source
from publisher.core.media import media_type
from publisher.core.model import Asset, Envelope, Reply, is_one_line
from publisher.core.retry import Answer

MANIFEST_NAME = ".publisher"
"""In the output folder: the files there that are ours, so that only those are ever deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one write of an output folder did, in numbers of files."""

    written: int
    unchanged: int
    removed: int


def read_posts(folder: Path) -> tuple[list[Source], list[Asset]]:
    """Every post below `folder`, and every other file. Names that begin with a dot or an underscore are left out."""
    if not folder.is_dir():
        raise PublisherError(
            f"{folder}: there is no such folder, wanted is the folder of the posts (PUBLISHER_POSTS_DIR)"
        )
    sources: list[Source] = []
    assets: list[Asset] = []
    for path in _files(folder):
        relative = PurePosixPath(path.relative_to(folder).as_posix())
        if relative.suffix.lower() in POST_SUFFIXES:
            sources.append(_source(path, relative))
        elif asset := _asset(path, relative):
            assets.append(asset)
    return sources, assets


def signature(*folders: Path) -> str:
    """Changes when a file below these folders comes, goes, or is written."""
    found = sha256()
    for folder in folders:
        for path in _files(folder):
            with suppress(OSError):
                state = path.stat()
                found.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(
            name for name in folders if not name.startswith((".", "_")) and not _leads_back(folder, Path(place, name))
        )
        for name in sorted(names):
            if not name.startswith((".", "_")) and not name.endswith("~"):
                yield Path(place, name)


def _leads_back(top: Path, path: Path) -> bool:
    """Whether it is a link to a folder that it lies in: whoever followed it would never come to an end."""
    if not path.is_symlink():
        return False
    above = path.parent
    ways = [top, *(top / part for part in (above.relative_to(top), *above.relative_to(top).parents))]
    return path.resolve() in {way.resolve() for way in ways}


def _source(path: Path, relative: PurePosixPath) -> Source:
    try:
        return Source(path=relative, data=path.read_bytes())
    except OSError as error:
        return Source(path=relative, data=None, complaint=f"{error.strerror}: wanted is a file that you may read")


def _asset(path: Path, relative: PurePosixPath) -> Asset | None:
    if not is_one_line(str(relative)):
        return None
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return None
        kind = media_type(relative)
        width, height = imagesize.get(path) if kind.startswith("image/") else (-1, -1)
    except (OSError, ValueError):
        return None
    return Asset(
        path=relative,
        size_bytes=found.st_size,
        media_type=kind,
        width=int(width) if width > 0 else None,
        height=int(height) if height > 0 else None,
    )


def read_text(path: Path) -> str | None:
    """The text of a file, or None where there is none. Raises PublisherError for one that is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise PublisherError(f"{path}: the file is not UTF-8, restore it from a copy") from error


def write(path: Path, data: bytes, *, mode: int = 0o644, is_durable: bool = False) -> bool:
    """Write a file whole or not at all, by rename; returns whether it changed. A file that already holds this is left alone.

    `is_durable` waits until the disk has it, for what could not be made again.
    """
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        if path.read_bytes() == data:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say which file it was
        raise
    return True


def write_output(folder: Path, files: Mapping[str, bytes], copies: Mapping[str, Path]) -> Written:
    """Make `folder` hold these files, in the order given, and none of ours besides; whatever else lies there is left alone.

    Where a copy has the name of a file, the file wins. Nothing is deleted before everything is written, so that no list or
    feed ever names a page that is not there; but for a file where a folder is to be, and the other way round.
    """
    manifest = folder / MANIFEST_NAME
    copies = {name: source for name, source in copies.items() if name not in files}
    before = (read_text(manifest) or "").splitlines()
    now = [*copies, *files]
    write(manifest, _lines({*before, *now}))
    stale = sorted({*before} - {*now})
    for name in _in_the_way(stale, now):
        _remove(folder, name)
    written = sum(_copy(source, folder / name) for name, source in copies.items())
    written += sum(write(folder / name, data) for name, data in files.items())
    for name in stale:
        _remove(folder, name)
    write(manifest, _lines(now))
    return Written(written=written, unchanged=len(now) - written, removed=len(stale))


def _in_the_way(stale: list[str], now: list[str]) -> list[str]:
    """Of what is to go, what is a folder's name now, or lies in a folder that is a file's name now."""
    folders = {str(parent) for name in now for parent in PurePosixPath(name).parents}
    files = {*now}
    return [
        name for name in stale if name in folders or any(str(parent) in files for parent in PurePosixPath(name).parents)
    ]


def _lines(names: set[str] | list[str]) -> bytes:
    return "".join(f"{name}\n" for name in sorted(names)).encode()


def _copy(source: Path, target: Path) -> bool:
    """Copy a file that is newer or of another size; its time goes along."""
    found = source.stat()
    with suppress(FileNotFoundError):
        there = target.stat()
        if (there.st_size, there.st_mtime_ns) == (found.st_size, found.st_mtime_ns):
            return False
    write(target, source.read_bytes())
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    return True


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


class Lock:
    """A file that one process holds at a time. The kernel lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self, *, patience_seconds: float = 0) -> bool:
        """Take it, waiting so long for another holder; returns whether it is ours now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        end = monotonic() + patience_seconds
        while True:
            file = self.path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
            else:
                self._file = file
                return True
            if monotonic() >= end:
                return False
            sleep(0.05)

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def is_held(self) -> bool:
        """Whether a living process, this one included, holds it."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False


@contextmanager
def locked(path: Path, *, patience_seconds: float, purpose: str) -> Iterator[None]:
    """Hold a lock; raises Busy where another process keeps it longer than one cares to wait."""
    lock = Lock(path)
    if not lock.acquire(patience_seconds=patience_seconds):
        raise Busy(f"another process is {purpose} here ({path.name} is locked): try again when it is done")
    try:
        yield
    finally:
        lock.release()


class MailFolder:
    """Letters as `.eml` files, for a site without a mail server. The same letter again is the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def connect(self) -> "MailFolder":
        return self

    def send(self, envelope: Envelope) -> Answer:
        name = sha256(_message_id(envelope.message)).hexdigest()[:16]
        head = f"Return-Path: <{envelope.mail_from}>\r\nX-Envelope-To: <{envelope.rcpt_to}>\r\n".encode()
        path = self.folder / f"{name}.eml"
        write(path, head + envelope.message, mode=0o600, is_durable=True)
        return Answer(stage="data", reply=Reply(code=250, enhanced="2.0.0", text=f"written to {path.name}"))

    def close(self) -> None:
        pass


def _message_id(message: bytes) -> bytes:
    return next(line for line in message.split(b"\r\n") if line.lower().startswith(b"message-id:"))

"""Files: posts in, pages and letters out, what a build keeps for the next one, and locks. Decides nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from publisher.core.errors import PublisherError

_NEW = ".new-"


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
    with new_file(path, mode=mode, is_durable=is_durable) as file:
        file.write(data)
    return True


@contextmanager
def new_file(path: Path, *, mode: int = 0o644, is_durable: bool = False) -> Iterator[BinaryIO]:
    """A file that gets its name when it is whole: where the `with` raises, nothing has changed. Until then it is ours alone."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_NEW)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
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


def sweep(folder: Path) -> None:
    """Remove what was half written there when a write was killed. Nobody else may be writing at the time."""
    for path in folder.glob(f"{_NEW}*"):
        with suppress(OSError):
            path.unlink()

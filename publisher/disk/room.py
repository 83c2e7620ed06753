"""What a disk has room for, whom it lets write and read, and when something was last written."""

import shutil
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from publisher.core.checkup import Room


def room(folder: Path) -> Room:
    """Found by writing a file and taking it away again; where there is no such folder yet, in the one that it would be in."""
    place = next(each for each in (folder, *folder.parents) if each.is_dir())
    refusal = None
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"\n")
    except OSError as error:
        refusal = error.strerror or type(error).__name__
    return Room(folder=str(folder), free_bytes=shutil.disk_usage(place).free, refusal=refusal)


def open_to_all(files: Iterable[Path]) -> list[Path]:
    """Those that anybody on this machine can read, as far as their own permissions go."""
    return [file for file in files if file.is_file() and file.stat().st_mode & stat.S_IROTH]


def last_written(folder: Path) -> tuple[str, datetime] | None:
    """The newest file below a folder, by its name there, and its time; None where there is none."""
    found: list[tuple[float, str]] = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # it has gone meanwhile
            state = path.lstat()
            if stat.S_ISREG(state.st_mode):
                found.append((state.st_mtime, str(path.relative_to(folder))))
    if not found:
        return None
    seconds, name = max(found)
    return name, datetime.fromtimestamp(seconds, UTC)

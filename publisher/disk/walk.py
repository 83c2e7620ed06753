"""What lies in a folder. Imports next to nothing: a build that finds nothing changed is over before a library is loaded."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

State = tuple[int, int, int]
"""When a file was written and when its inode changed, in nanoseconds, and its size in bytes."""


UNREADABLE: State = (0, 0, -1)


def state_of(path: str | Path) -> State | None:
    """None for what is not there, or is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def walk(folder: Path) -> Iterator[tuple[str, State]]:
    """Every file below `folder`: its path relative to it, with `/`, and its state; in a fixed order. A file or folder that can't
    be looked at is UNREADABLE.

    Left out is what begins with a dot or an underscore (but for `_posts`, a name of Jekyll's), what ends in `~`, and links to
    a folder that they lie in: whoever followed those would never come to an end.
    """
    yield from _walk(str(folder), "", (str(folder),))


def _walk(place: str, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, State]]:
    try:
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        name = entry.name
        if (name[0] in "._" and name != "_posts") or name[-1] == "~":
            continue
        try:
            if entry.is_dir():
                if not (entry.is_symlink() and _leads_back(entry.path, above)):
                    yield from _walk(entry.path, f"{prefix}{name}/", (*above, entry.path))
            else:
                state = entry.stat()
                if stat.S_ISREG(state.st_mode):  # a pipe would keep its reader waiting for ever
                    yield prefix + name, (state.st_mtime_ns, state.st_ctime_ns, state.st_size)
        except OSError:
            yield prefix + name, UNREADABLE


def _leads_back(path: str, above: tuple[str, ...]) -> bool:
    return os.path.realpath(path) in {os.path.realpath(folder) for folder in above}

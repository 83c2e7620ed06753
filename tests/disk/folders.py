"""Folders full of files, and other processes, for the tests of what is done with files."""

import signal
import subprocess
import sys
from pathlib import Path


def make(folder: Path, *names: str, data: bytes = b"x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def times(folder: Path) -> dict[str, tuple[int, int]]:
    """Of everything there, when it was written and which it is."""
    found = {path.relative_to(folder).as_posix(): path.stat() for path in folder.rglob("*")}
    return {name: (each.st_mtime_ns, each.st_ino) for name, each in found.items()}


def python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Another process, of the same Python and library."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str], *, how: int = signal.SIGKILL) -> None:
    process.send_signal(how)
    process.communicate()

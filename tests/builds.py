"""A site that is built again and again, in this process or in one that is killed half-way, and compared with one built anew."""

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher.actions.publication import Workshop
from publisher.actions.publish import Build, publish
from publisher.actions.survey import Survey
from publisher.app import open_workshop
from publisher.disk.output import MANIFEST_NAME

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
SETTINGS = {
    "SITE_URL": "https://example.org/blog",
    "SITE_TITLE": "Tides",
    "TIMEZONE": "Europe/Berlin",
    "AUTHOR_NAME": "Ada",
}
_HALF = ".new-"


class Yard:
    """A site's folder, its settings, and the time there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.posts, self.public, self.templates = folder / "posts", folder / "public", folder / "templates"
        self.posts.mkdir(parents=True)
        self.settings, self.now = dict(SETTINGS), START
        self.news: list[bool] = []

    # -- what its owner does

    def write(self, name: str, data: bytes) -> None:
        """Put a file into the folder of posts; where a folder has the name, or a file that of its folder, nothing."""
        path = self.posts / name
        if path.is_dir() or any(parent.is_file() for parent in path.parents):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def files(self) -> list[str]:
        return sorted(_names(self.posts) - {".ids"})

    def rename(self, old: str, new: str) -> None:
        path = self.posts / new
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            (self.posts / old).rename(path)

    # -- builds

    def workshop(self) -> Workshop:
        environment = {f"PUBLISHER_{name}": value for name, value in self.settings.items()}
        return open_workshop(self.folder, environment=environment)

    def build(self, *, workers: int = 1, is_full: bool = False, is_zipped: bool = False) -> Build:
        def tell(survey: Survey, *, is_news: bool) -> None:
            self.news.append(is_news)

        with _on_cores(workers):
            return publish(self.workshop(), self.now, tell, is_full=is_full, is_zipped=is_zipped)[1]

    def build_killed(self, *, before_change: int) -> bool:
        """Build in a process that is killed before it makes its so-manieth change to the disk; False where it made fewer."""
        child = self._build_in_a_child(lambda: _kill_before(before_change))
        return _was_killed(child)

    def build_killed_after(self, seconds: float, *, workers: int) -> bool:
        """The same by the clock."""
        child = self._build_in_a_child(lambda: None, workers=workers)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return _was_killed(child)

    def _build_in_a_child(self, prepare: Callable[[], None], *, workers: int = 1) -> int:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                prepare()
                self.build(workers=workers)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        return child

    # -- what must be true

    def assert_settled(self, *, workers: int = 1) -> None:
        """Another build finds nothing to do."""
        before, kept = states(self.public), contents(self.posts)
        again = self.build(workers=workers)
        assert (again.written, again.removed) == (0, 0), changed(before, states(self.public))
        assert changed(before, states(self.public)) == {}
        assert contents(self.posts) == kept

    def assert_as_built_anew(self, *, workers: int = 1) -> None:
        """The output is, byte for byte, that of the same posts and ids in a folder where nothing was ever built."""
        fresh = Yard(self.folder.with_name(f"{self.folder.name}-anew"))
        try:
            shutil.copytree(self.posts, fresh.posts, dirs_exist_ok=True)
            if self.templates.exists():
                shutil.copytree(self.templates, fresh.templates)
            fresh.settings, fresh.now = self.settings, self.now
            fresh.build(workers=workers, is_full=True)
            assert differences(contents(self.public), contents(fresh.public)) == []
            assert differences(contents(self.posts), contents(fresh.posts)) == []
        finally:
            shutil.rmtree(fresh.folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the list of what is ours."""
    return {name: (folder / name).read_bytes() for name in sorted(_names(folder) - {MANIFEST_NAME})}


def states(folder: Path) -> dict[str, tuple[int, int]]:
    """Of every file its time, and which it is."""
    found = {name: (folder / name).stat() for name in sorted(_names(folder))}
    return {name: (each.st_mtime_ns, each.st_ino) for name, each in found.items()}


def changed(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> dict[str, str]:
    return {
        name: "new" if name not in before else "gone" if name not in after else "written"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def differences(mine: dict[str, bytes], fresh: dict[str, bytes]) -> list[str]:
    """Lines that tell what stands only on one side, and the first place where two files part."""
    found = [f"{name}: only in the old folder" for name in sorted(mine.keys() - fresh.keys())]
    found += [f"{name}: only in the new folder" for name in sorted(fresh.keys() - mine.keys())]
    for name in sorted(mine.keys() & fresh.keys()):
        if mine[name] != fresh[name]:
            at = next((n for n, (a, b) in enumerate(zip(mine[name], fresh[name], strict=False)) if a != b), -100)
            cut = slice(max(0, at - 60), at + 60)
            found.append(f"{name}: {mine[name][cut]!r} is {fresh[name][cut]!r} anew")
    return found


def left_half_written(folder: Path) -> list[str]:
    return [name for name in sorted(_names(folder)) if name.rpartition("/")[2].startswith(_HALF)]


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


@contextmanager
def _on_cores(count: int) -> Iterator[None]:
    """Let this process, and those that it starts, see so many cores."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _was_killed(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.WIFSIGNALED(status)


_TO_WRITE = os.O_WRONLY | os.O_RDWR
_CHANGES = frozenset({"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.utime"})


def _kill_before(number: int) -> None:
    """End this process, and not those that it starts, as the kernel would, before a change to the disk."""
    me, left = os.getpid(), number

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in _CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _TO_WRITE):
            left -= 1
            if left <= 0 and os.getpid() == me:
                os.kill(me, signal.SIGKILL)

    sys.addaudithook(look)

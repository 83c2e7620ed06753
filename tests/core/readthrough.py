"""Files in memory, read through all that a build does with them: looked at, given their place, read to the end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from publisher.core.digest import Story
from publisher.core.head import Unfit
from publisher.core.identity import Register
from publisher.core.library import Library, arrange
from publisher.core.manuscript import Source, open_source, read_manuscript
from publisher.core.model import Asset, Post, Problem, Site
from publisher.core.place import Place
from publisher.core.prose import Placed, Prose, read_prose

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FOLDER = "posts"
Files = Mapping[str, str | bytes | None]
"""Paths with what is in them; None for a file that can't be read."""


def site(url: str = "https://example.org", **changes: object) -> Site:
    values: dict[str, object] = {
        "url": url,
        "service_url": url,
        "title": "T",
        "description": "",
        "language": "en",
        "timezone": ZoneInfo("Europe/Berlin"),
        "author_name": "Ada",
    }
    return Site(**(values | changes))  # type: ignore[arg-type]


def asset(path: str, kind: str = "image/png", size: int = 1234) -> Asset:
    return Asset(path=PurePosixPath(path), size_bytes=size, media_type=kind, width=640, height=480)


ASSETS = (asset("images/a b.png"), asset("bundle/pot.png"), asset("audio/bell.mp3", "audio/mpeg"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadThrough:
    library: Library
    stories: tuple[Story, ...]
    """Newest first."""
    problems: tuple[Problem, ...]
    """Of the library and of each post."""

    @property
    def posts(self) -> tuple[Post, ...]:
        return tuple(story.post for story in self.stories)

    @property
    def sources(self) -> list[str]:
        return [post.source for post in self.posts]


def sources_of(files: Files) -> list[Source]:
    return [
        Source(path=PurePosixPath(path), data=text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        for path, text in files.items()
    ]


def arranged(
    files: Files,
    *,
    register: Register | None = None,
    where: Site | None = None,
    now: datetime = NOW,
    assets: Iterable[Asset] = ASSETS,
) -> Library:
    """The files with their places, and no word read that is not needed for that."""
    there = where or site()
    manuscripts = [read_manuscript(source, there, FOLDER) for source in sources_of(files)]
    beside = {str(found.path): found for found in assets}
    kept = Register() if register is None else register
    return arrange(manuscripts, beside, kept, there, now, folder=FOLDER)


def read(
    files: Files,
    *,
    register: Register | None = None,
    where: Site | None = None,
    now: datetime = NOW,
    assets: Iterable[Asset] = ASSETS,
) -> ReadThrough:
    """The same, and every post with its words."""
    there = where or site()
    library = arranged(files, register=register, where=there, now=now, assets=assets)
    by_path = {str(source.path): source for source in sources_of(files)}
    prose = [_prose(by_path[placed.source], placed, library, there) for placed in library.placed]
    told = {*library.problems, *(problem for each in prose for problem in each.problems)}
    return ReadThrough(
        library=library,
        stories=tuple(Story(each.post, each.body()) for each in prose),
        problems=tuple(sorted(told, key=lambda problem: (problem.file, problem.line or 0, problem.what))),
    )


def _prose(source: Source, placed: Placed, library: Library, there: Site) -> Prose:
    try:
        head = open_source(source, there, FOLDER)
    except Unfit as unfit:
        raise AssertionError(f"placed, and not to be read: {unfit}") from unfit
    place = Place(library.surroundings(there), there.absolute(placed.entry.path), placed.source)
    return read_prose(head, placed, there, place, FOLDER)


def one(head: str, body: str = "Text\n", *, path: str = "a.md", where: Site | None = None) -> Story:
    """The post that is read, about which nothing is complained."""
    found = read({path: f"---\ndate: 2026-11-01\n{head}\n---\n{body}"}, where=where)
    assert found.problems == ()
    (story,) = found.stories
    return story

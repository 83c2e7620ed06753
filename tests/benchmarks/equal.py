"""Whether two contenders did the same job: every page there with what belongs on it, every feed read by feedparser."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import feedparser

from tests.benchmarks.corpus import TAGS, Entry

FEED_LENGTH = 20
FEEDS = ("rss.xml", "atom.xml")
SITE = "https://blog.example.org"
_FEED_PATHS = ("/rss.xml", "/atom.xml")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>([^<]*)</a>')


class Unequal(Exception):
    """Who left out what."""


class Job:
    """What is to be made of these posts, the newest first."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self._places = {entry.path: place for place, entry in enumerate(entries)}
        self.tagged = {tag: [entry for entry in entries if tag in entry.tags] for tag in TAGS}
        self.tagged = {tag: found for tag, found in self.tagged.items() if found}

    def with_newest(self, entry: Entry) -> "Job":
        """The same after an edit of the newest post."""
        return Job([entry, *self.entries[1:]])

    def check(self, output: Path) -> tuple[int, int]:
        """The numbers of pages and feeds. Raises Unequal."""
        feeds = self.check_feeds(output)
        lists = {"": self.entries[:FEED_LENGTH], "archive/": self.entries}
        lists |= {f"tags/{tag}/": found for tag, found in self.tagged.items()}
        for place, entries in lists.items():
            _check_list(output / place / "index.html", entries)
        self._check_posts(output, self.entries)
        return len(lists) + len(self.entries), feeds

    def check_newest(self, output: Path) -> None:
        """Only what an edit of the newest post changes: its page, the site's feeds, its tags' feeds."""
        newest = self.entries[0]
        self._check_posts(output, [newest])
        self._check_feeds({output: self.entries} | {output / "tags" / tag: self.tagged[tag] for tag in newest.tags})

    def _check_posts(self, output: Path, entries: Sequence[Entry]) -> None:
        for entry in entries:
            place = self._places[entry.path]
            newer, older = self.entries[max(place - 1, 0) : place], self.entries[place + 1 : place + 2]
            around = [found.path for found in (*newer, *older)]
            tags = [f"/tags/{tag}/" for tag in entry.tags]
            day = f"{entry.published_at:%Y-%m-%d}"
            page = output / entry.path.lstrip("/") / "index.html"
            _check_words(page, _read(page), [entry.title, entry.closing, day, *_FEED_PATHS, *around, *tags])

    def check_feeds(self, output: Path) -> int:
        """Their number. Raises Unequal where one is not there, not well-formed, or holds less than the newest posts in full."""
        return self._check_feeds(
            {output: self.entries} | {output / "tags" / tag: found for tag, found in self.tagged.items()}
        )

    def _check_feeds(self, folders: Mapping[Path, Sequence[Entry]]) -> int:
        for folder, entries in folders.items():
            for name in FEEDS:
                _check_feed(folder / name, entries[:FEED_LENGTH])
        return len(folders) * len(FEEDS)


def _check_list(path: Path, entries: Sequence[Entry]) -> None:
    text = _read(path)
    linked = {(href.removeprefix(SITE), title) for href, title in _LINK.findall(text)}
    if missing := [entry.path for entry in entries if (entry.path, entry.title) not in linked]:
        raise Unequal(f"{path} lacks {len(missing)} of {len(entries)} posts, {missing[0]} first")
    _check_words(path, text, _FEED_PATHS)


def _check_words(path: Path, text: str, words: Sequence[str]) -> None:
    if missing := [word for word in words if word not in text]:
        raise Unequal(f"{path} lacks {missing[0]!r}")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise Unequal(f"{path}: {error.strerror}") from error


def _check_feed(path: Path, entries: Sequence[Entry]) -> None:
    if not path.exists():
        raise Unequal(f"{path}: there is no such feed")
    read = feedparser.parse(path.read_bytes(), sanitize_html=False, resolve_relative_uris=False)
    if read.bozo:
        raise Unequal(f"{path}: {read.bozo_exception}")
    found = [(entry.link, entry.title) for entry in read.entries]
    wanted = [(f"{SITE}{entry.path}", entry.title) for entry in entries]
    if found != wanted:
        raise Unequal(
            f"{path} holds {found[:2]} and so on, {len(found)} in all, wanted are {wanted[:2]}, {len(wanted)}"
        )
    for entry, post in zip(read.entries, entries, strict=True):
        content = entry.content[0].value if "content" in entry else entry.get("summary", "")
        if post.closing not in content or len(content) < 2_000:
            raise Unequal(f"{path} does not hold all of {post.title!r}")

"""Readers that are libraries: feedparser and reader for Python, feedsmith for JavaScript."""

import calendar
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import feedparser
from reader import make_reader

from tests.readers.nodejs import feedsmith_folder, node
from tests.readers.shown import Shown


class Feedparser:
    """Keeps what it was told last: the validators, and the entries by their ids."""

    visits_until_304: ClassVar[int] = 2
    shows_edits: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, feed_url: str, folder: Path) -> None:
        self._url = feed_url
        self._known: dict[str, Any] = {}
        self._entries: dict[str, Any] = {}

    def visit(self) -> None:
        found = feedparser.parse(self._url, **self._known)
        assert not found.bozo, found.bozo_exception
        if found.status == 304:
            return
        self._known = {"etag": found.etag, "modified": found.modified}
        self._entries |= {entry.id: entry for entry in found.entries}

    def shown(self) -> list[Shown]:
        return [
            Shown(
                title=entry.title,
                url=entry.link,
                author=entry.author,
                published_at=datetime.fromtimestamp(calendar.timegm(entry.published_parsed), UTC),
                content=entry.content[0].value,
                enclosure=entry.enclosures[0].href if entry.enclosures else "",
            )
            for entry in self._entries.values()
        ]


class ReaderLibrary:
    """lemon24's `reader`, with its database in a file."""

    visits_until_304: ClassVar[int] = 2
    shows_edits: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, feed_url: str, folder: Path) -> None:
        self._database = str(folder / "reader.sqlite")
        with make_reader(self._database) as opened:
            opened.add_feed(feed_url)

    def visit(self) -> None:
        """At once: left to itself, it would wait for as long as our max-age says."""
        with make_reader(self._database) as opened:
            for result in opened.update_feeds_iter(scheduled=False):
                assert not isinstance(result.value, Exception), result.value

    def shown(self) -> list[Shown]:
        with make_reader(self._database) as opened:
            return [
                Shown(
                    title=entry.title or "",
                    url=entry.link or "",
                    author=", ".join(author.name or "" for author in entry.authors),
                    published_at=entry.published or datetime.min.replace(tzinfo=UTC),
                    content=entry.content[0].value,
                    enclosure=entry.enclosures[0].href if entry.enclosures else "",
                )
                for entry in opened.get_entries()
            ]


class Feedsmith:
    """The library parses, Node's own fetch brings the feed."""

    visits_until_304: ClassVar[int] = 2
    shows_edits: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, feed_url: str, folder: Path) -> None:
        self._url = feed_url
        self._etag = ""
        self._entries: dict[str, Any] = {}

    def visit(self) -> None:
        done = subprocess.run(
            [node(), str(feedsmith_folder() / "read.mjs"), self._url, self._etag],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        if found["status"] == 200:
            self._etag = found["etag"]
            self._entries |= {entry["id"]: entry for entry in found["entries"]}

    def shown(self) -> list[Shown]:
        return [
            Shown(
                title=entry["title"],
                url=entry["url"],
                author=entry["author"],
                published_at=datetime.fromisoformat(entry["published"]),
                content=entry["content"],
                enclosure=entry["enclosure"],
            )
            for entry in self._entries.values()
        ]

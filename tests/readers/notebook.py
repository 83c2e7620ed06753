"""A site under `publisher serve`, with posts of every kind that readers stumble over, and a front that counts visits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from publisher.core.feeds import FORMATS, Format
from tests.processes import Site, get
from tests.readers.front import Front, Visit
from tests.servers.loopback import wait_until
from tests.site import START, new_site

OWNER = "The gardener"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A post, as a reader should show it."""

    title: str
    """Of a note, the words that stand in for one."""
    path: str
    author: str
    published_at: datetime
    words: str
    """Stand in its content."""
    enclosure: str = ""
    """Below the site's root."""
    is_note: bool = False


ENTRIES = (
    Entry(
        title="Soup & <bread>, 3 < 4",
        path="/2026/11/soup/",
        author=OWNER,
        published_at=datetime(2026, 11, 18, 6, 30, tzinfo=UTC),
        words="Leeks, mostly",
    ),
    Entry(
        title="Ein Garten: גן, 庭 und 🌱",
        path="/2026/11/garten/",
        author="Die Nachbarin",
        published_at=datetime(2026, 11, 19, 22, 15, tzinfo=UTC),
        words="Grünkohl steht noch, גן",
    ),
    Entry(
        title="No frost yet, said the thermometer.",
        path="/2026/11/frost/",
        author=OWNER,
        published_at=datetime(2026, 11, 20, 5, 0, tzinfo=UTC),
        words="said the thermometer",
        is_note=True,
    ),
    Entry(
        title="Rain on the shed",
        path="/2026/11/rain/",
        author="The lodger",
        published_at=datetime(2026, 11, 21, 19, 45, tzinfo=UTC),
        words="Four minutes of it",
        enclosure="/rain.mp3",
    ),
)
"""Oldest first."""


class Notebook:
    """The site as its readers reach it, and its folder."""

    def __init__(self, site: Site, front: Front) -> None:
        self._site, self._front = site, front
        self._edits = 0
        self.url = front.url
        self.entries = ENTRIES
        """What readers should show now, oldest first."""

    def feed_url(self, form: Format) -> str:
        return f"{self.url}/{form.file}"

    def visits(self, form: Format) -> list[Visit]:
        """All to this feed, so far."""
        return [visit for visit in self._front.visits if visit.path == f"/{form.file}"]

    def edit(self) -> None:
        """Another title and text for the oldest post, at the same place; returns when every feed has them."""
        self._edits += 1
        words = f"Leeks, and {self._edits} carrots"
        self.entries = (replace(ENTRIES[0], title=f"Soup again: {self._edits}", words=words), *ENTRIES[1:])
        self.write()
        for form in FORMATS:
            wait_until(lambda: words.encode() in self._served(form), f"the edit in {form.file}")  # noqa: B023

    def write(self) -> None:
        for entry in self.entries:
            self._site.write(f"{entry.path.split('/')[-2]}.md", _source(entry))

    def _served(self, form: Format) -> bytes:
        """Past the front, since this is no visit."""
        return get(f"{self._site.url}/{form.file}").body


def _source(entry: Entry) -> str:
    head = {"date": entry.published_at.isoformat()}
    if not entry.is_note:
        head["title"] = f"'{entry.title}'"
    if entry.author != OWNER:
        head["author"] = entry.author
    if entry.enclosure:
        head["enclosure"] = entry.enclosure.lstrip("/")
    lines = "".join(f"{key}: {value}\n" for key, value in head.items())
    text = entry.title if entry.is_note else f"**{entry.words}**, and [a link](/2026/11/soup/)."
    return f"---\n{lines}---\n{text}\n"


@contextmanager
def opened(folder: Path, *, older: int = 0) -> Iterator[Notebook]:
    """`publisher serve` with a front before it, until the end of the `with`. `older`: so many short posts before the first."""
    site = Site(new_site(folder))
    (folder / "posts" / "low-water.md").unlink()
    (folder / "posts" / "rain.mp3").write_bytes(b"ID3" + bytes(997))
    with Front().running() as front:
        front.behind = site.port
        site.set(SITE_URL=front.url, SITE_TITLE="'A garden & a shed'", AUTHOR_NAME=f"'{OWNER}'")
        notebook = Notebook(site, front)
        notebook.write()
        for number in range(older):
            date = ENTRIES[0].published_at - timedelta(hours=number + 1)
            site.write(
                f"older-{number}.md", f"---\ndate: {date.isoformat()}\ntitle: Older {number}\n---\nNothing grew.\n"
            )
        with site.served(START):
            yield notebook

"""Each reader, in each format that it reads: every post once, a 304 when nothing is new, an edit in its place."""

from dataclasses import replace
from pathlib import Path

import pytest

from publisher.core.feeds import FORMATS, Format
from tests.readers.libraries import Feedparser, Feedsmith, ReaderLibrary
from tests.readers.notebook import Entry, Notebook
from tests.readers.programs import Newsboat, Rss2email
from tests.readers.shown import Reader, Shown

RSS, ATOM, JSON = FORMATS
READERS: list[tuple[type[Reader], Format]] = [
    (Feedparser, RSS),
    (Feedparser, ATOM),
    (ReaderLibrary, RSS),
    (ReaderLibrary, ATOM),
    (ReaderLibrary, JSON),
    (Feedsmith, RSS),
    (Feedsmith, ATOM),
    (Feedsmith, JSON),
    (Newsboat, RSS),
    (Newsboat, ATOM),
    (Rss2email, RSS),
    (Rss2email, ATOM),
]


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        pytest.param(
            kind, form, id=f"{kind.__name__}-{form.name}", marks=[pytest.mark.needs(name) for name in kind.needs]
        )
        for kind, form in READERS
    ],
)
def test_every_post_once_nothing_twice_and_an_edit_in_its_place(
    kind: type[Reader], form: Format, notebook: Notebook, tmp_path: Path
) -> None:
    before = len(notebook.visits(form))
    reader = kind(notebook.feed_url(form), tmp_path)
    for _ in range(kind.visits_until_304):
        reader.visit()
    visits = notebook.visits(form)[before:]
    assert [visit.status for visit in visits] == [200] * (kind.visits_until_304 - 1) + [304]
    assert visits[-1].knows
    first = notebook.entries
    assert_shows(reader, notebook.url, first, form)

    notebook.edit()
    reader.visit()
    last = notebook.visits(form)[-1]
    assert last.status == 200
    assert last.modified not in {visit.modified for visit in visits}, "newsboat drops what is no later than it knows"
    assert_shows(reader, notebook.url, notebook.entries if kind.shows_edits else first, form)


def assert_shows(reader: Reader, url: str, entries: tuple[Entry, ...], form: Format) -> None:
    """These and no others, each once."""
    found = sorted(reader.shown(), key=lambda shown: shown.published_at)
    assert [replace(shown, content="") for shown in found] == [meant(entry, url, form) for entry in entries]
    for shown, entry in zip(found, entries, strict=True):
        assert entry.words in shown.content


def meant(entry: Entry, url: str, form: Format) -> Shown:
    """Without its content. JSON Feed knows notes, which have no title."""
    return Shown(
        title="" if entry.is_note and form is JSON else entry.title,
        url=url + entry.path,
        author=entry.author,
        published_at=entry.published_at,
        content="",
        enclosure=url + entry.enclosure if entry.enclosure else "",
    )

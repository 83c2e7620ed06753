"""What the pages show: the newest as cards, the rest as lines by year, each where a browser finds it."""

from datetime import date
from pathlib import Path

import pytest

from publisher.core import pages
from publisher.core.model import Post
from publisher.core.prose import Placed
from publisher.templates import Templates
from tests.core.readthrough import read, site

WHERE = site("https://example.org/blog")


def posts(*dates: str) -> tuple[tuple[Post, ...], tuple[Placed, ...]]:
    """Newest first, each with a title that a careless template would break on."""
    files = {
        f"p{number}.md": f"---\ndate: {day}\ntitle: <b>{number}\ntags: [Sea Ice]\n---\nText\n"
        for number, day in enumerate(dates)
    }
    found = read(files, where=WHERE)
    assert found.problems == ()
    return found.posts, found.library.placed


def many(count: int) -> tuple[tuple[Post, ...], tuple[Placed, ...]]:
    return posts(*(str(date(2023 + n % 3, 1 + n % 12, 1 + n % 28)) for n in range(count)))


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "index.html"),
        ("/2026/11/a/", "2026/11/a/index.html"),
        ("/blog/old.html", "blog/old.html"),
        ("/old.htm", "old.htm"),
        ("/b%C3%A4r/", "bär/index.html"),
    ],
)
def test_a_path_has_a_file_that_any_web_server_finds(path: str, file: str) -> None:
    assert pages.file_of(path) == file


def test_a_list_shows_the_newest_as_cards_and_the_rest_as_lines_by_year() -> None:
    found, placed = many(23)
    page = pages.list_page(WHERE, "tag", "Sea Ice", found[:20], placed[20:])
    assert (page.path, page.url) == ("/tags/sea-ice/", "https://example.org/blog/tags/sea-ice/")
    assert (page.count, len(page.posts)) == (23, 20)
    assert page.older == ((2023, page.older[0][1]),)
    assert [line.href for line in page.older[0][1]] == [f"/blog{post.path}" for post in found[20:]]
    assert [feed.href for feed in page.feeds[:2]] == ["/blog/tags/sea-ice/atom.xml", "/blog/tags/sea-ice/rss.xml"]
    assert "/blog/feed.json" in [feed.href for feed in page.feeds]


def test_a_year_begins_in_the_time_zone_of_the_site() -> None:
    _, placed = posts("2024-12-31T22:59:59Z", "2024-12-31T23:00:00Z")
    years = pages.archive_page(WHERE, placed, [("Sea Ice", 2)]).years
    assert [(year, len(lines)) for year, lines in years] == [(2025, 1), (2024, 1)]


def test_the_template_of_a_list_shows_each_post_once_and_every_name_as_text(tmp_path: Path) -> None:
    found, placed = many(23)
    page = pages.list_page(WHERE, "author", "<i>Ada", found[:20], placed[20:])
    html = Templates(WHERE, tmp_path).page("list.html", page=page)
    assert "<b>" not in html
    assert "<i>" not in html
    assert [html.count(f'"/blog{post.path}"') > 0 for post in found] == [True] * 23
    assert ">2023<" in html


def test_the_front_page_tells_whether_there_is_more() -> None:
    found, _ = posts("2026-11-01")
    assert pages.index_page(WHERE, found, more=True).more
    assert [card.href for card in pages.index_page(WHERE, found, more=False).posts] == ["/blog/2026/11/p0/"]


def test_a_post_shows_its_edit_only_where_that_is_a_later_day() -> None:
    (edited,) = read({"a.md": "---\ndate: 2026-11-01\nupdated: 2026-11-02\n---\n"}).posts
    (touched,) = read({"a.md": "---\ndate: 2026-11-01 08:00\nupdated: 2026-11-01 22:00\n---\n"}).posts
    assert pages.post_page(WHERE, edited, "", newer=None, older=None).updated_at is not None
    assert pages.post_page(WHERE, touched, "", newer=None, older=None).updated_at is None

"""The files for search engines."""

import re
from datetime import UTC, datetime

import pytest
from lxml import etree

from publisher.core.prose import Placed
from publisher.core.sitemap import robots, sitemap, sitemap_names
from tests.core.readthrough import arranged, site

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def placed() -> tuple[Placed, ...]:
    files = {
        "a.md": "---\ndate: 2026-11-01\nupdated: 2026-11-05 12:00\n---\n",
        "b&c.md": "---\ndate: 2026-11-02\npermalink: /b&c/\n---\n",
    }
    return arranged(files).placed


def locations(data: bytes) -> list[str]:
    return [element.text or "" for element in etree.fromstring(data).iter(f"{NAMESPACE}loc")]


def test_a_sitemap_names_the_front_page_and_every_post_with_its_last_edit() -> None:
    found = etree.fromstring(sitemap(site("https://example.org/blog"), placed(), 0))
    assert found.tag == f"{NAMESPACE}urlset"
    rows = [[child.text for child in url] for url in found]
    assert rows == [
        ["https://example.org/blog/"],
        ["https://example.org/blog/b&c/", "2026-11-01T23:00:00Z"],
        ["https://example.org/blog/2026/11/a/", "2026-11-05T11:00:00Z"],
    ]


def test_a_site_without_posts_has_a_sitemap_too() -> None:
    assert locations(sitemap(site(), (), 0)) == ["https://example.org/"]


@pytest.mark.parametrize(
    ("posts", "names"),
    [
        (0, ["sitemap.xml"]),
        (49_999, ["sitemap.xml"]),
        (50_000, ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml"]),
        (99_999, ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml"]),
        (100_000, ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml"]),
    ],
)
def test_no_file_holds_more_than_fifty_thousand_addresses(posts: int, names: list[str]) -> None:
    assert sitemap_names(posts) == names


def test_a_large_site_has_a_list_of_parts_that_hold_each_post_once() -> None:
    first, second = placed()
    many = [first] * 50_000 + [second] * 3
    names = sitemap_names(len(many))
    whole, *parts = [sitemap(site(), many, number) for number in range(len(names))]
    assert etree.fromstring(whole).tag == f"{NAMESPACE}sitemapindex"
    assert locations(whole) == [f"https://example.org/{name}" for name in names[1:]]
    counts = [len(re.findall(b"<loc>", part)) for part in parts]
    assert counts == [50_000, 4]
    assert locations(parts[0])[0] == "https://example.org/"
    assert locations(parts[1])[-3:] == ["https://example.org/2026/11/a/"] * 3
    assert b"".join(parts).count(b"b&amp;c") == 50_000


def test_the_time_of_an_edit_is_told_in_utc() -> None:
    assert placed()[1].entry.updated_at == datetime(2026, 11, 5, 11, tzinfo=UTC)
    assert b"<lastmod>2026-11-05T11:00:00Z</lastmod>" in sitemap(site(), placed(), 0)


def test_robots_are_welcome_and_told_where_the_sitemap_is() -> None:
    assert robots(site("https://example.org/blog")) == (
        b"User-agent: *\nAllow: /\nSitemap: https://example.org/blog/sitemap.xml\n"
    )

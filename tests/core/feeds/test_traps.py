"""The traps of feedgen 1.0, by their numbers in the design of the feeds. None of them catches us."""

import locale
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone

import feedgen.entry
import feedgen.feed
import pytest
from lxml import etree

from publisher.core.feeds import FeedItem
from publisher.core.feeds.elements import Elements
from tests.core.feeds.examples import EXAMPLES, Example, atom, rss, written
from tests.core.feeds.golden_files import KINDS

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "fh": "http://purl.org/syndication/history/1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
RICH = EXAMPLES["rich"]


def found(document: bytes, path: str) -> list[str]:
    """The texts or attributes at the path."""
    return [getattr(node, "text", node) or "" for node in etree.fromstring(document).xpath(path, namespaces=NS)]


def with_item(item: FeedItem) -> Example:
    return replace(RICH, items=(item,))


def test_1_atom_entry_links_keep_rel_type_and_length() -> None:
    links = etree.fromstring(atom(RICH)).xpath("a:entry[1]/a:link", namespaces=NS)
    assert [dict(link.attrib) for link in links] == [
        {"rel": "alternate", "type": "text/html", "href": RICH.items[0].url},
        {
            "rel": "enclosure",
            "type": "audio/mpeg",
            "length": "1234567",
            "href": "https://example.org/blog/a.mp3?x=1&y=2",
        },
    ]


def test_2_atom_content_is_html_and_never_cdata() -> None:
    assert set(found(atom(RICH), "a:entry/a:content/@type")) == {"html"}
    assert b"CDATA" not in atom(RICH) + rss(RICH)


@pytest.mark.parametrize("summary", ["A < B", ""])
def test_2_the_full_text_reaches_content_encoded_with_and_without_a_summary(summary: str) -> None:
    document = rss(with_item(replace(RICH.items[1], summary=summary, headline="A < B")))
    assert found(document, "//item/content:encoded") == [RICH.items[1].content_html]
    assert found(document, "//item/description") == ["A &lt; B"]


def test_3_the_rss_link_is_the_page_and_the_self_link_stands_beside_it() -> None:
    assert found(rss(RICH), "channel/link") == [RICH.feed.site_url]
    assert found(rss(RICH), "channel/a:link/@href") == [RICH.feed.folder_url + "rss.xml"]
    assert found(rss(RICH), "channel/a:link/@type") == ["application/rss+xml"]
    assert found(rss(RICH), "//item[1]/link") == [RICH.items[0].url]


def test_4_every_date_is_set_and_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    items = tuple(replace(item, updated_at=item.updated_at.astimezone(east)) for item in RICH.items)
    elsewhere = Example(feed=replace(RICH.feed, updated_at=RICH.feed.updated_at.astimezone(east)), items=items)
    assert rss(elsewhere) == rss(RICH)
    assert atom(elsewhere) == atom(RICH)
    assert found(rss(RICH), "channel/lastBuildDate") == ["Sun, 22 Nov 2026 09:00:00 GMT"]
    assert found(atom(RICH), "a:updated") == ["2026-11-22T09:00:00+00:00"]
    assert len(found(atom(RICH), "a:entry/a:updated")) == len(RICH.items)


def test_4_an_empty_feed_has_a_date_as_well() -> None:
    assert found(rss(EXAMPLES["empty"]), "channel/lastBuildDate") == ["Sat, 01 Jan 2000 00:00:00 GMT"]
    assert found(atom(EXAMPLES["empty"]), "a:updated") == ["2000-01-01T00:00:00+00:00"]


def test_5_items_stand_in_the_order_of_the_feed() -> None:
    ids = [item.id for item in RICH.items]
    assert found(rss(RICH), "//item/guid") == ids
    assert found(atom(RICH), "a:entry/a:id") == ids


def test_6_authors_without_an_address_are_named_in_rss() -> None:
    assert found(rss(RICH), "//item[1]/dc:creator") == ["The Brewer", "Bob & Eve"]
    assert found(rss(RICH), "//item/author") == []


def test_6_syndication_elements_are_valid_ones() -> None:
    assert found(rss(RICH), "channel/sy:updatePeriod") == ["hourly"]
    assert found(rss(RICH), "channel/sy:updateFrequency") == ["1"]


@pytest.mark.parametrize("bad", [chr(code) for code in (0x00, 0x1B, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF)], ids=ascii)
@pytest.mark.parametrize("kind", KINDS)
def test_7_no_character_raises(kind: str, bad: str) -> None:
    item = replace(RICH.items[0], headline=f"A{bad}B", content_html=f"<p>{bad}</p>", tags=(bad,), authors=(bad,))
    assert bad not in written(with_item(item), KINDS[kind]).decode()


def test_8_dates_are_formatted_without_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("the locale of the process was touched")

    monkeypatch.setattr(locale, "setlocale", refuse)
    monkeypatch.setattr(feedgen.feed, "formatRFC2822", refuse)
    monkeypatch.setattr(feedgen.entry, "formatRFC2822", refuse)
    assert found(rss(RICH), "//item[1]/pubDate") == ["Fri, 20 Nov 2026 13:00:05 GMT"]


def test_8_feeds_may_be_made_in_many_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        documents = set(threads.map(lambda n: (rss, atom)[n % 2](RICH), range(64)))
    assert documents == {rss(RICH), atom(RICH)}


@pytest.mark.parametrize("rel", ["replies", "https://example.org/rel/own"])
def test_9_an_entry_may_have_a_link_of_any_relation(rel: str) -> None:
    elements = Elements({})
    elements.add("link", rel=rel, href="https://example.org/", title=None)
    entry = elements.extend_atom(etree.Element("entry"))
    assert etree.tostring(entry) == f'<entry><link rel="{rel}" href="https://example.org/"/></entry>'.encode()


def test_9_nothing_is_written_in_the_podcast_namespace() -> None:
    assert b"itunes" not in rss(RICH) + atom(RICH)


def test_10_what_feedgen_lacks_is_written_by_our_extension() -> None:
    item = RICH.items[0]
    assert item.image
    assert found(rss(RICH), "//item[1]/a:updated") == ["2026-11-22T09:00:00+00:00"]
    assert found(rss(RICH), "//item[1]/media:content/@url") == [item.image.url]
    assert found(rss(RICH), "//item[1]/media:content/@medium") == ["image"]
    assert found(rss(RICH), "//item[1]/media:thumbnail/@width") == ["640"]
    assert found(atom(RICH), "a:entry[1]/media:thumbnail/@url") == [item.image.url]


def test_11_each_format_has_its_own_self_link_in_whatever_order_they_are_made() -> None:
    first_rss, first_atom = rss(RICH), atom(RICH)
    assert (atom(RICH), rss(RICH)) == (first_atom, first_rss)
    assert found(first_rss, "channel/a:link[@rel='self']/@href") == [RICH.feed.folder_url + "rss.xml"]
    assert found(first_atom, "a:link[@rel='self']/@href") == [RICH.feed.folder_url + "atom.xml"]

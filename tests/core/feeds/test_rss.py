"""RSS 2.0 and the Best Practices Profile of the RSS Advisory Board, rule by rule."""

import re
from dataclasses import replace

import pytest
from lxml import etree

from publisher import __version__
from publisher.core.feeds.rss import rss
from tests.core.feeds.examples import FEEDS

DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
CHANNEL_ONCE = ["title", "link", "description", "language", "pubDate", "lastBuildDate", "generator", "docs", "ttl"]
ITEM_ONCE = ["title", "link", "description", "guid", "pubDate"]

every_feed = pytest.mark.parametrize("name", FEEDS)


@every_feed
def test_the_channel_has_each_of_its_elements_once(name: str) -> None:
    root = etree.fromstring(rss(FEEDS[name]))
    assert (root.tag, root.get("version"), len(root)) == ("rss", "2.0", 1)
    for element in CHANNEL_ONCE:
        assert [bool(found.text) for found in root[0].findall(element)] == [True], element


@every_feed
def test_every_item_has_each_of_its_elements_once(name: str) -> None:
    for item in etree.fromstring(rss(FEEDS[name])).iter("item"):
        for element in ITEM_ONCE:
            assert [bool(found.text) for found in item.findall(element)] == [True], element
        assert len(item.findall("enclosure")) <= 1


@every_feed
def test_dates_are_of_rfc_822(name: str) -> None:
    root = etree.fromstring(rss(FEEDS[name]))
    for date in (*root.iter("pubDate"), *root.iter("lastBuildDate")):
        assert DATE.fullmatch(date.text)


def test_a_guid_is_a_permalink_only_where_it_is_the_link() -> None:
    items = list(etree.fromstring(rss(FEEDS["rich"])).iter("item"))
    for item in items:
        is_link = item.findtext("guid") == item.findtext("link")
        assert item.find("guid").get("isPermaLink") == ("true" if is_link else "false")
    assert {item.find("guid").get("isPermaLink") for item in items} == {"true", "false"}


def test_enclosures_have_all_three_attributes_and_0_for_an_unknown_length() -> None:
    found = [dict(enclosure.attrib) for enclosure in etree.fromstring(rss(FEEDS["rich"])).iter("enclosure")]
    assert found == [
        {"url": "https://example.org/blog/a.mp3?x=1&y=2", "length": "1234567", "type": "audio/mpeg"},
        {"url": "https://example.org/blog/b.ogg", "length": "0", "type": "audio/ogg"},
    ]


def test_plain_text_is_written_with_hexadecimal_references() -> None:
    """RSS Profile, Character Data: in the source, and so that a parser finds the text as it was."""
    feed = replace(FEEDS["rich"], title="<a> & b", description="&lt;", items=FEEDS["rich"].items[:1])
    document = rss(feed)
    assert b"<title>&#x3C;a&#x3E; &#x26; b</title>" in document
    assert b"<description>&#x26;lt;</description>" in document
    assert b">C &#x26; C++</category>" in document
    assert b"<dc:creator>Bob &#x26; Eve</dc:creator>" in document
    channel = etree.fromstring(document)[0]
    assert (channel.findtext("title"), channel.findtext("description")) == ("<a> & b", "&lt;")
    assert channel.findtext("item/title") == feed.items[0].headline


def test_the_generator_tells_its_version() -> None:
    assert f"<generator>publisher {__version__}</generator>".encode() in rss(FEEDS["empty"])


def test_namespaces_are_declared_once_at_the_root() -> None:
    assert rss(FEEDS["rich"]).count(b"xmlns:") == 5
    assert b"ns0" not in rss(FEEDS["rich"])

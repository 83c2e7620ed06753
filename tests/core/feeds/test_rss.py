"""RSS 2.0 and the Best Practices Profile of the RSS Advisory Board, rule by rule."""

import re
from dataclasses import replace

import pytest
from lxml import etree

from publisher import __version__
from tests.core.feeds.examples import EXAMPLES, Example, rss

DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
CHANNEL_ONCE = ["title", "link", "description", "language", "pubDate", "lastBuildDate", "generator", "docs", "ttl"]
ITEM_ONCE = ["title", "link", "description", "guid", "pubDate"]

every_feed = pytest.mark.parametrize("name", EXAMPLES)


@every_feed
def test_the_channel_has_each_of_its_elements_once(name: str) -> None:
    root = etree.fromstring(rss(EXAMPLES[name]))
    assert (root.tag, root.get("version"), len(root)) == ("rss", "2.0", 1)
    for element in CHANNEL_ONCE:
        assert [bool(found.text) for found in root[0].findall(element)] == [True], element


@every_feed
def test_every_item_has_each_of_its_elements_once(name: str) -> None:
    for item in etree.fromstring(rss(EXAMPLES[name])).iter("item"):
        for element in ITEM_ONCE:
            assert [bool(found.text) for found in item.findall(element)] == [True], element
        assert len(item.findall("enclosure")) <= 1


@every_feed
def test_dates_are_of_rfc_822(name: str) -> None:
    root = etree.fromstring(rss(EXAMPLES[name]))
    for date in (*root.iter("pubDate"), *root.iter("lastBuildDate")):
        assert DATE.fullmatch(date.text)


def test_a_guid_is_a_permalink_only_where_it_is_the_link() -> None:
    items = list(etree.fromstring(rss(EXAMPLES["rich"])).iter("item"))
    for item in items:
        is_link = item.findtext("guid") == item.findtext("link")
        assert item.find("guid").get("isPermaLink") == ("true" if is_link else "false")
    assert {item.find("guid").get("isPermaLink") for item in items} == {"true", "false"}


def test_enclosures_have_all_three_attributes_and_0_for_an_unknown_length() -> None:
    found = [dict(enclosure.attrib) for enclosure in etree.fromstring(rss(EXAMPLES["rich"])).iter("enclosure")]
    assert found == [
        {"url": "https://example.org/blog/a.mp3?x=1&y=2", "length": "1234567", "type": "audio/mpeg"},
        {"url": "https://example.org/blog/b.ogg", "length": "0", "type": "audio/ogg"},
    ]


def test_plain_text_is_written_with_hexadecimal_references() -> None:
    """RSS Profile, Character Data: in the source, and so that a parser finds the text as it was."""
    rich = EXAMPLES["rich"]
    head = replace(EXAMPLES["tag"].feed, title="<a> & b", description="&lt;", rights="<c> & d")
    document = rss(Example(feed=head, items=rich.items[:1]))
    assert b"<title>&#x3C;a&#x3E; &#x26; b</title>" in document
    assert b"<description>&#x26;lt;</description>" in document
    assert b"<copyright>&#x3C;c&#x3E; &#x26; d</copyright>" in document
    assert document.count(b"<title>&#x3C;a&#x3E; &#x26; b</title>") == 2  # the image's too
    assert document.count(b">C &#x26; C++</category>") == 2
    assert b"<dc:creator>Bob &#x26; Eve</dc:creator>" in document
    channel = etree.fromstring(document)[0]
    assert (channel.findtext("title"), channel.findtext("description")) == ("<a> & b", "&lt;")
    assert channel.findtext("item/title") == rich.items[0].headline


def test_the_generator_tells_its_version() -> None:
    assert f"<generator>publisher {__version__}</generator>".encode() in rss(EXAMPLES["empty"])


def test_namespaces_are_declared_once_at_the_root() -> None:
    assert rss(EXAMPLES["rich"]).count(b"xmlns:") == 6
    assert b"ns0" not in rss(EXAMPLES["rich"])


def test_the_image_is_the_channels() -> None:
    """RSS 2.0: its title and link should be those of the channel."""
    channel = etree.fromstring(rss(EXAMPLES["full"]))[0]
    assert [(child.tag, child.text) for child in channel.find("image")] == [
        ("url", EXAMPLES["full"].feed.icon_url),
        ("title", channel.findtext("title")),
        ("link", channel.findtext("link")),
    ]


def test_the_channel_tells_its_rights_and_a_tag_feed_its_category() -> None:
    assert etree.fromstring(rss(EXAMPLES["full"]))[0].findtext("copyright") == EXAMPLES["full"].feed.rights
    (category,) = etree.fromstring(rss(EXAMPLES["tag"]))[0].findall("category")
    assert (category.text, category.get("domain")) == ("C & C++", "https://example.org/blog/tags/")


def test_only_an_item_in_another_language_says_so() -> None:
    items = etree.fromstring(rss(EXAMPLES["rich"])).iter("item")
    assert [item.findtext("{http://purl.org/dc/elements/1.1/}language") for item in items] == [None, "he", None]

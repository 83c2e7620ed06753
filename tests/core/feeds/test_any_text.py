"""Whatever text stands in whatever field: both formats are made, parse, and say what was meant."""

import re
from datetime import UTC, datetime

import feedparser
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from publisher.core.feeds.atom import atom
from publisher.core.feeds.rss import rss
from publisher.core.model import Enclosure, Feed, FeedItem, Image
from tests.core.feeds.test_clean import is_legal
from tests.core.feeds.test_traps import found

NASTY = [
    "\x00",
    "\x1b[31m",
    "\ud83d",
    "\udc00",
    "\ufffe",
    "\r\n",
    "]]>",
    "<![CDATA[",
    "&lt;b&gt;",
    "&",
    "<script>alert(1)</script>",
    "\"'",
    "<!--",
    "<?xml?>",
    "&#0;",
    "&nbsp;",
    "\u202eשלום",
    "👩‍👩‍👧",
    "%s{0}",
]

texts = st.lists(st.characters() | st.sampled_from(NASTY), max_size=6).map("".join)
named = texts.map(lambda text: f"x{text}x")
"""Never empty, whatever is taken out."""
quiet = named.map(lambda text: re.sub("[\r\x80-\xff]", "", text))
"""Without what feedparser rewrites of its own accord: line ends, and what it takes for wrongly decoded UTF-8."""
instants = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.timezones() | st.just(UTC))  # noqa: DTZ001


def images(text: st.SearchStrategy[str]) -> st.SearchStrategy[Image]:
    sizes = st.none() | st.integers(1, 9999)
    return st.builds(Image, url=text, alt=text, width=sizes, height=sizes)


def enclosures(text: st.SearchStrategy[str]) -> st.SearchStrategy[Enclosure]:
    return st.builds(Enclosure, url=text, media_type=text, length_bytes=st.integers(0, 2**40))


def items(text: st.SearchStrategy[str]) -> st.SearchStrategy[FeedItem]:
    names = st.lists(text, max_size=3).map(tuple)
    return st.builds(
        FeedItem,
        id=text,
        url=text,
        headline=text,
        published_at=instants,
        updated_at=instants,
        summary=text,
        content_html=text,
        authors=names,
        tags=names,
        image=st.none() | images(text),
        enclosure=st.none() | enclosures(text),
    )


def feeds(text: st.SearchStrategy[str]) -> st.SearchStrategy[Feed]:
    return st.builds(
        Feed,
        id=text,
        title=text,
        description=text,
        site_url=text,
        rss_url=text,
        atom_url=text,
        language=text,
        author=text,
        author_email=st.none() | text,
        updated_at=instants,
        published_at=instants,
        items=st.lists(items(text), max_size=3, unique_by=lambda item: legal(item.id)).map(tuple),
        tag_scheme=text,
    )


def legal(text: str) -> str:
    return "".join(c for c in text if is_legal(ord(c)))


unhurried = settings(deadline=None, max_examples=100, database=None)


@unhurried
@given(feeds(texts))
def test_any_feed_is_written_parsed_and_written_again(feed: Feed) -> None:
    for write in (rss, atom):
        document = write(feed)
        assert etree.fromstring(document) is not None
        assert write(feed) == document


@unhurried
@given(feeds(quiet))
def test_a_reader_reads_what_was_meant(feed: Feed) -> None:
    for document in (rss(feed), atom(feed)):
        read = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
        assert not read.bozo
        assert [entry.id for entry in read.entries] == [legal(item.id) for item in feed.items]
        assert [entry.title for entry in read.entries] == [legal(item.headline) for item in feed.items]
        assert [entry.content[0].value for entry in read.entries] == [legal(item.content_html) for item in feed.items]


@unhurried
@given(feeds(named))
def test_rss_says_what_was_meant(feed: Feed) -> None:
    document = rss(feed)
    assert found(document, "channel/title") == [legal(feed.title)]
    assert found(document, "channel/description") == [legal(feed.description)]
    assert found(document, "channel/link") == [legal(feed.site_url)]
    assert found(document, "channel/language") == [legal(feed.language)]
    assert found(document, "channel/a:link/@href") == [legal(feed.rss_url)]
    assert found(document, "//item/title") == [legal(item.headline) for item in feed.items]
    assert found(document, "//item/link") == [legal(item.url) for item in feed.items]
    assert found(document, "//item/guid") == [legal(item.id) for item in feed.items]
    assert found(document, "//item/content:encoded") == [legal(item.content_html) for item in feed.items]
    assert found(document, "//item/dc:creator") == [legal(name) for item in feed.items for name in item.authors]
    assert found(document, "//item/category") == [legal(tag) for item in feed.items for tag in item.tags]
    assert found(document, "//item/enclosure/@url") == enclosure_urls(feed)
    assert found(document, "//item/media:content/@url") == image_urls(feed)


@unhurried
@given(feeds(named))
def test_atom_says_what_was_meant(feed: Feed) -> None:
    document = atom(feed)
    assert found(document, "a:id") == [legal(feed.id)]
    assert found(document, "a:title") == [legal(feed.title)]
    assert found(document, "a:subtitle") == [legal(feed.description)]
    assert found(document, "a:author/a:name") == [legal(feed.author)]
    assert found(document, "a:link/@href") == [legal(feed.atom_url), legal(feed.site_url)]
    assert found(document, "a:entry/a:id") == [legal(item.id) for item in feed.items]
    assert found(document, "a:entry/a:title") == [legal(item.headline) for item in feed.items]
    assert found(document, "a:entry/a:summary") == [legal(item.summary) for item in feed.items]
    assert found(document, "a:entry/a:content") == [legal(item.content_html) for item in feed.items]
    assert found(document, "a:entry/a:author/a:name") == [legal(name) for item in feed.items for name in item.authors]
    assert found(document, "a:entry/a:category/@term") == [legal(tag) for item in feed.items for tag in item.tags]
    assert found(document, "a:entry/a:link[@rel='alternate']/@href") == [legal(item.url) for item in feed.items]
    assert found(document, "a:entry/a:link[@rel='enclosure']/@href") == enclosure_urls(feed)
    assert found(document, "a:entry/media:thumbnail/@url") == image_urls(feed)


@unhurried
@given(feeds(named))
def test_distinct_ids_stay_distinct(feed: Feed) -> None:
    for document, path in ((rss(feed), "//item/guid"), (atom(feed), "a:entry/a:id")):
        ids = found(document, path)
        assert len(set(ids)) == len(ids) == len(feed.items)


def enclosure_urls(feed: Feed) -> list[str]:
    return [legal(item.enclosure.url) for item in feed.items if item.enclosure]


def image_urls(feed: Feed) -> list[str]:
    return [legal(item.image.url) for item in feed.items if item.image]

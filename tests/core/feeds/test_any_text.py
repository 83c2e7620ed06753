"""Whatever text stands in whatever field: every format is made, parses, and says what was meant."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import feedparser
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from publisher.core.feeds import FORMATS, Feed, FeedItem
from publisher.core.model import Enclosure, Image
from tests.core.feeds.examples import Example, atom, json_feed, rss, written
from tests.core.feeds.test_atom import GRAMMAR
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
addresses = texts.map(lambda text: "https://example.org/" + quote(text, errors="ignore"))
instants = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.timezones() | st.just(UTC))  # noqa: DTZ001


def images(text: st.SearchStrategy[str]) -> st.SearchStrategy[Image]:
    sizes = st.none() | st.integers(1, 9999)
    return st.builds(Image, url=text, alt=text, width=sizes, height=sizes)


def enclosures(url: st.SearchStrategy[str], media_type: st.SearchStrategy[str]) -> st.SearchStrategy[Enclosure]:
    return st.builds(Enclosure, url=url, media_type=media_type, length_bytes=st.integers(0, 2**40))


def items(text: st.SearchStrategy[str], url: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[FeedItem]:
    """`url`: where they should be addresses; any text otherwise."""
    url = text if url is None else url
    names = st.lists(text, max_size=3).map(tuple)
    return st.builds(
        FeedItem,
        id=url,
        url=url,
        title=st.none() | text,
        headline=text,
        published_at=instants,
        updated_at=instants,
        summary=text,
        content_html=text,
        tag_scheme=url,
        authors=names,
        tags=names,
        language=st.none() | (text if url is text else st.just("he")),
        image=st.none() | images(url),
        enclosure=st.none() | enclosures(url, text if url is text else st.just("audio/ogg")),
        external_url=st.none() | url,
    )


def lists(item: st.SearchStrategy[FeedItem]) -> st.SearchStrategy[tuple[FeedItem, ...]]:
    return st.lists(item, max_size=3, unique_by=lambda item: legal(item.id)).map(tuple)


def feeds(text: st.SearchStrategy[str], url: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Feed]:
    url = text if url is None else url
    return st.builds(
        Feed,
        id=url,
        title=text,
        description=text,
        path=text,
        folder_url=url,
        site_url=url,
        language=text if url is text else st.just("en"),
        author=text,
        author_email=st.none() | text,
        updated_at=instants,
        published_at=instants,
        tag_scheme=url,
        tags=st.lists(text, max_size=3).map(tuple),
        rights=st.none() | text,
        icon_url=st.none() | url,
        hub_url=st.none() | url,
        is_archive=st.booleans(),
        prev_archive_url=st.none() | url,
        next_archive_url=st.none() | url,
        current_url=st.none() | url,
    )


def examples(text: st.SearchStrategy[str], url: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Example]:
    return st.builds(Example, feed=feeds(text, url), items=lists(items(text, url)))


def legal(text: str) -> str:
    return "".join(c for c in text if is_legal(ord(c)))


unhurried = settings(deadline=None, max_examples=100, database=None)


@unhurried
@given(examples(texts))
def test_any_feed_is_written_parsed_and_written_again(example: Example) -> None:
    for form in FORMATS:
        document = written(example, form)
        parse: Callable[[bytes], object] = json.loads if form.name == "JSON" else etree.fromstring
        assert parse(document) is not None
        assert written(example, form) == document


@unhurried
@given(examples(named, addresses))
def test_any_text_at_all_keeps_to_the_grammar_of_atom(example: Example) -> None:
    GRAMMAR.assertValid(etree.fromstring(atom(example)))


@unhurried
@given(examples(quiet))
def test_a_reader_reads_what_was_meant(example: Example) -> None:
    for document in (rss(example), atom(example)):
        read = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
        assert not read.bozo
        assert [entry.id for entry in read.entries] == [legal(item.id) for item in example.items]
        assert [entry.title for entry in read.entries] == [legal(item.headline) for item in example.items]
        assert [entry.content[0].value for entry in read.entries] == [
            legal(item.content_html) for item in example.items
        ]


@unhurried
@given(examples(named))
def test_rss_says_what_was_meant(example: Example) -> None:
    document, feed, shown = rss(example), example.feed, example.items
    assert found(document, "channel/title") == [legal(feed.title)]
    assert found(document, "channel/description") == [legal(feed.description)]
    assert found(document, "channel/link") == [legal(feed.site_url)]
    assert found(document, "channel/language") == [legal(feed.language)]
    assert found(document, "channel/copyright") == given_texts(feed.rights)
    assert found(document, "channel/image/url") == given_texts(feed.icon_url)
    assert found(document, "channel/category") == [legal(tag) for tag in feed.tags]
    assert found(document, "channel/a:link[@rel='self']/@href") == [legal(feed.folder_url) + "rss.xml"]
    assert found(document, "channel/a:link[@rel='hub']/@href") == given_texts(feed.hub_url)
    assert found(document, "//item/title") == [legal(item.headline) for item in shown]
    assert found(document, "//item/link") == [legal(item.url) for item in shown]
    assert found(document, "//item/guid") == [legal(item.id) for item in shown]
    assert found(document, "//item/content:encoded") == [legal(item.content_html) for item in shown]
    assert found(document, "//item/dc:creator") == [legal(name) for item in shown for name in item.authors]
    assert found(document, "//item/dc:language") == given_texts(*(item.language for item in shown))
    assert found(document, "//item/category") == [legal(tag) for item in shown for tag in item.tags]
    assert found(document, "//item/enclosure/@url") == enclosure_urls(example)
    assert found(document, "//item/media:content/@url") == image_urls(example)


@unhurried
@given(examples(named))
def test_atom_says_what_was_meant(example: Example) -> None:
    document, feed, shown = atom(example), example.feed, example.items
    assert found(document, "a:id") == [legal(feed.id)]
    assert found(document, "a:title") == [legal(feed.title)]
    assert found(document, "a:subtitle") == [legal(feed.description)]
    assert found(document, "a:author/a:name") == [legal(feed.author)]
    assert found(document, "a:rights") == given_texts(feed.rights)
    assert found(document, "a:logo") == found(document, "a:icon") == given_texts(feed.icon_url)
    assert found(document, "a:category/@term") == [legal(tag) for tag in feed.tags]
    assert found(document, "a:link[@rel='self']/@href") == [legal(feed.folder_url) + "atom.xml"]
    assert found(document, "a:link[@rel='alternate']/@href") == [legal(feed.site_url)]
    assert found(document, "a:link[@rel='hub']/@href") == given_texts(feed.hub_url)
    assert found(document, "a:entry/a:id") == [legal(item.id) for item in shown]
    assert found(document, "a:entry/a:title") == [legal(item.headline) for item in shown]
    assert found(document, "a:entry/a:summary") == [legal(item.summary) for item in shown]
    assert found(document, "a:entry/a:content") == [legal(item.content_html) for item in shown]
    assert found(document, "a:entry/a:author/a:name") == [legal(name) for item in shown for name in item.authors]
    assert found(document, "a:entry/a:category/@term") == [legal(tag) for item in shown for tag in item.tags]
    assert found(document, "a:entry/a:link[@rel='alternate']/@href") == [legal(item.url) for item in shown]
    assert found(document, "a:entry/a:link[@rel='enclosure']/@href") == enclosure_urls(example)
    assert found(document, "a:entry/media:thumbnail/@url") == image_urls(example)
    assert found(document, "a:entry/@xml:lang") == given_texts(*(item.language for item in shown))


@unhurried
@given(examples(named))
def test_json_says_what_was_meant(example: Example) -> None:
    read, feed, shown = json.loads(json_feed(example)), example.feed, example.items
    assert (read["title"], read["description"]) == (legal(feed.title), legal(feed.description))
    assert read["feed_url"] == legal(feed.folder_url) + "feed.json"
    assert [read[key] for key in ("icon", "favicon") if key in read] == given_texts(feed.icon_url, feed.icon_url)
    assert [item["id"] for item in read["items"]] == [legal(item.id) for item in shown]
    assert [item["title"] for item in read["items"] if "title" in item] == given_texts(*(item.title for item in shown))
    assert [item["content_html"] for item in read["items"]] == [legal(item.content_html) for item in shown]
    assert [tag for item in read["items"] for tag in item.get("tags", ())] == [
        legal(tag) for item in shown for tag in item.tags
    ]
    assert [item["external_url"] for item in read["items"] if "external_url" in item] == given_texts(
        *(item.external_url for item in shown)
    )


@unhurried
@given(examples(named))
def test_distinct_ids_stay_distinct(example: Example) -> None:
    read = [item["id"] for item in json.loads(json_feed(example))["items"]]
    for ids in (found(rss(example), "//item/guid"), found(atom(example), "a:entry/a:id"), read):
        assert len(set(ids)) == len(ids) == len(example.items)


def given_texts(*texts: str | None) -> list[str]:
    return [legal(text) for text in texts if text is not None]


def enclosure_urls(example: Example) -> list[str]:
    return [legal(item.enclosure.url) for item in example.items if item.enclosure]


def image_urls(example: Example) -> list[str]:
    return [legal(item.image.url) for item in example.items if item.image]

"""RFC 4287: its grammar, and the rules that no grammar can say."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from publisher import __version__
from tests.core.feeds.examples import EXAMPLES, atom

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
NS = {"a": "http://www.w3.org/2005/Atom"}
GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))

EMPTY = EXAMPLES["empty"]

every_feed = pytest.mark.parametrize("name", EXAMPLES)


@every_feed
def test_the_grammar_holds(name: str) -> None:
    GRAMMAR.assertValid(etree.fromstring(atom(EXAMPLES[name])))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"<id>", b"<id>1</id><id>"),
        (b"<published>2026-11-20T13:00:05+00:00</published>", b"<published>2026-11-20T13:00:05</published>"),
        (b'type="html"', b'type="CDATA"'),
        (b' rel="enclosure"', b""),
        (b'href="https://', b'href="//'),
        (b"<entry>", b"<entry><pubDate/>"),
        (b"<name>The Brewer</name>", b""),
    ],
)
def test_the_grammar_would_notice(right: bytes, wrong: bytes) -> None:
    document = atom(EXAMPLES["rich"])
    assert right in document
    assert not GRAMMAR.validate(etree.fromstring(document.replace(right, wrong, 1)))


@every_feed
def test_there_is_one_alternate_link_of_a_type_and_language(name: str) -> None:
    """4.1.1 and 4.1.2; a link without a rel is an alternate, 4.2.7.2."""
    root = etree.fromstring(atom(EXAMPLES[name]))
    for parent in (root, *root.iterfind("a:entry", NS)):
        alternates = [link for link in parent.iterfind("a:link", NS) if link.get("rel", "alternate") == "alternate"]
        kinds = Counter((link.get("type"), link.get("hreflang")) for link in alternates)
        assert list(kinds.values()) == [1]


@every_feed
def test_a_feed_has_an_author_for_every_entry(name: str) -> None:
    """4.1.1: in each entry, or in the feed."""
    assert etree.fromstring(atom(EXAMPLES[name])).findtext("a:author/a:name", namespaces=NS)


@every_feed
def test_ids_are_unique(name: str) -> None:
    """4.1.1: the feed's own among them."""
    ids = [element.text for element in etree.fromstring(atom(EXAMPLES[name])).iterfind(".//a:id", NS)]
    assert len(set(ids)) == len(ids)


@every_feed
def test_the_self_link_is_the_feeds_own_address(name: str) -> None:
    root = etree.fromstring(atom(EXAMPLES[name]))
    found = [(link.get("href"), link.get("type")) for link in root.iterfind("a:link[@rel='self']", NS)]
    assert found == [(EXAMPLES[name].feed.folder_url + "atom.xml", "application/atom+xml")]


@every_feed
def test_the_feed_is_as_new_as_its_newest_entry(name: str) -> None:
    root = etree.fromstring(atom(EXAMPLES[name]))
    entries = [updated.text for updated in root.iterfind("a:entry/a:updated", NS)]
    assert not entries or root.findtext("a:updated", namespaces=NS) == max(entries)


def test_the_language_stands_on_the_feed() -> None:
    root = etree.fromstring(atom(EXAMPLES["rich"]))
    assert root.get(LANGUAGE) == "en-GB"


def test_a_category_has_term_scheme_and_label() -> None:
    category = etree.fromstring(atom(EXAMPLES["rich"])).find("a:entry/a:category", NS)
    assert dict(category.attrib) == {
        "term": "C & C++",
        "scheme": "https://example.org/blog/tags/",
        "label": "C & C++",
    }


def test_the_generator_tells_its_version() -> None:
    generator = etree.fromstring(atom(EXAMPLES["empty"])).find("a:generator", NS)
    assert (generator.text, generator.get("version")) == ("publisher", __version__)


def test_an_entry_without_authors_inherits_the_feeds() -> None:
    """4.2.1. It has none of its own, so that the site's title is not shown as the writer of each post."""
    root = etree.fromstring(atom(EXAMPLES["note"]))
    assert root.find("a:entry/a:author", NS) is None
    assert root.findtext("a:author/a:name", namespaces=NS) == "Tea & Sympathy"


def test_an_address_that_is_none_is_left_out() -> None:
    for address in (None, "", "@", "nobody"):
        assert b"<email>" not in atom(replace(EMPTY, feed=replace(EMPTY.feed, author_email=address)))


def test_only_an_entry_in_another_language_says_so() -> None:
    entries = etree.fromstring(atom(EXAMPLES["rich"])).findall("a:entry", NS)
    assert [entry.get(LANGUAGE) for entry in entries] == [None, "he", None]


def test_the_feed_tells_rights_icon_and_logo_once() -> None:
    root = etree.fromstring(atom(EXAMPLES["full"]))
    feed = EXAMPLES["full"].feed
    for element, text in (("rights", feed.rights), ("icon", feed.icon_url), ("logo", feed.icon_url)):
        assert [found.text for found in root.iterfind(f"a:{element}", NS)] == [text]


def test_a_tag_feed_names_its_category() -> None:
    (category,) = etree.fromstring(atom(EXAMPLES["tag"])).findall("a:category", NS)
    assert dict(category.attrib) == {
        "term": "C & C++",
        "scheme": "https://example.org/blog/tags/",
        "label": "C & C++",
    }

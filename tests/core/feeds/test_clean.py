"""What reaches XML, and what is taken out on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml import etree

from publisher.core.feeds.clean import NOWHERE, clean, writable
from tests.core.feeds.examples import FEEDS

CODE_POINTS = range(0x110000)


def is_legal(code: int) -> bool:
    """XML 1.0, 2.2, production Char."""
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def test_what_xml_allows_stays_and_nothing_else() -> None:
    assert clean("".join(map(chr, CODE_POINTS))) == "".join(chr(code) for code in CODE_POINTS if is_legal(code))


def test_lxml_agrees_about_what_is_left() -> None:
    text = clean("".join(map(chr, CODE_POINTS)))
    element = etree.Element("all")
    element.text = text
    assert etree.fromstring(etree.tostring(element, encoding="UTF-8")).text == text


def test_clean_text_comes_back_as_it_was() -> None:
    assert clean("a\tb\nc\r<&>]]> 🫖 \u202e") == "a\tb\nc\r<&>]]> 🫖 \u202e"


def test_halves_of_a_character_do_not_join() -> None:
    assert clean("\ud83d\x00\ude00") == ""


def test_every_field_is_cleaned_down_to_the_enclosure() -> None:
    feed = FEEDS["rich"]
    item, image, enclosure = feed.items[0], feed.items[0].image, feed.items[0].enclosure
    assert image
    assert enclosure
    broken = replace(
        item,
        tags=("a\x00", "\ud800"),
        image=replace(image, url="i\x01"),
        enclosure=replace(enclosure, media_type="m\x02"),
    )
    found = writable(replace(feed, language="e\x03n", items=(broken,)))
    assert found.language == "en"
    assert found.items[0].tags == ("a",)
    assert found.items[0].image == replace(image, url="i")
    assert found.items[0].enclosure == replace(enclosure, media_type="m")


def test_instants_are_in_utc_and_whole_seconds() -> None:
    east = datetime(2026, 1, 1, 3, 0, 0, 5, tzinfo=timezone(timedelta(hours=5)))
    found = writable(replace(FEEDS["empty"], updated_at=east)).updated_at
    assert found.isoformat() == "2025-12-31T22:00:00+00:00"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        writable(replace(FEEDS["empty"], updated_at=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)))


def test_what_a_format_requires_is_never_empty() -> None:
    item = replace(FEEDS["note"].items[0], id="\x00", url="\x00", headline="\x00", summary="\x00")
    feed = replace(FEEDS["note"], id="", title="", description="", site_url="", author="", items=(item,))
    found = writable(feed)
    assert {found.id, found.title, found.description, found.site_url, found.author} == {NOWHERE}
    assert {found.items[0].id, found.items[0].url, found.items[0].headline} == {NOWHERE}


def test_what_is_missing_is_taken_from_its_neighbour() -> None:
    feed = FEEDS["note"]
    found = writable(replace(feed, title="", description="", items=(replace(feed.items[0], id="", headline=""),)))
    assert (found.title, found.description) == (feed.site_url, feed.site_url)
    assert (found.items[0].id, found.items[0].headline) == (feed.items[0].url, feed.items[0].url)

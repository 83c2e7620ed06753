"""What reaches XML, and what is taken out on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml import etree

from publisher.core.feeds.clean import NOWHERE, clean, writable, writable_item
from tests.core.feeds.examples import EXAMPLES

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
    item = EXAMPLES["rich"].items[0]
    assert item.image
    assert item.enclosure
    broken = replace(
        item,
        tags=("a\x00", "\ud800"),
        image=replace(item.image, url="i\x01"),
        enclosure=replace(item.enclosure, media_type="m\x02"),
    )
    found = writable_item(broken)
    assert found.tags == ("a",)
    assert found.image == replace(item.image, url="i")
    assert found.enclosure == replace(item.enclosure, media_type="m")
    assert writable(replace(EXAMPLES["rich"].feed, language="e\x03n")).language == "en"


def test_what_is_clean_stays_as_it_is() -> None:
    clean_item = writable_item(EXAMPLES["rich"].items[0])
    clean_feed = writable(EXAMPLES["full"].feed)
    assert (writable_item(clean_item), writable(clean_feed)) == (clean_item, clean_feed)


def test_instants_are_in_utc_and_whole_seconds() -> None:
    east = datetime(2026, 1, 1, 3, 0, 0, 5, tzinfo=timezone(timedelta(hours=5)))
    found = writable(replace(EXAMPLES["empty"].feed, updated_at=east)).updated_at
    assert found.isoformat() == "2025-12-31T22:00:00+00:00"


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        writable(replace(EXAMPLES["empty"].feed, updated_at=naive))
    with pytest.raises(ValueError, match="no time zone"):
        writable_item(replace(EXAMPLES["note"].items[0], published_at=naive))


def test_what_a_format_requires_is_never_empty() -> None:
    item = replace(EXAMPLES["note"].items[0], id="\x00", url="\x00", headline="\x00", summary="\x00")
    feed = replace(EXAMPLES["note"].feed, id="", title="", description="", site_url="", author="")
    found, found_item = writable(feed), writable_item(item)
    assert {found.id, found.title, found.description, found.site_url, found.author} == {NOWHERE}
    assert {found_item.id, found_item.url, found_item.headline} == {NOWHERE}


def test_what_is_missing_is_taken_from_its_neighbour() -> None:
    feed, item = EXAMPLES["note"].feed, EXAMPLES["note"].items[0]
    found, found_item = (
        writable(replace(feed, title="", description="")),
        writable_item(replace(item, id="", headline="")),
    )
    assert (found.title, found.description) == (feed.site_url, feed.site_url)
    assert (found_item.id, found_item.headline) == (item.url, item.url)

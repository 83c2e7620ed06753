"""JSON Feed 1.1, rule by rule."""

import json
from dataclasses import replace
from typing import Any

import pytest

from publisher.core.feeds.jsonfeed import json_item
from tests.core.feeds.examples import EXAMPLES, Example, json_feed

TOP = "version title home_page_url feed_url description next_url icon favicon authors language hubs items"
ITEM = "id url external_url title content_html summary image date_published date_modified authors tags language attachments"


def parsed(name: str) -> Any:
    return json.loads(json_feed(EXAMPLES[name]))


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_holds_what_it_must_and_nothing_unknown_or_empty(name: str) -> None:
    found = parsed(name)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert {"version", "title", "items"} <= set(found) <= set(TOP.split())
    for item in found["items"]:
        assert {"id", "url", "content_html"} <= set(item) <= set(ITEM.split())
        assert all(value or key == "content_html" for key, value in item.items())
        assert all({"url", "mime_type"} <= set(attachment) for attachment in item.get("attachments", ()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_utf_8_that_a_person_can_read(name: str) -> None:
    document = json_feed(EXAMPLES[name]).decode()
    assert "\\u" not in document
    assert document.endswith("}\n")
    assert document == json.dumps(json.loads(document), ensure_ascii=False, indent=2) + "\n"


def test_a_note_has_no_title_and_keeps_its_link_elsewhere() -> None:
    (item,) = parsed("note")["items"]
    assert "title" not in item
    assert item["external_url"] == "https://example.net/?a=1&b=2"


def test_only_what_is_written_in_another_language_says_so() -> None:
    found = parsed("rich")
    assert found["language"] == "en-GB"
    assert [item.get("language") for item in found["items"]] == [None, "he", None]


def test_an_attachment_of_unknown_size_has_none() -> None:
    found = [item["attachments"][0] for item in parsed("rich")["items"] if "attachments" in item]
    assert [attachment.get("size_in_bytes") for attachment in found] == [1234567, None]


def test_an_attachment_of_unknown_type_has_the_most_general_one() -> None:
    item = EXAMPLES["rich"].items[0]
    assert item.enclosure
    unknown = replace(item, enclosure=replace(item.enclosure, media_type=""))
    assert json.loads(json_item(unknown))["attachments"][0]["mime_type"] == "application/octet-stream"


def test_the_icon_serves_both_sizes() -> None:
    found = parsed("full")
    assert found["icon"] == found["favicon"] == "https://example.org/blog/icon.png?a=1&b=2"


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\ud800", "\uffff"], ids=ascii)
def test_it_holds_no_character_that_the_other_formats_lack(bad: str) -> None:
    item = replace(EXAMPLES["rich"].items[0], title=f"A{bad}B", content_html=f"<p>{bad}</p>", tags=(bad,))
    found = json.loads(json_feed(Example(feed=EXAMPLES["rich"].feed, items=(item,))))["items"][0]
    assert (found["title"], found["content_html"], "tags" in found) == ("AB", "<p></p>", False)


def test_a_note_without_words_has_an_empty_content() -> None:
    note = replace(EXAMPLES["note"].items[0], content_html="")
    assert json.loads(json_item(note))["content_html"] == ""

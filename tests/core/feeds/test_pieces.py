"""Items are written one by one and kept; what is put together of them is what one writer makes of the whole."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given

from publisher.core.feeds import FORMATS, Feed, FeedItem
from publisher.core.feeds.atom import add_entry, atom_generator
from publisher.core.feeds.jsonfeed import head_values, item_values
from publisher.core.feeds.rss import add_item, rss_generator
from tests.core.feeds.examples import EXAMPLES, Example, written
from tests.core.feeds.test_any_text import feeds, items, lists, texts, unhurried


def whole(example: Example, kind: str) -> bytes:
    """feedgen writes all of it at once; json.dumps for JSON Feed."""
    made: bytes
    if kind == "JSON":
        values = head_values(example.feed) | {"items": [item_values(item) for item in example.items]}
        made = (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()
    elif kind == "RSS":
        generator = rss_generator(example.feed)
        for item in example.items:
            add_item(generator, item)
        made = generator.rss_str(pretty=True)
    else:
        generator = atom_generator(example.feed)
        for item in example.items:
            add_entry(generator, item)
        made = generator.atom_str(pretty=True)
    return made


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_pieces_make_the_whole(name: str) -> None:
    for form in FORMATS:
        assert written(EXAMPLES[name], form) == whole(EXAMPLES[name], form.name)


@unhurried
@given(feeds(texts), lists(items(texts)))
def test_the_pieces_make_the_whole_of_any_text(feed: Feed, shown: tuple[FeedItem, ...]) -> None:
    example = Example(feed=feed, items=shown)
    for form in FORMATS:
        assert written(example, form) == whole(example, form.name)


SEAMS = "</item>\n    </item>\n<item></entry>\n  </entry>\n<entry>\n  </channel>\n</feed>]]>"


def test_text_that_looks_like_a_seam_is_text() -> None:
    item = replace(EXAMPLES["rich"].items[0], headline=SEAMS, title=SEAMS, content_html=SEAMS, tags=(SEAMS,), id=SEAMS)
    feed = replace(EXAMPLES["full"].feed, title=SEAMS, description=SEAMS, rights=SEAMS, icon_url=SEAMS, hub_url=SEAMS)
    example = Example(feed=feed, items=(item, item))
    for form in FORMATS:
        assert written(example, form) == whole(example, form.name)


def test_an_item_is_the_same_in_every_feed() -> None:
    for form in FORMATS:
        kept = form.item(EXAMPLES["tag"].items[0])
        assert kept == form.item(EXAMPLES["rich"].items[0])
        for name in ("rich", "tag", "author"):
            assert kept in written(EXAMPLES[name], form)


def test_feedgen_is_imported_when_the_first_feed_is_written() -> None:
    code = """
import sys
from publisher.core.feeds import FORMATS
assert "feedgen" not in sys.modules and "lxml" not in sys.modules
from tests.core.feeds.examples import EXAMPLES
FORMATS[0].document(EXAMPLES["empty"].feed, [])
assert "feedgen" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)

"""A finished feed is known by its ids."""

import pytest

from publisher.core.feeds.ids import atom_id, item_ids


@pytest.mark.parametrize(
    ("name", "data", "ids"),
    [
        ("feed.json", b'{"items": [{"id": "a"}, {"id": "b"}]}', ["a", "b"]),
        ("feed.json", b'{"items": [{}]}', None),
        ("feed.json", b"[]", None),
        ("feed.json", b"\xff", None),
        ("atom.xml", b'<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><entry><id>a</id></entry></feed>', ["a"]),
        ("rss.xml", b"<rss><channel><item><guid>a</guid></item></channel></rss>", ["a"]),
        ("rss.xml", b"<rss><channel>", None),
        ("rss.xml", b"", None),
    ],
)
def test_feeds_are_read_for_the_ids_of_their_items(name: str, data: bytes, ids: list[str] | None) -> None:
    assert item_ids(name, data) == ids


@pytest.mark.parametrize(
    ("feed", "found"),
    [
        (b"<feed><title>a</title><id>one</id><entry><id>two</id></entry></feed>", b"one"),
        (b"<feed><entry><id>two</id></entry></feed>", None),
        (b"<html></html>", None),
    ],
)
def test_a_feed_is_not_known_by_the_id_of_an_entry(feed: bytes, found: bytes | None) -> None:
    assert atom_id(feed) == found

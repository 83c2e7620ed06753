"""The formats, and how a document is put together in each.

An item is written once and kept; a document is a head, kept items and an end. feedgen and lxml take a tenth of a second to
import, which a build that writes no feed should not pay for: so they are imported when the first one is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from publisher.core.feeds.feed import Feed, FeedItem
from publisher.core.feeds.jsonfeed import json_document, json_item


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    name: Literal["RSS", "Atom", "JSON"]
    file: str
    media_type: str
    item: Callable[[FeedItem], bytes]
    """The item as it stands in a document, whichever."""
    document: Callable[[Feed, Sequence[bytes]], bytes]
    """The whole in UTF-8, of a head and of what `item` made, newest first."""


def _rss_item(item: FeedItem) -> bytes:
    from publisher.core.feeds.rss import rss_item

    return rss_item(item)


def _rss_document(feed: Feed, items: Sequence[bytes]) -> bytes:
    from publisher.core.feeds.rss import rss_document

    return rss_document(feed, items)


def _atom_item(item: FeedItem) -> bytes:
    from publisher.core.feeds.atom import atom_item

    return atom_item(item)


def _atom_document(feed: Feed, items: Sequence[bytes]) -> bytes:
    from publisher.core.feeds.atom import atom_document

    return atom_document(feed, items)


FORMATS: tuple[Format, ...] = (
    Format(name="RSS", file="rss.xml", media_type="application/rss+xml", item=_rss_item, document=_rss_document),
    Format(name="Atom", file="atom.xml", media_type="application/atom+xml", item=_atom_item, document=_atom_document),
    Format(name="JSON", file="feed.json", media_type="application/feed+json", item=json_item, document=json_document),
)

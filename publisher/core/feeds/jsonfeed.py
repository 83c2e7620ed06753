"""JSON Feed 1.1. Every document is what `json.dumps` with an indent of two would write of the whole."""

import json
from collections.abc import Sequence
from typing import Any

from publisher.core.feeds.clean import writable, writable_item
from publisher.core.feeds.feed import Feed, FeedItem
from publisher.core.model import Enclosure

FILE = "feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def json_document(feed: Feed, items: Sequence[bytes]) -> bytes:
    head = _written(head_values(feed)).removesuffix(b"\n}")
    listed = b"[\n" + b",\n".join(items) + b"\n  ]" if items else b"[]"
    return head + b',\n  "items": ' + listed + b"\n}\n"


def json_item(item: FeedItem) -> bytes:
    """Without a comma. No line of it is inside a text, so that all may be indented."""
    return b"    " + _written(item_values(item)).replace(b"\n", b"\n    ")


def head_values(feed: Feed) -> dict[str, Any]:
    """All but the items, in the order in which they are written."""
    feed = writable(feed)
    return _present(
        version=VERSION,
        title=feed.title,
        home_page_url=feed.site_url,
        feed_url=feed.folder_url + FILE,
        description=feed.description,
        next_url=feed.prev_archive_url and feed.prev_archive_url + FILE,
        icon=feed.icon_url,
        favicon=feed.icon_url,
        authors=[{"name": feed.author}],
        language=feed.language,
        hubs=feed.hub_url and [{"type": "WebSub", "url": feed.hub_url}],
    )


def item_values(item: FeedItem) -> dict[str, Any]:
    item = writable_item(item)
    return _present(
        id=item.id,
        url=item.url,
        external_url=item.external_url,
        title=item.title,
        content_html=item.content_html,
        summary=item.summary,
        image=item.image and item.image.url,
        date_published=item.published_at.isoformat(),
        date_modified=item.updated_at.isoformat(),
        authors=[{"name": author} for author in item.authors],
        tags=list(item.tags),
        language=item.language,
        attachments=item.enclosure and [_attachment(item.enclosure)],
    )


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _present(url=enclosure.url, mime_type=enclosure.media_type, size_in_bytes=enclosure.length_bytes)


def _present(**values: Any) -> dict[str, Any]:
    """The format leaves out what is not there: no nulls, no empty lists. An item without any content would be none."""
    return {key: value for key, value in values.items() if value or key == "content_html"}


def _written(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=2).encode()

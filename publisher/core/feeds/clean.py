"""What a feed can hold. A single character outside of it, anywhere, would make the whole document unreadable."""

import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

from publisher.core.feeds.feed import Feed, FeedItem
from publisher.core.model import Enclosure

NOWHERE = "about:blank"
"""Stands where a format demands an address and the feed, against its promise, has none."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes(code for code in range(32) if chr(code) not in "\t\n\r")
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def clean(text: str) -> str:
    """The text without the characters that XML 1.0 (2.2, Char) forbids, lone surrogates among them."""
    return text if text.isprintable() or _is_clean(text) else _ILLEGAL.sub("", text)


def _is_clean(text: str) -> bool:
    """Whether the pattern would find nothing, at six times its speed: of long texts, nearly all are clean."""
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        return False
    return len(octets.translate(None, _CONTROLS)) == len(octets) and not any(mark in octets for mark in _NONCHARACTERS)


def writable(feed: Feed) -> Feed:
    """The same feed as every format can write it.

    Every text is clean, names that were nothing but illegal characters are gone, every instant is in UTC and in
    whole seconds, and nothing is empty that a format requires. Raises ValueError for an instant without a zone.
    """
    feed = _cleaned(feed)
    title = feed.title or feed.site_url or NOWHERE
    return replace(
        feed,
        id=feed.id or feed.site_url or NOWHERE,
        title=title,
        description=feed.description or title,
        site_url=feed.site_url or NOWHERE,
        author=feed.author or title,
    )


def writable_item(item: FeedItem) -> FeedItem:
    """The same for an item."""
    item = _cleaned(item)
    url = item.url or item.id or NOWHERE
    headline = item.headline or item.summary or url
    return replace(item, id=item.id or url, url=url, headline=headline, enclosure=_typed(item.enclosure))


def _typed(enclosure: Enclosure | None) -> Enclosure | None:
    if enclosure is None or enclosure.media_type:
        return enclosure
    return replace(enclosure, media_type="application/octet-stream")


def _cleaned(value: Any) -> Any:
    """Field by field, through values within values, so that a field added later can't be forgotten."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, tuple):
        return tuple(part for part in map(_cleaned, value) if part != "")
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{field.name: _cleaned(getattr(value, field.name)) for field in fields(value)})
    return value


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone, and a feed must not guess one")
    return instant.astimezone(UTC).replace(microsecond=0)

"""A feed as a reader has it after parsing, and as it was meant."""

import calendar
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal

import feedparser

from publisher.core.feeds.clean import writable
from publisher.core.model import Enclosure, Feed, FeedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    id: str
    title: str
    link: str
    published_at: datetime
    updated_at: datetime
    authors: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    """Term and scheme."""
    summary: str
    content_html: str
    enclosures: tuple[tuple[str, str, int], ...]
    """URL, type, length."""
    thumbnails: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFeed:
    title: str
    description: str
    link: str
    self_url: str
    language: str
    updated_at: datetime
    items: tuple[ReadItem, ...]


def read(document: bytes) -> ReadFeed:
    """By feedparser, told to leave the HTML as it is. Raises AssertionError for what it finds ill-formed."""
    found = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.bozo_exception
    feed = found.feed
    return ReadFeed(
        title=feed.title,
        description=feed.subtitle,
        link=feed.link,
        self_url=next(link.href for link in feed.links if link.rel == "self"),
        language=feed.language,
        updated_at=_instant(feed.updated_parsed),
        items=tuple(_read_item(entry) for entry in found.entries),
    )


def _read_item(entry: Any) -> ReadItem:
    return ReadItem(
        id=entry.id,
        title=entry.title,
        link=entry.link,
        published_at=_instant(entry.published_parsed),
        updated_at=_instant(entry.updated_parsed),
        authors=tuple(author.name for author in entry.get("authors", ())),
        tags=tuple((tag.term, tag.scheme) for tag in entry.get("tags", ())),
        summary=entry.get("summary", ""),
        content_html=entry.content[0].value,
        enclosures=tuple((found.href, found.type, int(found.get("length", 0))) for found in entry.enclosures),
        thumbnails=tuple(found["url"] for found in entry.get("media_thumbnail", ())),
    )


def _instant(parsed: time.struct_time) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def meant(feed: Feed, kind: Literal["rss", "atom"]) -> ReadFeed:
    feed = writable(feed)
    return ReadFeed(
        title=feed.title,
        description=feed.description,
        link=feed.site_url,
        self_url=feed.rss_url if kind == "rss" else feed.atom_url,
        language=feed.language,
        updated_at=feed.updated_at,
        items=tuple(_meant_item(item, feed.tag_scheme, kind) for item in feed.items),
    )


def _meant_item(item: FeedItem, tag_scheme: str, kind: Literal["rss", "atom"]) -> ReadItem:
    return ReadItem(
        id=item.id,
        title=item.headline,
        link=item.url,
        published_at=item.published_at,
        updated_at=item.updated_at,
        authors=item.authors,
        tags=tuple((tag, tag_scheme) for tag in item.tags),
        summary=_meant_summary(item, kind),
        content_html=item.content_html,
        enclosures=(_meant_enclosure(item.enclosure),) if item.enclosure else (),
        thumbnails=(item.image.url,) if item.image else (),
    )


def _meant_summary(item: FeedItem, kind: Literal["rss", "atom"]) -> str:
    """HTML in RSS, plain text in Atom. Where an Atom entry has none, feedparser shows its content."""
    if kind == "rss":
        return escape(item.summary or item.headline, quote=False)
    return item.summary or item.content_html


def _meant_enclosure(enclosure: Enclosure) -> tuple[str, str, int]:
    return enclosure.url, enclosure.media_type, enclosure.length_bytes

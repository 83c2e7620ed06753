"""A feed as a reader has it after parsing, and as it was meant."""

import calendar
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

import feedparser

from publisher.core.feeds import FeedItem, Format
from publisher.core.feeds.clean import writable, writable_item
from publisher.core.model import Enclosure
from tests.core.feeds.examples import Example


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    id: str
    title: str | None
    link: str
    published_at: datetime
    updated_at: datetime
    authors: tuple[str, ...]
    tags: tuple[tuple[str, str | None], ...]
    """Term and scheme."""
    summary: str
    content_html: str
    enclosures: tuple[tuple[str, str, int], ...]
    """URL, type, length."""
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFeed:
    title: str
    description: str
    link: str
    self_url: str
    language: str
    rights: str | None
    image: str | None
    hub: str | None
    older: str | None
    """Where the feed goes on."""
    updated_at: datetime | None
    items: tuple[ReadItem, ...]


def read(document: bytes, form: Format) -> ReadFeed:
    """Raises AssertionError for what is found to be ill-formed."""
    return _read_json(json.loads(document)) if form.name == "JSON" else _read_xml(document)


def _read_xml(document: bytes) -> ReadFeed:
    """By feedparser, told to leave the HTML as it is."""
    found = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.bozo_exception
    feed = found.feed
    links = {link.rel: link.href for link in feed.links}
    return ReadFeed(
        title=feed.title,
        description=feed.subtitle,
        link=feed.link,
        self_url=links["self"],
        language=feed.language,
        rights=feed.get("rights"),
        image=feed.image.href if "image" in feed else feed.get("logo"),
        hub=links.get("hub"),
        older=links.get("prev-archive"),
        updated_at=_instant(feed.updated_parsed),
        items=tuple(_read_entry(entry) for entry in found.entries),
    )


def _read_entry(entry: Any) -> ReadItem:
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
        images=tuple(found["url"] for found in entry.get("media_thumbnail", ())),
    )


def _instant(parsed: time.struct_time) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def _read_json(found: Any) -> ReadFeed:
    return ReadFeed(
        title=found["title"],
        description=found["description"],
        link=found["home_page_url"],
        self_url=found["feed_url"],
        language=found["language"],
        rights=None,
        image=found.get("icon"),
        hub=found["hubs"][0]["url"] if "hubs" in found else None,
        older=found.get("next_url"),
        updated_at=None,
        items=tuple(_read_json_item(item) for item in found["items"]),
    )


def _read_json_item(found: Any) -> ReadItem:
    return ReadItem(
        id=found["id"],
        title=found.get("title"),
        link=found["url"],
        published_at=datetime.fromisoformat(found["date_published"]),
        updated_at=datetime.fromisoformat(found["date_modified"]),
        authors=tuple(author["name"] for author in found.get("authors", ())),
        tags=tuple((tag, None) for tag in found.get("tags", ())),
        summary=found.get("summary", ""),
        content_html=found["content_html"],
        enclosures=tuple(
            (part["url"], part["mime_type"], part.get("size_in_bytes", 0)) for part in found.get("attachments", ())
        ),
        images=(found["image"],) if "image" in found else (),
    )


def meant(example: Example, form: Format) -> ReadFeed:
    """JSON Feed has neither rights nor a date of its own."""
    feed = writable(example.feed)
    is_json = form.name == "JSON"
    return ReadFeed(
        title=feed.title,
        description=feed.description,
        link=feed.site_url,
        self_url=feed.folder_url + form.file,
        language=feed.language,
        rights=None if is_json else feed.rights,
        image=feed.icon_url,
        hub=feed.hub_url,
        older=feed.prev_archive_url and feed.prev_archive_url + form.file,
        updated_at=None if is_json else feed.updated_at,
        items=tuple(_meant_item(writable_item(item), form) for item in example.items),
    )


def _meant_item(item: FeedItem, form: Format) -> ReadItem:
    return ReadItem(
        id=item.id,
        title=item.title if form.name == "JSON" else item.headline,
        link=item.url,
        published_at=item.published_at,
        updated_at=item.updated_at,
        authors=item.authors,
        tags=tuple((tag, None if form.name == "JSON" else item.tag_scheme) for tag in item.tags),
        summary=_meant_summary(item, form),
        content_html=item.content_html,
        enclosures=(_meant_enclosure(item.enclosure),) if item.enclosure else (),
        images=(item.image.url,) if item.image else (),
    )


def _meant_summary(item: FeedItem, form: Format) -> str:
    """HTML in RSS, plain text elsewhere. Where an Atom entry has none, feedparser shows its content."""
    if form.name == "RSS":
        return escape(item.summary or item.headline, quote=False)
    return item.summary or (item.content_html if form.name == "Atom" else "")


def _meant_enclosure(enclosure: Enclosure) -> tuple[str, str, int]:
    return enclosure.url, enclosure.media_type, enclosure.length_bytes

"""Atom, RFC 4287."""

from functools import partial

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from publisher import __version__
from publisher.core.feeds.clean import writable
from publisher.core.feeds.elements import MEDIA, Elements
from publisher.core.model import Enclosure, Feed, FeedItem

NAMESPACES = {"media": MEDIA}


def atom(feed: Feed) -> bytes:
    """The document in UTF-8, the same bytes for the same feed."""
    feed = writable(feed)
    generator = FeedGenerator()
    generator.register_extension("more", partial(Elements, NAMESPACES), partial(Elements, NAMESPACES))
    _write_feed(generator, feed)
    for item in feed.items:
        _write_entry(generator.add_entry(order="append"), item, feed.tag_scheme)
    document: bytes = generator.atom_str(pretty=True)
    return document


def _write_feed(generator: FeedGenerator, feed: Feed) -> None:
    generator.language(feed.language)
    generator.id(feed.id)
    generator.title(feed.title)
    generator.subtitle(feed.description)
    generator.updated(feed.updated_at)
    generator.author(name=feed.author, email=_address(feed.author_email))
    generator.link(href=feed.atom_url, rel="self", type="application/atom+xml")
    generator.link(href=feed.site_url, rel="alternate", type="text/html")
    generator.generator("publisher", version=__version__)


def _write_entry(entry: FeedEntry, item: FeedItem, tag_scheme: str) -> None:
    """Links go past feedgen, which would strip them of rel, type and length."""
    entry.id(item.id)
    entry.title(item.headline)
    entry.published(item.published_at)
    entry.updated(item.updated_at)
    if item.summary:
        entry.summary(item.summary)
    entry.content(item.content_html, type="html")
    for author in item.authors:
        entry.author(name=author)
    for tag in item.tags:
        entry.category(term=tag, scheme=tag_scheme, label=tag)
    entry.more.add("link", rel="alternate", type="text/html", href=item.url)
    if item.enclosure:
        _write_enclosure(entry, item.enclosure)
    if item.image:
        image = item.image
        entry.more.add("media:thumbnail", url=image.url, width=image.width, height=image.height)


def _write_enclosure(entry: FeedEntry, enclosure: Enclosure) -> None:
    entry.more.add(
        "link",
        rel="enclosure",
        type=enclosure.media_type or None,
        length=enclosure.length_bytes or None,
        href=enclosure.url,
    )


def _address(email: str | None) -> str | None:
    """RFC 4287, 3.2.3 wants `.+@.+`; what isn't that is left out."""
    return email if email and "@" in email[1:-1] else None

"""Atom, RFC 4287, with the links of RFC 5005 and WebSub."""

from collections.abc import Sequence
from functools import partial

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from publisher import __version__
from publisher.core.feeds.clean import writable, writable_item
from publisher.core.feeds.elements import HISTORY, MEDIA, Elements, inserted, only_item
from publisher.core.feeds.feed import Feed, FeedItem
from publisher.core.model import Enclosure

FILE = "atom.xml"
MEDIA_TYPE = "application/atom+xml"
NAMESPACES = {"fh": HISTORY, "media": MEDIA}


def atom_document(feed: Feed, items: Sequence[bytes]) -> bytes:
    """The same bytes for the same feed, and the same as if feedgen had written all of it at once."""
    return inserted(b"".join(items), atom_generator(feed).atom_str(pretty=True), before=b"</feed>")


def atom_item(item: FeedItem) -> bytes:
    generator = _generator()
    generator.id("-")
    generator.title("-")
    add_entry(generator, item)
    return only_item(generator.atom_str(pretty=True), b"  <entry", b"  </entry>\n")


def atom_generator(feed: Feed) -> FeedGenerator:
    """With the head, ready for entries."""
    feed = writable(feed)
    generator = _generator()
    generator.language(feed.language)
    generator.id(feed.id)
    generator.title(feed.title)
    generator.subtitle(feed.description)
    generator.updated(feed.updated_at)
    generator.author(name=feed.author, email=_address(feed.author_email))
    generator.generator("publisher", version=__version__)
    for tag in feed.tags:
        generator.category(term=tag, scheme=feed.tag_scheme, label=tag)
    if feed.rights:
        generator.rights(feed.rights)
    if feed.icon_url:
        generator.icon(feed.icon_url)
        generator.logo(feed.icon_url)
    _add_links(generator, feed)
    return generator


def _add_links(generator: FeedGenerator, feed: Feed) -> None:
    generator.link(href=feed.folder_url + FILE, rel="self", type=MEDIA_TYPE)
    generator.link(href=feed.site_url, rel="alternate", type="text/html")
    if feed.hub_url:
        generator.link(href=feed.hub_url, rel="hub")
    for relation, folder_url in feed.history():
        generator.link(href=folder_url + FILE, rel=relation, type=MEDIA_TYPE)
    if feed.is_archive:
        generator.more.add("fh:archive")


def add_entry(generator: FeedGenerator, item: FeedItem) -> None:
    """Links go past feedgen, which would strip them of rel, type and length."""
    item = writable_item(item)
    entry: FeedEntry = generator.add_entry(order="append")
    entry.more.set_language(item.language)
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
        entry.category(term=tag, scheme=item.tag_scheme, label=tag)
    entry.more.add("link", rel="alternate", type="text/html", href=item.url)
    if item.enclosure:
        _add_enclosure(entry, item.enclosure)
    if item.image:
        image = item.image
        entry.more.add("media:thumbnail", url=image.url, width=image.width, height=image.height)


def _generator() -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension("more", partial(Elements, NAMESPACES), partial(Elements, NAMESPACES))
    return generator


def _add_enclosure(entry: FeedEntry, enclosure: Enclosure) -> None:
    entry.more.add(
        "link",
        rel="enclosure",
        type=enclosure.media_type,
        length=enclosure.length_bytes or None,
        href=enclosure.url,
    )


def _address(email: str | None) -> str | None:
    """RFC 4287, 3.2.3 wants `.+@.+`; what isn't that is left out."""
    return email if email and "@" in email[1:-1] else None

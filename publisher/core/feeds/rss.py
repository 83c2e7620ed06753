"""RSS 2.0, as the RSS Advisory Board's Best Practices Profile asks for it, with the links of RFC 5005 and WebSub."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from html import escape

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from publisher import __version__
from publisher.core.feeds.clean import writable, writable_item
from publisher.core.feeds.elements import DC, HISTORY, MEDIA, Elements, inserted, only_item
from publisher.core.feeds.feed import Feed, FeedItem
from publisher.core.model import Image

FILE = "rss.xml"
MEDIA_TYPE = "application/rss+xml"
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "dc": DC,
    "fh": HISTORY,
    "media": MEDIA,
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
TTL_MINUTES = 60
"""The same pace as `sy:updatePeriod` tells, for readers that know only one of the two."""


def rss_document(feed: Feed, items: Sequence[bytes]) -> bytes:
    """The same bytes for the same feed, and the same as if feedgen had written all of it at once."""
    return inserted(b"".join(items), rss_generator(feed).rss_str(pretty=True), before=b"  </channel>")


def rss_item(item: FeedItem) -> bytes:
    generator = _generator()
    generator.title("-")
    generator.description("-")
    generator.link(href="-")
    add_item(generator, item)
    return only_item(generator.rss_str(pretty=True), b"    <item>", b"    </item>\n")


def rss_generator(feed: Feed) -> FeedGenerator:
    """With the head, ready for items."""
    feed = writable(feed)
    generator = _generator()
    generator.title(feed.title)
    generator.description(feed.description)
    generator.language(feed.language)
    generator.link(href=feed.folder_url + FILE, rel="self", type=MEDIA_TYPE)
    generator.link(href=feed.site_url, rel="alternate")  # last: RSS gets the last one
    generator.generator(f"publisher {__version__}")
    generator.docs("https://www.rssboard.org/rss-specification")
    generator.ttl(TTL_MINUTES)
    for tag in feed.tags:
        generator.category(term=tag, scheme=feed.tag_scheme)
    if feed.rights:
        generator.copyright(feed.rights)
    if feed.icon_url:
        generator.image(feed.icon_url)
    _add_more(generator, feed)
    return generator


def _add_more(generator: FeedGenerator, feed: Feed) -> None:
    more = generator.more
    if feed.hub_url:
        more.add("atom:link", rel="hub", href=feed.hub_url)
    for relation, folder_url in feed.history():
        more.add("atom:link", rel=relation, type=MEDIA_TYPE, href=folder_url + FILE)
    more.add("pubDate", _rfc822(feed.published_at))
    more.add("lastBuildDate", _rfc822(feed.updated_at))
    more.add("sy:updatePeriod", "hourly")
    more.add("sy:updateFrequency", "1")
    if feed.is_archive:
        more.add("fh:archive")


def add_item(generator: FeedGenerator, item: FeedItem) -> None:
    item = writable_item(item)
    entry: FeedEntry = generator.add_entry(order="append")
    entry.title(item.headline)
    entry.link(href=item.url, rel="alternate")
    entry.guid(item.id, permalink=item.id == item.url)
    entry.summary(escape(item.summary or item.headline, quote=False))  # an item's description is HTML
    entry.content(item.content_html)  # reaches content:encoded only because there is a summary too
    for tag in item.tags:
        entry.category(term=tag, scheme=item.tag_scheme)
    if item.enclosure:
        entry.enclosure(item.enclosure.url, item.enclosure.length_bytes, item.enclosure.media_type)
    for author in item.authors:
        entry.more.add("dc:creator", author)
    if item.language:
        entry.more.add("dc:language", item.language)
    entry.more.add("pubDate", _rfc822(item.published_at))
    entry.more.add("atom:updated", item.updated_at.isoformat())
    if item.image:
        _add_image(entry, item.image)


def _add_image(entry: FeedEntry, image: Image) -> None:
    entry.more.add("media:content", url=image.url, medium="image", width=image.width, height=image.height)
    entry.more.add("media:thumbnail", url=image.url, width=image.width, height=image.height)


def _generator() -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension("more", partial(Elements, NAMESPACES), partial(Elements, NAMESPACES))
    generator.updated(_Unwritten(1970, 1, 1, tzinfo=UTC))
    return generator


def _rfc822(instant: datetime) -> str:
    """English in every locale; RFC 822, 5 with the years in four digits."""
    return format_datetime(instant, usegmt=True)


class _Unwritten(datetime):
    """A date that feedgen accepts and leaves out.

    It would write its own clock's time as lastBuildDate, and format whatever date it is given by changing the locale
    of the whole process; it writes none that is false.
    """

    def __bool__(self) -> bool:
        return False

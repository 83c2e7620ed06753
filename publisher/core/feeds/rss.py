"""RSS 2.0, as the RSS Advisory Board's Best Practices Profile asks for it."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from html import escape

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from publisher import __version__
from publisher.core.feeds.clean import writable
from publisher.core.feeds.elements import DC, MEDIA, Elements
from publisher.core.model import Feed, FeedItem, Image

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "dc": DC,
    "media": MEDIA,
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
TTL_MINUTES = 60
"""The same pace as `sy:updatePeriod` tells, for readers that know only one of the two."""


def rss(feed: Feed) -> bytes:
    """The document in UTF-8, the same bytes for the same feed."""
    feed = writable(feed)
    generator = FeedGenerator()
    generator.register_extension("more", partial(Elements, NAMESPACES), partial(Elements, NAMESPACES))
    _write_channel(generator, feed)
    for item in feed.items:
        _write_item(generator.add_entry(order="append"), item, feed.tag_scheme)
    document: bytes = generator.rss_str(pretty=True)
    return document


def _write_channel(generator: FeedGenerator, feed: Feed) -> None:
    generator.title(feed.title)
    generator.description(feed.description)
    generator.language(feed.language)
    generator.link(href=feed.rss_url, rel="self", type="application/rss+xml")
    generator.link(href=feed.site_url, rel="alternate")  # last: RSS gets the last one
    generator.generator(f"publisher {__version__}")
    generator.docs("https://www.rssboard.org/rss-specification")
    generator.ttl(TTL_MINUTES)
    generator.updated(_Unwritten(1970, 1, 1, tzinfo=UTC))
    generator.more.add("pubDate", _rfc822(feed.published_at))
    generator.more.add("lastBuildDate", _rfc822(feed.updated_at))
    generator.more.add("sy:updatePeriod", "hourly")
    generator.more.add("sy:updateFrequency", "1")


def _write_item(entry: FeedEntry, item: FeedItem, tag_scheme: str) -> None:
    entry.title(item.headline)
    entry.link(href=item.url, rel="alternate")
    entry.guid(item.id, permalink=item.id == item.url)
    entry.summary(escape(item.summary or item.headline, quote=False))  # an item's description is HTML
    entry.content(item.content_html)  # reaches content:encoded only because there is a summary too
    for tag in item.tags:
        entry.category(term=tag, scheme=tag_scheme)
    if item.enclosure:
        entry.enclosure(item.enclosure.url, item.enclosure.length_bytes, item.enclosure.media_type)
    for author in item.authors:
        entry.more.add("dc:creator", author)
    entry.more.add("pubDate", _rfc822(item.published_at))
    entry.more.add("atom:updated", item.updated_at.isoformat())
    if item.image:
        _write_image(entry, item.image)


def _write_image(entry: FeedEntry, image: Image) -> None:
    entry.more.add("media:content", url=image.url, medium="image", width=image.width, height=image.height)
    entry.more.add("media:thumbnail", url=image.url, width=image.width, height=image.height)


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

"""The publication whose feeds stand in `golden/`, and the feeds that are kept there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from publisher.core.feeds import (
    FORMATS,
    Feed,
    FeedItem,
    Format,
    archive_feeds,
    author_feed,
    feed_item,
    site_feed,
    tag_feed,
)
from publisher.core.model import Enclosure, Image, Post, Site

SITE = Site(
    url="https://example.org/blog",
    service_url="https://example.org/blog",
    title="Tea & Sympathy",
    description="On tea, <b>bold</b> moves & more",
    language="en-GB",
    timezone=ZoneInfo("Europe/London"),
    author_name="The Brewer",
    author_email="ada@example.org",
)
FULL = replace(
    SITE,
    rights="© The Brewer & others <2026>",
    icon_url="https://example.org/blog/icon.png?a=1&b=2",
    websub_hub="https://hub.example.net/?a=1&b=2",
)
"""All that a site can say of itself."""

RECORDING = Post(
    key="k3",
    id="tag:example.org,2026-11-20:a-recording",
    source="a-recording.md",
    path="/2026/11/a-recording/",
    url="https://example.org/blog/2026/11/a-recording/",
    title="a < b & c > d: <i>not italic</i> &amp; not an ampersand",
    headline="a < b & c > d: <i>not italic</i> &amp; not an ampersand",
    published_at=datetime(2026, 11, 20, 18, 30, 5, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    updated_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    summary="Listen: 3 < 4 & more",
    reading_minutes=1,
    tags=("C & C++", "tea"),
    authors=("The Brewer", "Bob & Eve"),
    image=Image(url="https://example.org/blog/pot.png?a=1&b=2", alt="A pot", width=640, height=480),
    enclosure=Enclosure(url="https://example.org/blog/a.mp3?x=1&y=2", media_type="audio/mpeg", length_bytes=1234567),
)
HEBREW = Post(
    key="k2",
    id="https://example.org/blog/2026/11/shalom/",
    source="shalom.md",
    path="/2026/11/shalom/",
    url="https://example.org/blog/2026/11/shalom/",
    title="שלום, עולם 👩‍👩‍👧",
    headline="שלום, עולם 👩‍👩‍👧",
    published_at=datetime(2026, 11, 19, 8, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 19, 8, 0, tzinfo=UTC),
    summary="תה ירוק",
    reading_minutes=1,
    tags=("תה",),
    language="he",
    image=Image(url="https://example.org/blog/leaf.svg"),
    enclosure=Enclosure(url="https://example.org/blog/b.ogg", media_type="audio/ogg", length_bytes=0),
)
BROKEN = Post(
    key="k1",
    id="tag:example.org,2026-11-18:broken",
    source="broken.md",
    path="/2026/11/broken/",
    url="https://example.org/blog/2026/11/broken/",
    title="Bell\x07, half\ud83d, none\uffff",
    headline="Bell\x07, half\ud83d, none\uffff",
    published_at=datetime(2026, 11, 18, 8, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 18, 8, 0, tzinfo=UTC),
    summary="Nul\x00",
    reading_minutes=1,
    tags=("tea\x0b",),
)
NOTE = Post(
    key="k0",
    id="tag:example.org,2026-11-17:note",
    source="note.md",
    path="/2026/11/note/",
    url="https://example.org/blog/2026/11/note/",
    title=None,
    headline="Only a few words …",
    published_at=datetime(2026, 11, 17, 8, 0, tzinfo=UTC),
    updated_at=datetime(2026, 11, 17, 8, 0, tzinfo=UTC),
    summary="",
    reading_minutes=1,
    external_url="https://example.net/?a=1&b=2",
)


CONTENTS = {
    "k3": '<p>3 &lt; 4 ]]&gt; <a href="https://example.org/?a=1&amp;b=2">here</a> 🫖</p>\n<pre>  two\n</pre>',
    "k2": "<p>תה ירוק \u202bומתוק\u202c</p>",
    "k1": "<p>Nul\x00, escape\x1b, but\ttab and\nline</p>",
    "k0": "<p>Only a few words without a title</p>",
}
"""By the posts' keys, what feeds hold of them."""
MANY = tuple(
    replace(
        NOTE,
        key=f"m{number}",
        id=f"tag:example.org,2026:{number}",
        url=f"https://example.org/blog/{number}/",
        external_url=None,
        published_at=NOTE.published_at + timedelta(hours=number),
        updated_at=NOTE.updated_at + timedelta(hours=number),
    )
    for number in range(120, 0, -1)
)
"""Newest first, an hour apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A feed with its items."""

    feed: Feed
    items: tuple[FeedItem, ...]


def written(example: Example, form: Format) -> bytes:
    return form.document(example.feed, [form.item(item) for item in example.items])


def rss(example: Example) -> bytes:
    return written(example, FORMATS[0])


def atom(example: Example) -> bytes:
    return written(example, FORMATS[1])


def json_feed(example: Example) -> bytes:
    return written(example, FORMATS[2])


def items(site: Site, posts: Sequence[Post]) -> tuple[FeedItem, ...]:
    return tuple(feed_item(site, post, CONTENTS.get(post.key, "<p>Many</p>")) for post in posts)


def site_example(site: Site, *posts: Post) -> Example:
    return Example(feed=site_feed(site, posts), items=items(site, posts[: site.feed_limit]))


def archive_example(site: Site, number: int, *posts: Post) -> Example:
    """The archive of that number, from 1."""
    feed, shown = archive_feeds(site, posts)[number - 1]
    return Example(feed=feed, items=items(site, shown))


def _short(example: Example) -> Example:
    """With three of its items, for a golden file that can be read."""
    return replace(example, items=example.items[:3])


EXAMPLES: dict[str, Example] = {
    "rich": site_example(SITE, RECORDING, HEBREW, BROKEN),
    "note": site_example(replace(SITE, author_name=None, author_email=None), NOTE),
    "empty": site_example(replace(SITE, description="")),
    "full": _short(site_example(FULL, *MANY)),
    "tag": Example(feed=tag_feed(FULL, "C & C++", (RECORDING,)), items=items(FULL, (RECORDING,))),
    "author": Example(feed=author_feed(SITE, "Bob & Eve", (RECORDING,)), items=items(SITE, (RECORDING,))),
    "summary": site_example(replace(SITE, feed_content="summary"), RECORDING, NOTE),
    "archive": _short(archive_example(FULL, 2, *MANY)),
}

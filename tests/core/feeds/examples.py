"""The publication whose feeds stand in `golden/`, and the feeds that are kept there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from publisher.core.feeds import site_feed, tag_feed
from publisher.core.model import Enclosure, Feed, Image, Library, Post, Site

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
    html="",
    content_html='<p>3 &lt; 4 ]]&gt; <a href="https://example.org/?a=1&amp;b=2">here</a> 🫖</p>\n<pre>  two\n</pre>',
    text="",
    summary="Listen: 3 < 4 & more",
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
    html="",
    content_html="<p>תה ירוק \u202bומתוק\u202c</p>",
    text="",
    summary="תה ירוק",
    tags=("תה",),
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
    html="",
    content_html="<p>Nul\x00, escape\x1b, but\ttab and\nline</p>",
    text="",
    summary="Nul\x00",
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
    html="",
    content_html="<p>Only a few words without a title</p>",
    text="",
    summary="",
)


def library(*posts: Post) -> Library:
    return Library(posts=posts, assets=(), problems=(), next_at=None)


FEEDS: dict[str, Feed] = {
    "rich": site_feed(SITE, library(RECORDING, HEBREW, BROKEN)),
    "note": site_feed(replace(SITE, author_name=None, author_email=None), library(NOTE)),
    "empty": site_feed(replace(SITE, description=""), library()),
    "tag": tag_feed(SITE, "tea", (RECORDING,)),
    "summary": site_feed(replace(SITE, feed_content="summary"), library(RECORDING, NOTE)),
}

"""Posts become feeds: format-neutral values here, the formats that write them in `FORMATS`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import TypeVar

from publisher.core.feeds.feed import Dated, Feed, FeedItem
from publisher.core.feeds.formats import FORMATS, Format
from publisher.core.model import Post, Site
from publisher.core.pages import author_path, tag_path

__all__ = [
    "FORMATS",
    "Feed",
    "FeedItem",
    "Format",
    "archive_feeds",
    "archive_length",
    "author_feed",
    "feed_item",
    "site_feed",
    "tag_feed",
]

D = TypeVar("D", bound=Dated)
_LONGEST_ARCHIVE = 50
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When a feed without items changed last. Not 1970: some readers take a zero for no date."""


def site_feed(site: Site, posts: Sequence[Dated]) -> Feed:
    """The head of the subscription document, which shows the first `feed_limit` of all posts, newest first."""
    newest = _archive_count(site, len(posts))
    feed = _feed(site, "/", site.title, posts[: site.feed_limit])
    return replace(feed, prev_archive_url=site.absolute(_archive_path(newest)) if newest else None)


def tag_feed(site: Site, tag: str, posts: Sequence[Dated]) -> Feed:
    """The feed of the posts that carry this tag, newest first."""
    feed = _feed(site, tag_path(tag), f"{site.title}: {tag}", posts[: site.feed_limit])
    return replace(feed, tags=(tag,))


def author_feed(site: Site, author: str, posts: Sequence[Dated]) -> Feed:
    """The feed of what this author wrote, newest first."""
    feed = _feed(site, author_path(author), f"{site.title}: {author}", posts[: site.feed_limit])
    return replace(feed, author=author, author_email=site.author_email if author == site.author_name else None)


def archive_feeds(site: Site, posts: Sequence[D]) -> Sequence[tuple[Feed, Sequence[D]]]:
    """All posts in batches, the oldest batch first, newest first within each: archive documents of RFC 5005, 4.

    What a full batch says depends on nothing but its own posts, whatever is written later; only the link to the next
    one is added when that appears.
    """
    count = _archive_count(site, len(posts))
    return [_archive(site, number, count, posts) for number in range(1, count + 1)]


def _archive(site: Site, number: int, count: int, posts: Sequence[D]) -> tuple[Feed, Sequence[D]]:
    length = archive_length(site)
    end = len(posts) - (number - 1) * length
    batch = posts[end - length : end]
    feed = replace(
        _feed(site, "/", site.title, batch),
        path=_archive_path(number),
        folder_url=site.absolute(_archive_path(number)),
        hub_url=None,  # it has no news to tell
        is_archive=True,
        prev_archive_url=site.absolute(_archive_path(number - 1)) if number > 1 else None,
        next_archive_url=site.absolute(_archive_path(number + 1)) if number < count else None,
        current_url=site.absolute("/"),
    )
    return feed, batch


def archive_length(site: Site) -> int:
    """How many posts an archive holds: no more than the subscription document, which so covers all that are in none yet.

    A reader that has seen an archive need not look at it again, so only full ones are written (RFC 5005, 4).
    """
    return min(_LONGEST_ARCHIVE, site.feed_limit)


def _archive_count(site: Site, posts: int) -> int:
    if not site.archives or posts <= site.feed_limit:
        return 0
    return posts // archive_length(site)


def _archive_path(number: int) -> str:
    return f"/archive/{number}/"


def feed_item(site: Site, post: Post, content_html: str) -> FeedItem:
    """A post as it stands in every feed. `content_html` is its whole text, fit for strangers' readers."""
    return FeedItem(
        id=post.id,
        url=post.url,
        title=post.title,
        headline=post.headline,
        published_at=post.published_at,
        updated_at=post.updated_at,
        summary=post.summary,
        content_html=content_html if site.feed_content == "full" else _paragraph(post.summary),
        tag_scheme=site.absolute("/tags/"),
        authors=post.authors or ((site.author_name,) if site.author_name else ()),
        tags=post.tags,
        language=post.language if post.language != site.language else None,
        image=post.image,
        enclosure=post.enclosure,
        external_url=post.external_url,
    )


def _feed(site: Site, path: str, title: str, shown: Sequence[Dated]) -> Feed:
    return Feed(
        id=_id(site, path),
        title=title,
        description=site.description,
        path=path,
        folder_url=site.absolute(path),
        site_url=site.absolute(path),
        language=site.language,
        author=site.author_name or site.title,
        author_email=site.author_email,
        updated_at=max((post.updated_at for post in shown), default=NEVER),
        published_at=max((post.published_at for post in shown), default=NEVER),
        tag_scheme=site.absolute("/tags/"),
        rights=site.rights,
        icon_url=site.icon_url,
        hub_url=site.websub_hub,
    )


def _id(site: Site, path: str) -> str:
    """The address of the feed's page with https, whatever the scheme is today.

    RFC 4287, 4.2.6: an id only names, so a title may change and a site may move from http to https under it.
    """
    return "https://" + site.url.partition("://")[2] + path


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>" if text else ""

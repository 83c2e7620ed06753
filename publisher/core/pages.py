"""What each page shows. Values only: `templates.py` renders them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal
from urllib.parse import quote

from publisher.core.model import Enclosure, Image, Library, Post, Site, tag_slug

INDEX_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """For autodiscovery, and for the list on /subscribe."""

    title: str
    href: str
    """Below the site's root."""
    url: str
    media_type: str
    format: Literal["RSS", "Atom"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A post as it stands in a list."""

    headline: str
    is_note: bool
    href: str
    published_at: datetime
    """In the publication's time zone, for the eye."""
    summary: str
    tags: tuple[Link, ...]
    authors: tuple[str, ...]
    reading_minutes: int
    language: str | None
    image: Image | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    posts: tuple[Card, ...]
    more: bool
    """Whether the archive holds more than this page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPage:
    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    post: Card
    updated_at: datetime | None
    """Only where it is a later day than the publication, in the publication's time zone."""
    html: str
    enclosure: Enclosure | None
    external_url: str | None
    newer: Link | None
    older: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPage:
    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    """The tag's own first, then the site's."""
    tag: str
    posts: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    years: tuple[tuple[int, tuple[Card, ...]], ...]
    tags: tuple[tuple[Link, int], ...]
    """Each with the number of its posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribePage:
    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    action: str
    """Where the form posts to."""
    form_token: str
    """Signed time of rendering; empty in a page that was written to disk."""
    address: str = ""
    """What the reader typed, when it was no address."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A form with one button."""

    label: str
    action: str
    fields: tuple[tuple[str, str], ...] = ()
    is_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """One message, perhaps with something to press: check your mail, confirm, you have left, not found."""

    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    paragraphs: tuple[str, ...]
    buttons: tuple[Button, ...] = ()
    is_error: bool = False


Page = IndexPage | PostPage | TagPage | ArchivePage | SubscribePage | MessagePage


def tag_path(tag: str) -> str:
    return f"/tags/{quote(tag_slug(tag))}/"


def feed_links(site: Site, folder: str = "/", name: str = "") -> tuple[FeedLink, ...]:
    about = f"{site.title}: {name}" if name else site.title
    return (
        FeedLink(
            title=f"{about} (Atom)",
            href=site.href(folder + "atom.xml"),
            url=site.absolute(folder + "atom.xml"),
            media_type="application/atom+xml",
            format="Atom",
        ),
        FeedLink(
            title=f"{about} (RSS)",
            href=site.href(folder + "rss.xml"),
            url=site.absolute(folder + "rss.xml"),
            media_type="application/rss+xml",
            format="RSS",
        ),
    )


def card(site: Site, post: Post) -> Card:
    return Card(
        headline=post.headline,
        is_note=post.title is None,
        href=site.href(post.path),
        published_at=post.published_at.astimezone(site.timezone),
        summary=post.summary,
        tags=tuple(Link(text=tag, href=site.href(tag_path(tag))) for tag in post.tags),
        authors=post.authors,
        reading_minutes=post.reading_minutes,
        language=post.language,
        image=post.image,
    )


def index_page(site: Site, library: Library) -> IndexPage:
    return IndexPage(
        title=site.title,
        path="/",
        url=site.absolute("/"),
        feeds=feed_links(site),
        posts=tuple(card(site, post) for post in library.posts[:INDEX_LENGTH]),
        more=len(library.posts) > INDEX_LENGTH,
    )


def post_page(site: Site, post: Post, *, newer: Post | None, older: Post | None) -> PostPage:
    shown = card(site, post)
    updated_at = post.updated_at.astimezone(site.timezone)
    return PostPage(
        title=post.headline,
        path=post.path,
        url=post.url,
        feeds=feed_links(site),
        post=shown,
        updated_at=updated_at if updated_at.date() > shown.published_at.date() else None,
        html=post.html,
        enclosure=post.enclosure,
        external_url=post.external_url,
        newer=Link(text=newer.headline, href=site.href(newer.path)) if newer else None,
        older=Link(text=older.headline, href=site.href(older.path)) if older else None,
    )


def tag_page(site: Site, tag: str, posts: tuple[Post, ...]) -> TagPage:
    path = tag_path(tag)
    return TagPage(
        title=tag,
        path=path,
        url=site.absolute(path),
        feeds=feed_links(site, path, tag) + feed_links(site),
        tag=tag,
        posts=tuple(card(site, post) for post in posts),
    )


def archive_page(site: Site, library: Library) -> ArchivePage:
    cards = [card(site, post) for post in library.posts]
    years = groupby(cards, key=lambda c: c.published_at.year)
    return ArchivePage(
        title="Archive",
        path="/archive/",
        url=site.absolute("/archive/"),
        feeds=feed_links(site),
        years=tuple((year, tuple(found)) for year, found in years),
        tags=tuple((Link(text=tag, href=site.href(tag_path(tag))), len(posts)) for tag, posts in library.tags()),
    )


def subscribe_page(site: Site, *, form_token: str = "", address: str = "", error: str = "") -> SubscribePage:
    return SubscribePage(
        title="Subscribe",
        path="/subscribe",
        url=site.absolute("/subscribe"),
        feeds=feed_links(site),
        action=site.service_url + "/subscribe",
        form_token=form_token,
        address=address,
        error=error,
    )


def message_page(
    site: Site, title: str, *paragraphs: str, buttons: tuple[Button, ...] = (), path: str = "/", is_error: bool = False
) -> MessagePage:
    return MessagePage(
        title=title,
        path=path,
        url=site.absolute(path),
        feeds=feed_links(site),
        paragraphs=paragraphs,
        buttons=buttons,
        is_error=is_error,
    )


def not_found_page(site: Site) -> MessagePage:
    return message_page(
        site,
        "Nothing here",
        "There is no page at this address. It may have moved, or it never was.",
        path="/404.html",
        is_error=True,
    )

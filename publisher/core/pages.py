"""What each page shows. Values only: `templates.py` renders them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal
from urllib.parse import quote, unquote

from publisher.core.model import Enclosure, Image, Post, Site, tag_slug
from publisher.core.prose import Placed

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
    format: Literal["RSS", "Atom", "JSON"]
    is_of_site: bool
    """The whole site's, not that of a tag or an author."""


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
    authors: tuple[Link, ...]
    reading_minutes: int
    language: str | None
    image: Image | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A post as it stands in a long list."""

    headline: str
    href: str
    published_at: datetime
    """In the publication's time zone, for the eye."""
    language: str | None


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
class ListPage:
    """All posts with a tag, or of an author."""

    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    """The list's own first, then the site's."""
    kind: Literal["tag", "author"]
    name: str
    count: int
    posts: tuple[Card, ...]
    """The newest."""
    older: tuple[tuple[int, tuple[Line, ...]], ...]
    """The rest, by year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    title: str
    path: str
    url: str
    feeds: tuple[FeedLink, ...]
    years: tuple[tuple[int, tuple[Line, ...]], ...]
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


Page = IndexPage | PostPage | ListPage | ArchivePage | SubscribePage | MessagePage


def tag_path(tag: str) -> str:
    return f"/tags/{quote(tag_slug(tag))}/"


def file_of(path: str) -> str:
    """The file of a page, relative to the output folder."""
    if path.endswith("/") and "%" not in path:
        return f"{path[1:]}index.html"
    name = unquote(path).lstrip("/")
    return name if name.endswith((".html", ".htm")) else f"{name}index.html"


def author_path(author: str) -> str:
    return f"/authors/{quote(tag_slug(author))}/"


_FORMATS: tuple[tuple[Literal["RSS", "Atom", "JSON"], str, str], ...] = (
    ("Atom", "atom.xml", "application/atom+xml"),
    ("RSS", "rss.xml", "application/rss+xml"),
    ("JSON", "feed.json", "application/feed+json"),
)


def feed_links(site: Site, folder: str = "/", name: str = "") -> tuple[FeedLink, ...]:
    """The feeds below `folder`, in the order in which a reader should take them."""
    about = f"{site.title}: {name}" if name else site.title
    return tuple(
        FeedLink(
            title=f"{about} ({format_name})",
            href=site.href(folder + file),
            url=site.absolute(folder + file),
            media_type=media_type,
            format=format_name,
            is_of_site=folder == "/",
        )
        for format_name, file, media_type in _FORMATS
    )


def card(site: Site, post: Post) -> Card:
    return Card(
        headline=post.headline,
        is_note=post.title is None,
        href=site.href(post.path),
        published_at=post.published_at.astimezone(site.timezone),
        summary=post.summary,
        tags=tuple(Link(text=tag, href=site.href(tag_path(tag))) for tag in post.tags),
        authors=tuple(Link(text=author, href=site.href(author_path(author))) for author in post.authors),
        reading_minutes=post.reading_minutes,
        language=post.language,
        image=post.image,
    )


def line(site: Site, post: Placed) -> Line:
    entry = post.entry
    return Line(
        headline=entry.headline,
        href=site.href(entry.path),
        published_at=entry.published_at.astimezone(site.timezone),
        language=entry.language,
    )


def index_page(site: Site, newest: Sequence[Post], *, more: bool) -> IndexPage:
    return IndexPage(
        title=site.title,
        path="/",
        url=site.absolute("/"),
        feeds=feed_links(site),
        posts=tuple(card(site, post) for post in newest),
        more=more,
    )


def post_page(site: Site, post: Post, html: str, *, newer: Link | None, older: Link | None) -> PostPage:
    shown = card(site, post)
    updated_at = post.updated_at.astimezone(site.timezone)
    return PostPage(
        title=post.headline,
        path=post.path,
        url=post.url,
        feeds=feed_links(site),
        post=shown,
        updated_at=updated_at if updated_at.date() > shown.published_at.date() else None,
        html=html,
        enclosure=post.enclosure,
        external_url=post.external_url,
        newer=newer,
        older=older,
    )


def list_page(
    site: Site, kind: Literal["tag", "author"], name: str, newest: Sequence[Post], older: Sequence[Placed]
) -> ListPage:
    path = tag_path(name) if kind == "tag" else author_path(name)
    return ListPage(
        title=name,
        path=path,
        url=site.absolute(path),
        feeds=feed_links(site, path, name) + feed_links(site),
        kind=kind,
        name=name,
        count=len(newest) + len(older),
        posts=tuple(card(site, post) for post in newest),
        older=_by_year(site, older),
    )


def archive_page(site: Site, placed: Sequence[Placed], tags: Sequence[tuple[str, int]]) -> ArchivePage:
    """`tags`: each with the number of its posts."""
    return ArchivePage(
        title="Archive",
        path="/archive/",
        url=site.absolute("/archive/"),
        feeds=feed_links(site),
        years=_by_year(site, placed),
        tags=tuple((Link(text=tag, href=site.href(tag_path(tag))), count) for tag, count in tags),
    )


def _by_year(site: Site, placed: Sequence[Placed]) -> tuple[tuple[int, tuple[Line, ...]], ...]:
    lines = (line(site, post) for post in placed)
    return tuple((year, tuple(found)) for year, found in groupby(lines, key=lambda each: each.published_at.year))


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

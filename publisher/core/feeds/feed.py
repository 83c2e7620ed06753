"""A feed and its items before they are written in a format."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from publisher.core.model import Enclosure, Image


class Dated(Protocol):
    """All that the head of a feed has to know of a post."""

    @property
    def published_at(self) -> datetime: ...

    @property
    def updated_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry, the same in every feed that it stands in: what is written of it depends on nothing else."""

    id: str
    url: str
    title: str | None
    """None for a note: JSON Feed knows items without a title."""
    headline: str
    """The title, or what stands in for it. Plain text, never empty."""
    published_at: datetime
    updated_at: datetime
    summary: str
    content_html: str
    tag_scheme: str
    """The URL below which each tag has its page."""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    """Only where it is not the site's."""
    image: Image | None = None
    enclosure: Enclosure | None = None
    external_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The head of a feed: all that is said before the first item.

    Its documents, one a format, lie in one folder, and so do those of every feed that it links to. So each link is the
    URL of a folder, with a slash at the end, and the formats add the names of their files.
    """

    id: str
    title: str
    description: str
    path: str
    """The folder of its documents, below the site's root: `/tags/tea/`."""
    folder_url: str
    site_url: str
    """The page that this feed belongs to."""
    language: str
    author: str
    """Atom wants one for the feed: the site's author, or its title where nobody is named."""
    author_email: str | None
    updated_at: datetime
    """The newest change of any item in it; the publication's own first instant where there is none."""
    published_at: datetime
    tag_scheme: str
    tags: tuple[str, ...] = ()
    """What the whole feed is about."""
    rights: str | None = None
    icon_url: str | None = None
    hub_url: str | None = None
    """Whom to ask for news as they come (WebSub)."""
    is_archive: bool = False
    """An archive document of RFC 5005, 4; else the subscription document."""
    prev_archive_url: str | None = None
    """The next older archive."""
    next_archive_url: str | None = None
    current_url: str | None = None
    """In an archive, the subscription document."""

    def history(self) -> Iterator[tuple[str, str]]:
        """The links of RFC 5005 that there are: relation and folder."""
        urls = {
            "prev-archive": self.prev_archive_url,
            "next-archive": self.next_archive_url,
            "current": self.current_url,
        }
        return ((relation, url) for relation, url in urls.items() if url)

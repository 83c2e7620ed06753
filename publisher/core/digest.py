"""What a reader is owed at a moment, and how it becomes the content of one letter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from publisher.core.model import Body, Enclosure, Image, Post, Site, one_line

HTML_BUDGET_BYTES = 90_000
"""Gmail cuts a letter at 102 KB and hides what comes after, the way out with it."""

Extent = Literal["full", "excerpt", "headline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestItem:
    """A post as it stands in a letter."""

    headline: str
    is_note: bool
    url: str
    published_at: datetime
    """In the publication's time zone, for the eye."""
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    reading_minutes: int
    language: str | None
    image: Image | None
    enclosure: Enclosure | None
    extent: Extent
    content_html: str
    text: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The content of one edition, the same for all of its readers."""

    subject: str
    preheader: str
    items: tuple[DigestItem, ...]
    """In the order of their release."""

    @property
    def has_contents(self) -> bool:
        """Three posts or more get a table of contents on top."""
        return len(self.items) >= 3


class Story(NamedTuple):
    """A post with its words."""

    post: Post
    body: Body


def digest(site: Site, stories: Sequence[Story]) -> Digest:
    """The digest of these posts, which must not be empty, in the order given."""
    posts = [story.post for story in stories]
    first, rest = posts[0], len(posts) - 1
    return Digest(
        subject=one_line(first.headline if not rest else f"{first.headline}, and {rest} more"),
        preheader=first.summary if not rest else ", ".join(post.headline for post in posts[1:]),
        items=tuple(_item(site, story) for story in stories),
    )


def _item(site: Site, story: Story) -> DigestItem:
    post, body = story
    return DigestItem(
        headline=post.headline,
        is_note=post.title is None,
        url=post.url,
        published_at=post.published_at.astimezone(site.timezone),
        authors=post.authors,
        tags=post.tags,
        reading_minutes=post.reading_minutes,
        language=post.language,
        image=post.image,
        enclosure=post.enclosure,
        extent="full" if site.digest_content == "full" else "excerpt",
        content_html=body.content_html,
        text=body.text,
        summary=post.summary,
    )


def shortened(found: Digest, excess_bytes: int) -> Digest | None:
    """The digest made smaller by about so many bytes, or None when it is all headlines already.

    The longest full texts become excerpts first; only when no full text is left do excerpts become headlines.
    """
    for extent, smaller in (("full", "excerpt"), ("excerpt", "headline")):
        sizes = {n: _weight(item) for n, item in enumerate(found.items) if item.extent == extent}
        if sizes:
            return replace(found, items=_shorten(found.items, sizes, smaller, excess_bytes))
    return None


def _shorten(
    items: tuple[DigestItem, ...], sizes: dict[int, int], extent: str, excess_bytes: int
) -> tuple[DigestItem, ...]:
    chosen: set[int] = set()
    for n in sorted(sizes, key=lambda n: (-sizes[n], -n)):
        chosen.add(n)
        excess_bytes -= sizes[n]
        if excess_bytes <= 0:
            break
    return tuple(
        replace(item, extent=extent) if n in chosen else item  # type: ignore[arg-type]
        for n, item in enumerate(items)
    )


def _weight(item: DigestItem) -> int:
    shown: Iterable[str] = [item.content_html] if item.extent == "full" else [item.summary]
    return sum(len(part.encode()) for part in shown)

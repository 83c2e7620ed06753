"""A post's words: its body rendered for its page, for feeds and for letters."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from publisher.core.head import Head
from publisher.core.manuscript import Entry
from publisher.core.markdown import cut_heading, rewrite_urls, sanitise
from publisher.core.markup import render_html
from publisher.core.media import media_type
from publisher.core.model import Body, Enclosure, Image, Post, Problem, Site
from publisher.core.place import Place, is_elsewhere
from publisher.core.plaintext import plain_text, summary_of

_WORDS_A_MINUTE = 230
"""Of the file as it was written: what markup adds to it, code takes longer to read."""


class Placed(NamedTuple):
    """A post that has its names and its place among the others."""

    source: str
    entry: Entry
    key: str
    id: str
    content_hash: str
    is_doubtful: bool
    """It may be an older post under another name: then its mail waits for the owner's word."""


class Prose(NamedTuple):
    """A post, read to its end."""

    post: Post
    html: str
    """As the writer's Markdown says, with its addresses as they were written."""
    page_html: str
    """With the addresses that they have on the site."""
    place: Place
    """Has been asked everything by now."""
    problems: tuple[Problem, ...]

    @property
    def content_html(self) -> str:
        return sanitise(self.html, self.place.absolute)

    def body(self) -> Body:
        content_html = self.content_html
        return Body(html=self.page_html, content_html=content_html, text=plain_text(content_html))


def read_prose(head: Head, placed: Placed, site: Site, place: Place, folder: str) -> Prose:
    """The whole post. `folder` is what problems call the folder of posts."""
    html, problems = render_html(head, place)
    title, html = cut_heading(html, head.text("title"))
    end_of_summary = head.end_of_summary().search(html)
    summary = head.summary() or summary_of(html[: end_of_summary.start()] if end_of_summary else html)
    entry = placed.entry
    post = Post(
        key=placed.key,
        id=placed.id,
        source=placed.source,
        path=entry.path,
        url=site.absolute(entry.path),
        title=title,
        headline=entry.headline,
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        summary=summary,
        reading_minutes=max(1, round(len(head.body.split()) / _WORDS_A_MINUTE)),
        tags=entry.tags,
        authors=entry.authors,
        language=entry.language,
        image=_image(head, place, folder),
        enclosure=_enclosure(head, place, folder),
        external_url=_external_url(head),
    )
    return Prose(post, html, rewrite_urls(html, place.href), place, (*head.problems, *problems))


def _image(head: Head, place: Place, folder: str) -> Image | None:
    key, parts = head.image()
    url = parts.get("url")
    if not url or not _is_there(head, key, place, url, folder):
        return None
    asset = place.asset(url)
    return Image(
        url=place.absolute(url),
        alt=parts.get("alt", ""),
        width=asset.width if asset else None,
        height=asset.height if asset else None,
    )


def _enclosure(head: Head, place: Place, folder: str) -> Enclosure | None:
    key, parts = head.enclosure()
    url = parts.get("url")
    if not url or not _is_there(head, key, place, url, folder):
        return None
    asset, length = place.asset(url), parts.get("length", "0")
    kind = asset.media_type if asset else media_type(PurePosixPath(re.split("[?#]", url)[0]))
    return Enclosure(
        url=place.absolute(url),
        media_type=parts.get("type") or kind.split(";")[0],
        length_bytes=asset.size_bytes if asset else int(length) if re.fullmatch("[0-9]{1,15}", length) else 0,
    )


def _external_url(head: Head) -> str | None:
    url = head.text("external_url")
    if url and not url.startswith(("https://", "http://")):
        head.warn("external_url", f"external_url is {url!r}", "wanted is an address like https://example.org/page")
        return None
    return url


def _is_there(head: Head, key: str, place: Place, url: str, folder: str) -> bool:
    """A path from the site's root may be another program's business; a relative one is a file of ours."""
    if place.asset(url) or (place.absolute(url).startswith(("https://", "http://")) and is_elsewhere(url)):
        return True
    if url.startswith("/") and not url.startswith("//"):
        return True
    head.warn(key, f"{key} names {url}, which is not there", f"wanted is a file below {folder}/, or an address")
    return False

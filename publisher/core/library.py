"""The posts as they lie in their folder, read into the Library of one moment."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import quote, unquote, urljoin, urlsplit

from publisher.core.errors import FrontMatterError
from publisher.core.frontmatter import parse_front_matter
from publisher.core.head import Head, Unfit
from publisher.core.identity import Register
from publisher.core.markdown import cut_heading, render_markdown, rewrite_urls, sanitise
from publisher.core.media import media_type
from publisher.core.model import (
    Asset,
    Enclosure,
    Image,
    Library,
    Post,
    Problem,
    Site,
    is_one_line,
    is_printable,
    one_line,
    printable,
    slug,
)
from publisher.core.plaintext import plain_text, shorten, summary_of

POST_SUFFIXES = frozenset({".md", ".markdown"})
_DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[-_ ]+(.*))?")
_OURS = re.compile(
    r"/((tags|authors|archive|subscribe|confirm|u|api|dev|owner|editions|privacy|healthz|readyz|metrics)/.*)?"
)
_HEADLINE_LENGTH = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of a post, as it was found."""

    path: PurePosixPath
    """Relative to the folder of posts."""
    data: bytes | None
    """None where it could not be read."""
    complaint: str = ""
    """Why it could not be read."""


def read_library(
    sources: Iterable[Source], assets: Sequence[Asset], register: Register, site: Site, now: datetime, *, folder: str
) -> Library:
    """All posts that are public at `now`, newest first; those that became public are remembered in `register`.

    `folder` is what problems call the folder of posts. Where two posts want the same address or id, the one that had it
    keeps it.
    """
    found = sorted(sources, key=lambda source: (not register.knows(str(source.path)), source.path))
    shelf = _Shelf(site, assets, register, frozenset(str(source.path) for source in found), now, folder)
    for source in found:
        try:
            shelf.take(source)
        except Unfit as unfit:
            shelf.problems.append(unfit.problem)
    return Library(
        posts=tuple(sorted(shelf.posts.values(), key=lambda post: (post.published_at, post.key), reverse=True)),
        assets=tuple(sorted(assets, key=lambda asset: asset.path)),
        problems=tuple(sorted(shelf.problems, key=lambda problem: (problem.file, problem.line or 0))),
        next_at=min(shelf.later, default=None),
    )


class _Shelf:
    """Takes one file after the other."""

    def __init__(
        self,
        site: Site,
        assets: Sequence[Asset],
        register: Register,
        present: frozenset[str],
        now: datetime,
        folder: str,
    ) -> None:
        self._site, self._register, self._present, self._now, self._folder = site, register, present, now, folder
        self._assets = {str(asset.path): asset for asset in assets}
        self._ids: dict[str, str] = {}
        self.posts: dict[str, Post] = {}
        """By their path on the web."""
        self.problems: list[Problem] = []
        self.later: list[datetime] = []

    def take(self, source: Source) -> None:
        head = self._open(source)
        if head.is_draft():
            return
        day_in_name, name = _name(source.path)
        published_at = head.published_at(day_in_name)
        if published_at > self._now:
            self.later.append(published_at)
            return
        path = self._path(head, published_at, slug(head.text("slug") or name) or "post")
        self.posts[path] = self._post(source, head, published_at, path, slug(name) or "post")
        self.problems += head.problems

    def _open(self, source: Source) -> Head:
        file = one_line(f"{self._folder}/{source.path}")
        if not is_one_line(str(source.path)):
            what = "the file's name holds a control character, or is not UTF-8"
            raise Unfit(Problem(file=file, line=None, what=what, wanted="wanted is another name"))
        if source.data is None:
            raise Unfit(Problem(file=file, line=None, what="the file can't be read", wanted=source.complaint))
        try:
            text = source.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = source.data.count(b"\n", 0, error.start) + 1
            raise Unfit(
                Problem(file=file, line=line, what="the file is not UTF-8", wanted="save it as UTF-8")
            ) from error
        if not is_printable(text):
            self._warn_unprintable(file, text)
            text = printable(text)
        try:
            return Head(parse_front_matter(text), file, self._site.timezone)
        except FrontMatterError as error:
            raise Unfit(Problem(file=file, line=error.line, what=error.what, wanted=error.wanted)) from error

    def _warn_unprintable(self, file: str, text: str) -> None:
        lines = text.replace("\r\n", "\n").split("\n")
        line = next((n for n, row in enumerate(lines, 1) if not is_printable(row)), None)
        what, wanted = "a control character was left out", "delete it: no feed may hold it"
        self.problems.append(Problem(file=file, line=line, what=what, wanted=wanted, severity="warning"))

    def _path(self, head: Head, published_at: datetime, name: str) -> str:
        """The post's place on the web, which nobody else may have."""
        day = published_at.astimezone(self._site.timezone)
        path = self._site.permalink.format(
            year=f"{day.year:04}", month=f"{day.month:02}", day=f"{day.day:02}", slug=quote(name)
        )
        if _OURS.fullmatch(path):
            raise head.unfit(f"the address {path} is one of the site's own", "wanted is another slug", "slug")
        if holder := self.posts.get(path):
            raise head.unfit(f"the address {path} is that of {holder.source}", "wanted is another slug", "slug")
        return path

    def _post(self, source: Source, head: Head, published_at: datetime, path: str, name: str) -> Post:
        site, url = self._site, self._site.absolute(path)
        explicit = head.text("id", "guid", "uuid") or ""
        if holder := self._ids.get(explicit) if explicit else None:
            raise head.unfit(f"the id {explicit} is that of {holder}", "wanted is an id of its own, or none", "id")
        place = _Place(site, url, source.path.parent, self._assets)
        title, html = cut_heading(render_markdown(head.body), head.text("title"))
        content_html = sanitise(html, place.absolute)
        text = plain_text(content_html)
        content_hash = sha256(source.data or b"").hexdigest()[:16]
        first_day = published_at.astimezone(site.timezone).date()
        lookalike = self._register.lookalike(
            str(source.path), content_hash, first_day=first_day, slug=name, present=self._present
        )
        if lookalike:
            self._warn_lookalike(source, lookalike)
        identity = self._register.identify(
            str(source.path),
            content_hash,
            first_day=first_day,
            slug=name,
            host=site.host,
            explicit=explicit,
            present=self._present,
        )
        if holder := self._ids.get(identity.id):
            raise head.unfit(f"the id {identity.id} is that of {holder}", "wanted is an id of its own", "id")
        self._ids[explicit or identity.id] = self._ids[identity.id] = str(source.path)
        return Post(
            key=identity.key,
            id=identity.id,
            source=str(source.path),
            path=path,
            url=url,
            title=title,
            headline=title or _first_words(content_html, text) or f"{published_at:%Y-%m-%d}",
            published_at=published_at,
            updated_at=head.updated_at(published_at),
            html=rewrite_urls(html, place.href),
            content_html=content_html,
            text=text,
            summary=head.text("summary", "description", "excerpt", "subtitle") or summary_of(content_html),
            tags=head.words("tags", "categories", "category"),
            authors=head.words("author", "authors") or ((site.author_name,) if site.author_name else ()),
            language=head.text("lang", "language"),
            image=self._image(head, place),
            enclosure=self._enclosure(head, place),
            external_url=self._external_url(head),
            mail=head.flag("mail", default=True),
            is_doubtful=lookalike is not None,
        )

    def _warn_lookalike(self, source: Source, other: str) -> None:
        wanted = "its mail waits: publisher release if it is new, publisher release --history if it is the same"
        what = f"this may be {other} under another name"
        file = f"{self._folder}/{source.path}"
        self.problems.append(Problem(file=file, line=None, what=what, wanted=wanted, severity="warning"))

    def _image(self, head: Head, place: "_Place") -> Image | None:
        key, parts = head.parts("image", "cover", "banner")
        url = parts.get("url") or parts.get("src") or parts.get("path")
        if not url or not self._is_there(head, key, place, url):
            return None
        asset = place.asset(url)
        return Image(
            url=place.absolute(url),
            alt=head.text("image_alt") or parts.get("alt", ""),
            width=asset.width if asset else None,
            height=asset.height if asset else None,
        )

    def _external_url(self, head: Head) -> str | None:
        url = head.text("external_url")
        if url and not url.startswith(("https://", "http://")):
            head.warn("external_url", f"external_url is {url!r}", "wanted is an address like https://example.org/page")
            return None
        return url

    def _enclosure(self, head: Head, place: "_Place") -> Enclosure | None:
        key, parts = head.parts("enclosure", "audio")
        url = parts.get("url") or parts.get("src") or parts.get("path")
        if not url or not self._is_there(head, key, place, url):
            return None
        asset, length = place.asset(url), parts.get("length", "0")
        kind = asset.media_type if asset else media_type(PurePosixPath(re.split("[?#]", url)[0]))
        return Enclosure(
            url=place.absolute(url),
            media_type=parts.get("type") or kind.split(";")[0],
            length_bytes=asset.size_bytes if asset else int(length) if re.fullmatch("[0-9]{1,15}", length) else 0,
        )

    def _is_there(self, head: Head, key: str, place: "_Place", url: str) -> bool:
        if place.asset(url) or (place.is_elsewhere(url) and place.absolute(url).startswith(("https://", "http://"))):
            return True
        head.warn(
            key, f"{key} names {url}, which is not there", f"wanted is a file below {self._folder}/, or an address"
        )
        return False


class _Place:
    """Where a post stands: what its relative addresses mean."""

    def __init__(self, site: Site, url: str, folder: PurePosixPath, assets: dict[str, Asset]) -> None:
        self._site, self._url, self._folder, self._assets = site, url, folder, assets

    def asset(self, url: str) -> Asset | None:
        """The file beside the posts that the writer means: from the post's folder, or from the folder of posts."""
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return None
        if path.startswith("/"):
            return self._assets.get(path.lstrip("/"))
        return self._assets.get(normpath(self._folder / path)) or self._assets.get(normpath(path))

    def absolute(self, url: str) -> str:
        """The address as the world knows it. One that can't be understood stays as it is."""
        try:
            if not self.is_elsewhere(url) and (asset := self.asset(url)):
                return self._site.absolute(f"/{quote(str(asset.path))}") + _rest(url)
            return urljoin(self._url, url)
        except ValueError:
            return url

    def href(self, url: str) -> str:
        """The address on a page of the site."""
        try:
            if not self.is_elsewhere(url) and (asset := self.asset(url)):
                return self._site.href(f"/{quote(str(asset.path))}") + _rest(url)
        except ValueError:
            pass
        return url

    def is_elsewhere(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return True
        return bool(parts.scheme or parts.netloc) or not parts.path


def _rest(url: str) -> str:
    """The query and the fragment, with their signs."""
    parts = urlsplit(url)
    return (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def _name(path: PurePosixPath) -> tuple[str | None, str]:
    """The day at the start of a file's name, and the rest of it; a bundle's `index` takes its folder's name."""
    stem = path.parent.name if path.stem == "index" and path.parent.name else path.stem
    found = _DATED_NAME.fullmatch(stem)
    return (found[1], found[2] or found[1]) if found else (None, stem)


def _first_words(content_html: str, text: str) -> str:
    """What stands in for the title of a note."""
    return shorten(summary_of(content_html) or text, _HEADLINE_LENGTH)

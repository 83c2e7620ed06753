"""One source file, looked at by itself: what must be known of it to give it a place among the others."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from publisher.core.errors import FrontMatterError
from publisher.core.frontmatter import parse_front_matter
from publisher.core.head import Head, Unfit, name_of
from publisher.core.markdown import cut_heading
from publisher.core.markup import render_html
from publisher.core.model import Problem, Site, is_one_line, is_plain, is_printable, one_line, printable, slug
from publisher.core.pattern import Known, filled, slug_of, style_of
from publisher.core.permalinks import page_path
from publisher.core.place import Place, Surroundings
from publisher.core.plaintext import shorten, summary_of
from publisher.core.spelling import is_guess

_OURS = re.compile(
    r"/((tags|authors|archive|subscribe|confirm|u|api|dev|owner|editions|privacy|healthz|readyz|metrics)/.*)?"
    r"|/(rss\.xml|atom\.xml|feed\.json|style\.css|sitemap[^/]*\.xml|robots\.txt|404\.html|index\.html|_redirects)(/.*)?"
    r"|.*/\..*"
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


class Entry(NamedTuple):
    """What a post wants from its surroundings. A plain tuple, since very many are kept from build to build."""

    published_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    first_day: str
    """The day of its publication in the publication's time zone: a part of its key."""
    name: str
    """Its first slug, from the file's name: the other part."""
    path: str
    """Where it wants to stand on the web."""
    path_line: int | None
    """The line of the front matter that says so, if one does."""
    aliases: tuple[str, ...]
    explicit_id: str
    id_line: int | None
    headline: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    language: str | None
    mail: bool
    """False keeps it out of every letter."""


class Manuscript(NamedTuple):
    """A file that was looked at. Without an entry it is no post: a draft, a page, or broken; only what is broken is told."""

    source: str
    content_hash: str
    entry: Entry | None
    problems: tuple[Problem, ...]


def read_manuscript(source: Source, site: Site, folder: str) -> Manuscript:
    """Never raises: what is wrong is told in the problems. `folder` is what they call the folder of posts."""
    content_hash = hash_of(source.data or b"")
    try:
        head = open_source(source, site, folder)
        entry = _entry(head, source, site)
    except Unfit as unfit:
        return Manuscript(str(source.path), content_hash, None, (unfit.problem,))
    return Manuscript(str(source.path), content_hash, entry, tuple(head.problems) if entry else ())


def hash_of(data: bytes) -> str:
    """Tells two contents apart."""
    return sha256(data).hexdigest()[:16]


def open_source(source: Source, site: Site, folder: str) -> Head:
    """The head of a file. Raises Unfit where the file can't be read as a post."""
    file = one_line(f"{folder}/{source.path}")
    if not is_one_line(str(source.path)):
        what = "the file's name holds a control character, or is not UTF-8"
        raise Unfit(Problem(file=file, line=None, what=what, wanted="wanted is another name"))
    if source.data is None:
        raise Unfit(Problem(file=file, line=None, what="the file can't be read", wanted=source.complaint))
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.data.count(b"\n", 0, error.start) + 1
        raise Unfit(Problem(file=file, line=line, what="the file is not UTF-8", wanted="save it as UTF-8")) from error
    is_clean = is_plain(source.data) or is_printable(text)
    try:
        front_matter = parse_front_matter(text if is_clean else printable(text), source.path.suffix)
        head = Head(front_matter, file, site.timezone, source.path)
    except FrontMatterError as error:
        raise Unfit(Problem(file=file, line=error.line, what=error.what, wanted=error.wanted)) from error
    if not is_clean:
        head.problems.append(_unprintable(file, text))
    return head


def _unprintable(file: str, text: str) -> Problem:
    lines = text.replace("\r\n", "\n").split("\n")
    line = next((n for n, row in enumerate(lines, 1) if not is_printable(row)), None)
    what, wanted = "a control character was left out", "delete it: no feed may hold it"
    return Problem(file=file, line=line, what=what, wanted=wanted, severity="warning")


def _entry(head: Head, source: Source, site: Site) -> Entry | None:
    if head.is_draft() or head.is_page():
        return None
    published_at = head.published_at()
    day = published_at.astimezone(site.timezone)
    _, name = name_of(source.path)
    path, path_key = _path(head, site, day, source.path)
    return Entry(
        published_at=published_at,
        updated_at=head.updated_at(published_at),
        expires_at=head.expires_at(),
        first_day=f"{day:%Y-%m-%d}",
        name=slug(name) or "post",
        path=path,
        path_line=head.line(path_key),
        aliases=head.aliases(),
        explicit_id=head.text("id", "guid", "uuid") or "",
        id_line=head.line("id"),
        headline=head.text("title") or _first_words(head, site, published_at, path),
        tags=head.tags(),
        authors=head.authors() or ((site.author_name,) if site.author_name else ()),
        language=head.text("lang", "language"),
        mail=head.flag("mail", default=True),
    )


def _first_words(head: Head, site: Site, published_at: datetime, path: str) -> str:
    """What stands for the title where the front matter has none: the first heading, else the first words, else the day."""
    place = Place(Surroundings(site, {}, {}), site.absolute(path), str(head.path))
    title, html = cut_heading(render_html(head, place)[0], None)
    return title or shorten(summary_of(html), _HEADLINE_LENGTH) or f"{published_at:%Y-%m-%d}"


def _path(head: Head, site: Site, day: datetime, source: PurePosixPath) -> tuple[str, str | None]:
    """The address that the front matter wants, else the one of the site's pattern; and the key that decided it."""
    known = Known(day, head.text("slug") or "", head.text("title") or "", head.categories(), source)
    style = style_of(site.permalink)
    wish = head.permalink(day, slug_of(known, style) or "post", site.host)
    key = wish[0] if wish else "slug" if known.slug else None
    path = wish[1] if wish else _from_pattern(head, site, known, key)
    if _OURS.fullmatch(path):
        raise head.unfit(f"the address {path} is one of the site's own", "wanted is another slug", key)
    return path, key


def _from_pattern(head: Head, site: Site, known: Known, key: str | None) -> str:
    path = filled(site.permalink, known)
    style = style_of(site.permalink)
    if not key and is_guess(path_text := unquote(path), style):
        what = f"the address {path_text} may differ from the one that it had"
        head.warn("title", what, "wanted is a slug")
    try:
        return page_path(path)
    except ValueError as error:
        raise head.unfit(f"the address {path} can't be used", str(error), key) from error

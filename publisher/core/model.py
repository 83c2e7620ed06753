"""The values that everything else speaks of.

All instants (`*_at`) are aware datetimes in UTC. All `*_url` are absolute, all `href`s are fit for an attribute of a page of
this site. Collections are tuples, so that every value can be compared and hashed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

RTL_LANGUAGES = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


def direction(language: str) -> Literal["ltr", "rtl"]:
    """The writing direction of a BCP 47 language tag."""
    return "rtl" if language.split("-")[0].lower() in RTL_LANGUAGES else "ltr"


_UNPRINTABLE = re.compile("[^\\t\\n\\r\\u0020-\\u007e\\u00a0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def is_printable(text: str) -> bool:
    """Whether every character of it may stand in a feed (XML 1.0, 2.2) and in a mail header: no control but white space."""
    return _UNPRINTABLE.search(text) is None


_CONTROL_BYTES = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})


def is_plain(data: bytes) -> bool:
    """Whether UTF-8 text is printable for certain, told from its bytes, which takes a tenth of the time."""
    may_hold_more = b"\xc2" in data or b"\xef\xbf" in data  # where C1, U+FFFE and U+FFFF begin
    return not may_hold_more and len(data.translate(None, _CONTROL_BYTES)) == len(data)


def printable(text: str) -> str:
    """The text without controls (C0, DEL, C1), lone surrogates, U+FFFE and U+FFFF."""
    if text.isprintable():  # asks for more than we do, and fast
        return text
    return _UNPRINTABLE.sub("", text)


_UNSPEAKABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


def is_one_line(text: str) -> bool:
    """Whether it may stand in a line of a text file: no line ends of any kind, no controls, nothing that is no UTF-8."""
    return _UNSPEAKABLE.search(text) is None


def one_line(text: str) -> str:
    """The text with a sign in place of what may not stand in a line."""
    return _UNSPEAKABLE.sub("\N{REPLACEMENT CHARACTER}", text)


_SIMPLE = re.compile("[A-Za-z0-9 -]*")


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """One part of an address: lower case, letters and digits of any script, hyphens between them. May be empty.

    At most 120 characters and 200 bytes, since no folder's name may be longer than 255.
    """
    if _SIMPLE.fullmatch(text):
        return _cut("-".join(text.lower().replace("-", " ").split())[:120])
    folded = unicodedata.normalize("NFC", text).casefold().replace("+", " plus ").replace("#", " sharp ")
    kept = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    return _cut("-".join("".join(kept).split())[:120])


def _cut(name: str) -> str:
    return name.encode("utf-8", "ignore")[:200].decode("utf-8", "ignore").rstrip("-")


def tag_slug(tag: str) -> str:
    """The folder of a tag's page, never empty."""
    return slug(tag) or _cut("-".join(f"{ord(c):x}" for c in tag))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One publication, as its owner described it."""

    url: str
    """Without a slash at the end; may hold a path."""
    service_url: str
    """Where the forms and the links in letters point. The same as `url` unless the pages live on a static host."""
    title: str
    description: str
    language: str
    timezone: ZoneInfo
    author_name: str | None = None
    author_email: str | None = None
    permalink: str = "/{year}/{month}/{slug}/"
    feed_limit: int = 20
    feed_content: Literal["full", "summary"] = "full"
    archives: bool = True
    """Whether the older posts are in feeds as well (RFC 5005)."""
    websub_hub: str | None = None
    rights: str | None = None
    """Whose the texts are, and what others may do with them."""
    icon_url: str | None = None
    feed_aliases: tuple[tuple[str, str], ...] = ()
    """Paths where feeds once stood, each with the path of the feed that it leads to now."""
    pages: bool = True
    """Whether pages are written, or another program does that, and only feeds are ours."""
    digest_content: Literal["full", "summary"] = "full"
    digest_time: str = "08:00"
    mail_enabled: bool = True
    """Whether letters can leave: the sign-up form is shown only then."""
    postal_address: str | None = None

    @property
    def root(self) -> str:
        """The path part of the site's address, without a slash at the end: empty for most sites."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "localhost"

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        return direction(self.language)

    def href(self, path: str) -> str:
        return self.root + path

    def absolute(self, path: str) -> str:
        return self.url + path


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in the writer's files, told so that it can be mended."""

    file: str
    """Relative to the site's folder."""
    line: int | None
    what: str
    wanted: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}, {self.wanted}"


def problem_value(problem: Problem) -> dict[str, object]:
    """A problem as JSON holds it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "what": problem.what,
        "wanted": problem.wanted,
        "severity": problem.severity,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file beside the posts that is not a post: it is published as it is."""

    path: PurePosixPath
    """Relative to the folder of posts; the same below the site's root."""
    size_bytes: int
    media_type: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that belongs to a post, a recording for one."""

    url: str
    media_type: str
    length_bytes: int
    """0 when it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One source file, parsed: all that a list shows of it."""

    key: str
    """Names the post for ever inside this publication, whatever becomes of its title, date, file or address."""
    id: str
    """What feeds call it: an absolute URI, the same in every format, kept for ever once it was public."""
    source: str
    """The file, relative to the folder of posts."""
    path: str
    """Below the site's root, e.g. `/2026/11/a-post/`."""
    url: str
    title: str | None
    """None for a note, which has none."""
    headline: str
    """The title, or what stands in for it: the first words of a note. Plain text, never empty."""
    published_at: datetime
    updated_at: datetime
    """The last edit that the writer called significant; `published_at` when there is none."""
    summary: str
    """Plain text, one paragraph."""
    reading_minutes: int
    """At least one."""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str | None = None
    image: Image | None = None
    enclosure: Enclosure | None = None
    external_url: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Very many are kept from build to build, and what dataclasses do by themselves is slow."""
        return _post, tuple(getattr(self, name) for name in self.__slots__)


def _post(*values: Any) -> Post:
    return Post(**dict(zip(Post.__slots__, values, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The words of a post: what is too large to be kept of every post at once."""

    html: str
    """For the post's own page: with the author's own HTML."""
    content_html: str
    """For feeds and letters: sanitised, and every URL in it absolute."""
    text: str
    """The words of it, without markup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a mail server takes."""

    mail_from: str
    rcpt_to: str
    message: bytes
    """A complete message with `\\r\\n` line ends."""
    has_dots: bool = True
    """Whether a line may begin with a dot, which SMTP wants doubled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A mail server's answer."""

    code: int
    enhanced: str | None
    """RFC 3463, e.g. `5.1.1`."""
    text: str

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.enhanced, self.text) if part)

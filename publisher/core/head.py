"""What a post's front matter says, in our words: each value checked, each complaint with file and line."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from publisher.core.dates import DATE_WANTED, parse_date
from publisher.core.dialects.pictures import PICTURE_KEYS, RECORDING_KEYS, alt_keys, parts_of
from publisher.core.filenames import is_dated, is_named_as_page, is_of_the_site, lies_among_drafts, name_of
from publisher.core.frontmatter import FrontMatter, Markup
from publisher.core.model import Problem, printable, slug
from publisher.core.permalinks import fill_in, old_path, page_path, placeholders

__all__ = ["Head", "Unfit", "name_of"]

_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_DATES = ("date", "published", "pubdate", "pubdatetime", "published_at", "published_date", "date_published")
_LATER = ("publishdate", "publish_date")
_UPDATES = (
    "updated", "lastmod", "modified", "last_modified_at", "updateddate", "moddatetime", "updated_at", "last_updated",
)  # fmt: skip
_EXPIRIES = ("expirydate", "unpublishdate")
_PLACES = ("permalink", "url", "path")
_TAGS = ("tags", "tag", "categories", "category")
_UNPUBLISHED = frozenset({"draft", "hidden", "private", "skip"})
_LIST_WANTED = "wanted is {}: [one, two]"
_MORE = r"(?:more|excerpt|truncate|break|readmore|pelican_end_summary)"


class Unfit(Exception):
    """The post can't be published as it is; the others go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Head:
    """The front matter of one file. A value that can't be used is a problem; one that the post can't do without, Unfit."""

    def __init__(self, found: FrontMatter, file: str, zone: ZoneInfo, path: PurePosixPath) -> None:
        self._found, self._zone = found, zone
        self.file = file
        """What problems call it."""
        self.path = path
        """Relative to the folder of posts."""
        self.problems: list[Problem] = []

    @property
    def body(self) -> str:
        return self._found.body

    @property
    def body_line(self) -> int:
        return self._found.body_line

    @property
    def markup(self) -> Markup:
        return self._found.markup

    def line(self, key: str | None) -> int | None:
        return self._found.lines.get(key) if key else None

    def unfit(self, what: str, wanted: str, key: str | None = None) -> Unfit:
        return Unfit(Problem(file=self.file, line=self.line(key), what=what, wanted=wanted))

    def warn(self, key: str, what: str, wanted: str) -> None:
        problem = Problem(file=self.file, line=self.line(key), what=what, wanted=wanted, severity="warning")
        if problem not in self.problems:
            self.problems.append(problem)

    def text(self, *keys: str) -> str | None:
        """One line of text, white space folded; None when absent or empty."""
        for key, value in self._present(keys):
            if isinstance(value, str):
                if line := printable(" ".join(value.split())):
                    return line
            else:
                self.warn(key, f"{key} is no text", f"wanted is {key}: some words")
        return None

    def summary(self) -> str | None:
        return self.text("summary", "description", "excerpt", "subtitle")

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._found.values.get(key)
        if value is None:
            return default
        if (flag := _FLAGS.get(str(value).lower())) is None:
            raise self.unfit(f"{key} is {value!r}", f"wanted is {key}: true or {key}: false", key)
        return flag

    def is_draft(self) -> bool:
        """Not to be published: by its own word, or because it lies in a folder of drafts."""
        status = (self.text("status") or "").lower()
        return (
            any(self.flag(key, default=False) for key in ("draft", "isdraft", "hidden"))
            or status in _UNPUBLISHED
            or not self._is("published")
            or not self._is("permalink")
            or lies_among_drafts(self.path)
        )

    def _is(self, key: str) -> bool:
        """False for `published: false` and `permalink: false`, which with any other value are no flags."""
        return _FLAGS.get(str(self._found.values.get(key)).lower(), True)

    def is_page(self) -> bool:
        """No post, though it lies among them: by its place, its layout, or because a list of posts should not hold it.

        A file whose name begins with a date is a post whatever its layout is called; so is one with a date whose template is
        Zola's usual one.
        """
        if is_named_as_page(self.path) or self.flag("eleventyexcludefromcollections", default=False):
            return True
        if is_dated(self.path):
            return False
        values = self._found.values
        if any(str(values.get(key)).lower().removesuffix(".html") == "page" for key in ("layout", "type")):
            return True
        if any(key in values for key in _DATES) or name_of(self.path)[0]:
            return False
        template = str(values.get("template")).lower().removesuffix(".html")
        return template == "page" or is_of_the_site(self.path)

    def published_at(self) -> datetime:
        """The `date`, else the day that the file's name or folders say; where Hugo's `publishDate` is later, that.

        Raises Unfit where there is none, or one that can't be read.
        """
        day, _ = name_of(self.path)
        dates = [self._date(key, value) for key, value in self._dates(_DATES)][:1]
        later = [self._date(key, value) for key, value in self._dates(_LATER)][:1]
        if not dates and day and not later:
            dates = [self._date("date", day)]
        if dates or later:
            return max(dates + later)
        where = "in the front matter (date: ...) or at the start of the file's name"
        raise Unfit(Problem(file=self.file, line=1, what="the post has no date", wanted=f"{DATE_WANTED}, {where}"))

    def _dates(self, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        """`published` is a flag for some generators and a date for others."""
        return ((key, value) for key, value in self._present(keys) if str(value).lower() not in _FLAGS)

    def updated_at(self, published_at: datetime) -> datetime:
        """Never before the publication."""
        return max(published_at, self._first_date(_UPDATES) or published_at)

    def expires_at(self) -> datetime | None:
        """From then on the post is not public any more (Hugo's `expiryDate`)."""
        return self._first_date(_EXPIRIES)

    def _first_date(self, keys: tuple[str, ...]) -> datetime | None:
        for key, value in self._present(keys):
            try:
                return parse_date(str(value), self._zone)
            except ValueError as error:
                self.warn(key, f"{key} is {value!r}", str(error))
        return None

    def permalink(self, day: datetime, name: str, host: str | None = None) -> tuple[str, str] | None:
        """The key that says where the post wants to stand, and the path. One that can't be used is warned of and not followed.

        `day` is the publication in the publication's time zone, `name` the slug. A whole address counts by its path; where
        `host` is given, only one of that host.
        """
        for key, value in self._present(_PLACES):
            if not isinstance(value, str) or value.lower() in _FLAGS:
                self.warn(key, f"{key} is {value!r}", "wanted is a path like /2026/a-post/")
                continue
            title = slug(self.text("title") or "") or name
            values = placeholders(day, name, title, tuple(slug(word) for word in self.categories()))
            try:
                return key, page_path(fill_in(value.strip(), values), host)
            except ValueError as error:
                self.warn(key, f"{key} is {value!r}", str(error))
        return None

    def aliases(self) -> tuple[str, ...]:
        """The paths where the post stood before; one that does not begin with a slash counts from the site's root."""
        found: dict[str, None] = {}
        for key, value in self._present(("aliases", "alias", "redirect_from")):
            for each in value if isinstance(value, list) else [value]:
                try:
                    found.setdefault(old_path(each))
                except ValueError as error:
                    self.warn(key, f"{key} holds {each!r}", str(error))
        return tuple(found)

    def tags(self) -> tuple[str, ...]:
        """Tags and categories, each once, in the order in which they are written.

        A text with commas is several. One without is one tag, whatever spaces stand in it; only Jekyll, which such a file's
        dated name and its `layout` betray, means one tag by each word.
        """
        found = [word for key in _TAGS for word in self._words(key, by_spaces=self._is_jekylls and key.endswith("s"))]
        found += [word for key in ("tags", "categories") for word in self._taxonomy(key)]
        return _each_once(found)

    def categories(self) -> tuple[str, ...]:
        keys = ("categories", "category")
        found = [word for key in keys for word in self._words(key, by_spaces=self._is_jekylls and key.endswith("s"))]
        return _each_once(found)

    @property
    def _is_jekylls(self) -> bool:
        return is_dated(self.path) and "layout" in self._found.values

    def _words(self, key: str, *, by_spaces: bool = False) -> list[str]:
        value = self._found.values.get(key)
        if by_spaces and isinstance(value, str) and "," not in value:
            value = value.split()
        if isinstance(value, list):  # Hexo nests categories
            value = [each for part in value for each in (part if isinstance(part, list) else [part])]
        return self._read_words(key, value)

    def authors(self) -> tuple[str, ...]:
        """The names; a mail address behind one in angle brackets is cut."""
        names = self.words("author", "authors") or _each_once(self._taxonomy("authors") or self._taxonomy("author"))
        return _each_once([re.sub(r"\s*<[^<>]*@[^<>]*>", "", name) or name for name in names])

    def _taxonomy(self, key: str) -> list[str]:
        """Zola's `[taxonomies]`."""
        taxonomies = self._found.values.get("taxonomies")
        return self._read_words("taxonomies", taxonomies.get(key)) if isinstance(taxonomies, dict) else []

    def words(self, *keys: str) -> tuple[str, ...]:
        """A list of short texts, each once: written as a list, or with commas between them."""
        return _each_once([word for key, value in self._present(keys) for word in self._read_words(key, value)])

    def _read_words(self, key: str, value: Any) -> list[str]:
        found: list[str] = []
        for part in value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                part = part.get("name") or part
            if isinstance(part, str):
                found.append(printable(" ".join(part.split())))
            elif part is not None:
                self.warn(key, f"{key} holds {part!r}", _LIST_WANTED.format(key))
        return [word for word in found if word]

    def image(self) -> tuple[str, dict[str, str]]:
        """The key of the post's picture and its parts: `url`, `alt` and what else stands there. Empty where there is none."""
        key, parts = self._media(PICTURE_KEYS)
        if parts and not parts.get("alt") and (alt := self.text(*alt_keys(key))):
            parts["alt"] = alt
        return key, parts

    def enclosure(self) -> tuple[str, dict[str, str]]:
        """The same of the file that belongs to the post: `url`, `length` in bytes, `type`."""
        return self._media(RECORDING_KEYS)

    def _media(self, keys: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        extra = self._found.values.get("extra", self._found.values.get("params"))
        nested = [(key, value) for key in keys if isinstance(extra, dict) and (value := extra.get(key)) is not None]
        for key, value in [*self._present(keys), *nested]:
            parts = parts_of(value)
            if parts:
                return key, {name: printable(part).strip() for name, part in parts.items()}
            if parts is None:
                self.warn(key, f"{key} is {value!r}", f"wanted is {key}: path-or-address")
        return keys[0], {}

    def end_of_summary(self) -> re.Pattern[str]:
        """The mark in the body above which the summary stands: `<!--more-->` and its like, or the post's own."""
        own = self._found.values.get("excerpt_separator")
        if isinstance(own, str) and own.strip():
            return re.compile(re.escape(own.strip()))
        return re.compile(rf"<!--\s*{_MORE}\s*-->", re.IGNORECASE)

    def _date(self, key: str, value: Any) -> datetime:
        try:
            return parse_date(str(value), self._zone)
        except ValueError as error:
            raise self.unfit(f"{key} is {value!r}", str(error), key) from error

    def _present(self, keys: tuple[str, ...] | Iterator[str]) -> Iterator[tuple[str, Any]]:
        for key in keys:
            if (value := self._found.values.get(key)) is not None:
                yield key, value


def _each_once(words: list[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(word.casefold(), word)
    return tuple(found.values())

"""PERMALINK filled in: the address of a post by a pattern like `/{year}/{slug}/`.

Behind a word may stand how it is spelt: `{title:pelican}`. Without that it is spelt as everything here is; the file's name
and folders stay as they are. `{date:%B}` is a part of the date, as the generators know them from `strftime`.
"""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

from publisher.core.filenames import name_of
from publisher.core.model import slug
from publisher.core.spelling import STYLE, after_date, category, spelt

WORD = re.compile(
    rf"\{{(?:(?P<word>year|month|day|slug|title|name|section|folder|categories)(?::(?P<style>{STYLE}))?"
    rf"|date:(?P<date>%-?[YymdjHMSBbAaGVuwe])(?::(?P<date_style>{STYLE}))?)\}}"
)
NAMES_POST = re.compile(rf"\{{(?:slug|title|name)(?::{STYLE})?\}}")
_STYLED = re.compile(rf"\{{(?:slug|title|name):(?P<style>{STYLE})\}}")
_AS_GIVEN = ("pelican", "astro")
"""They take the front matter's slug as it is written."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda day: f"{day.year:04}",
    "y": lambda day: f"{day.year % 100:02}",
    "m": lambda day: f"{day.month:02}",
    "d": lambda day: f"{day.day:02}",
    "e": lambda day: str(day.day),
    "j": lambda day: f"{day.timetuple().tm_yday:03}",
    "H": lambda day: f"{day.hour:02}",
    "M": lambda day: f"{day.minute:02}",
    "S": lambda day: f"{day.second:02}",
    "B": lambda day: _MONTHS[day.month - 1],
    "b": lambda day: _MONTHS[day.month - 1][:3],
    "A": lambda day: _DAYS[day.weekday()],
    "a": lambda day: _DAYS[day.weekday()][:3],
    "G": lambda day: f"{day.isocalendar().year:04}",
    "V": lambda day: f"{day.isocalendar().week:02}",
    "u": lambda day: str(day.isoweekday()),
    "w": lambda day: str(day.isoweekday() % 7),
}
"""By the letter of `strftime`."""
_SAFE = "/-._~!$&'()*+,;=:@"
_LIMIT_BYTES = 200


class Known(NamedTuple):
    """What is known of a post before it has an address."""

    day: datetime
    """The publication in the publication's time zone."""
    slug: str
    """The front matter's, as it is written; empty where there is none."""
    title: str
    categories: tuple[str, ...]
    source: PurePosixPath
    """The file, relative to the folder of posts."""


def filled(pattern: str, post: Known) -> str:
    """The path, percent-encoded. Words that stay empty go, with the slash behind them."""

    def word(found: re.Match[str]) -> str:
        if found["date"]:
            text = part_of_date(post.day, found["date"])
            return _part(spelt(text, found["date_style"]) if found["date_style"] else text)
        return _WORDS[found["word"]](post, found["style"] or "")

    return re.sub("//+", "/", WORD.sub(word, pattern))


def style_of(pattern: str) -> str:
    """How the word is spelt that names the post; empty where it is our own way."""
    found = _STYLED.search(pattern)
    return found["style"] if found else ""


def slug_of(post: Known, style: str) -> str:
    """`{slug}`: the front matter's, else the file's name without its date. Not percent-encoded."""
    if given := _given(post, style):
        return given
    if not style:
        return slug(name_of(post.source)[1]) or "post"
    name = _file_name(post.source, style)
    return spelt(after_date(name, style) or name, style) or "post"


def part_of_date(day: datetime, directive: str) -> str:
    """Like `strftime`, in English whatever the locale is; `%-m` without the zero."""
    text = _PARTS[directive[-1]](day)
    return (text.lstrip("0") or "0") if "-" in directive else text


def _slug(post: Known, style: str) -> str:
    return _part(slug_of(post, style))


def _title(post: Known, style: str) -> str:
    if given := _given(post, style):
        return _part(given)
    if "-dated" in style and (dated := after_date(_file_name(post.source, style), style)):
        return _part(dated if style.startswith("pelican") else spelt(dated, style))
    own = spelt(post.title, style) if style else slug(post.title)
    return _part(own or slug_of(post, style))


def _name(post: Known, style: str) -> str:
    name = _file_name(post.source, style)
    return _part(_given(post, style) or (spelt(name, style) if style else name) or "post")


def _folder(post: Known, style: str) -> str:
    return "/".join(_part(spelt(each, style) if style else each) for each in _folders(post.source, style))


def _section(post: Known, style: str) -> str:
    return _folder(post, style).partition("/")[0]


def _categories(post: Known, style: str) -> str:
    """Pelican has one category; its folder's name stands in, or `misc`."""
    if style.startswith("pelican"):
        own = post.categories[:1] or (post.source.parent.name or "misc",)
        return _part(spelt(own[0], style))
    return "/".join(_part(category(each, style) if style else slug(each)) for each in post.categories)


_WORDS: dict[str, Callable[[Known, str], str]] = {
    "year": lambda post, _: part_of_date(post.day, "%Y"),
    "month": lambda post, _: part_of_date(post.day, "%m"),
    "day": lambda post, _: part_of_date(post.day, "%d"),
    "slug": _slug,
    "title": _title,
    "name": _name,
    "folder": _folder,
    "section": _section,
    "categories": _categories,
}


def _given(post: Known, style: str) -> str:
    if not post.slug or "-file" in style or style.startswith("eleventy"):
        return ""
    if style.startswith(_AS_GIVEN):
        return post.slug
    return spelt(post.slug, style) if style else slug(post.slug)


def _file_name(source: PurePosixPath, style: str) -> str:
    """As it is; a bundle's is its folder's, but for Pelican, which knows no bundles."""
    is_bundle = source.stem == "index" and source.parent.name and not style.startswith("pelican")
    return source.parent.name if is_bundle else source.stem


def _folders(source: PurePosixPath, style: str) -> tuple[str, ...]:
    """Those that the post lies in, without a bundle's own; Eleventy passes over one that is called like its file."""
    is_bundle = source.stem == "index" or (style.startswith("eleventy") and source.parent.name == source.stem)
    home = source.parent.parent if is_bundle else source.parent
    return tuple(part for part in home.parts if part not in ("_posts", "content"))


def _part(text: str) -> str:
    """Percent-encoded, and no longer than a file's name may be. A slug with slashes in it is several parts."""
    cut = (part.encode("utf-8", "ignore")[:_LIMIT_BYTES].decode("utf-8", "ignore") for part in text.split("/"))
    return quote("/".join(cut), safe=_SAFE)

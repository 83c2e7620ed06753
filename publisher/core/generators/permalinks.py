"""Generators' patterns of addresses, said in the words of PERMALINK. All raise ValueError with what can't be said."""

import re
from collections.abc import Mapping

from publisher.core.pattern import WORD

_COLONS = re.compile(r":([A-Za-z0-9_]+)(\[[^\]]*\])?")
_BRACES = re.compile(r"\{([^{}]*)\}")
_DAYS = {"year": "{year}", "month": "{month}", "day": "{day}"}
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "weekdate": "/:categories/:year/W:week/:short_day/:title.html",
    "none": "/:categories/:title.html",
}
JEKYLL_DEFAULT = "/{categories:jekyll}/{year}/{month}/{day}/{slug:jekyll}.html"
_JEKYLL = {
    **_DAYS,
    "title": "{slug:jekyll}",
    "slug": "{slug:jekyll-slug}",
    "name": "{name:jekyll-slug-file}",
    "categories": "{categories:jekyll}",
    "slugified_categories": "{categories:jekyll-slug}",
    "collection": "posts",
    "output_ext": ".html",
    "short_year": "{date:%y}",
    "i_month": "{date:%-m}",
    "short_month": "{date:%b}",
    "long_month": "{date:%B}",
    "i_day": "{date:%-d}",
    "y_day": "{date:%j}",
    "w_year": "{date:%G}",
    "week": "{date:%V}",
    "w_day": "{date:%u}",
    "short_day": "{date:%a}",
    "long_day": "{date:%A}",
    "hour": "{date:%H}",
    "minute": "{date:%M}",
    "second": "{date:%S}",
}
_HUGO_DAYS = {
    **_DAYS,
    "weekday": "{date:%w}",
    "yearday": "{date:%-j}",
    "2006": "{year}",
    "01": "{month}",
    "02": "{day}",
    "06": "{date:%y}",
    "1": "{date:%-m}",
    "2": "{date:%-d}",
}


def from_jekyll(pattern: str) -> str:
    """A pattern without an ending is a file's: `.html`."""
    path = _translated(_STYLES.get(pattern, pattern), _COLONS, _JEKYLL)
    return path if re.search(r"(/|\.html?)$", path) else f"{path}.html"


def from_hugo(pattern: str, section: str, *, flags: str = "", is_dated: bool = False, is_ugly: bool = False) -> str:
    """`section` is what the first folder is called, empty where it is each post's own; `flags` are those of the style.

    `is_dated`: the date and the slug are taken from the file's name before all else (`:filename` in Hugo's `frontmatter`).
    """
    style = f"hugo{flags}"
    title = f"{{title:{style}-dated}}" if is_dated else f"{{title:{style}}}"
    slug = f"{{{'slug' if is_dated else 'name'}:{style}}}"
    name = f"{{name:{style}-file}}"
    known = {
        **_HUGO_DAYS,
        **dict.fromkeys(("monthname", "January"), f"{{date:%B:{style}}}"),
        **dict.fromkeys(("weekdayname", "Monday"), f"{{date:%A:{style}}}"),
        "Jan": f"{{date:%b:{style}}}",
        "Mon": f"{{date:%a:{style}}}",
        "title": f"{{title:{style}-file}}",
        "slug": title,
        **dict.fromkeys(("slugorfilename", "slugorcontentbasename"), slug),
        **dict.fromkeys(("filename", "contentbasename"), name),
        **dict.fromkeys(("section", "sections"), section or f"{{section:{style}}}"),
    }
    return ending(_translated(pattern, _COLONS, known), is_ugly=is_ugly)


def from_pelican(
    pattern: str, save_as: str, slug: str = "{title:pelican}", category: str = "{categories:pelican}"
) -> str:
    """`save_as` tells how the address of a page ends where the pattern does not; `slug` and `category` are the words for
    what Pelican calls so.
    """
    known = {"slug": slug, "category": category}
    dates = re.findall(r"\{date:(?:[^{}]*)\}", pattern)
    known |= {date[1:-1]: _date(date[6:-1]) for date in dates}
    path = _translated(pattern, _BRACES, known)
    if re.search(r"(/|\.html?)$", path):
        return path
    return f"{path}/" if save_as.endswith("/index.html") else f"{path}.html"


def _date(directives: str) -> str:
    """`%Y/%m` word by word."""

    def word(found: re.Match[str]) -> str:
        ours = {"%Y": "{year}", "%m": "{month}", "%d": "{day}"}.get(found[0], f"{{date:{found[0]}}}")
        if not WORD.fullmatch(ours):
            raise ValueError(f"there is nothing like {found[0]} here")
        return ours

    return re.sub(r"%-?.?", word, directives)


def ending(path: str, *, is_ugly: bool) -> str:
    """As Hugo ends an address: with a slash, or as a file (`uglyURLs`)."""
    if re.search(r"\.html?$", path):
        return path
    return path.rstrip("/") + (".html" if is_ugly else "/")


def _translated(pattern: str, token: re.Pattern[str], known: Mapping[str, str]) -> str:
    def word(found: re.Match[str]) -> str:
        if found[1] not in known or (found.lastindex or 1) > 1:
            raise ValueError(f"there is nothing like {found[0]} here")
        return known[found[1]]

    if token is _COLONS and re.search("[{}]", pattern):
        raise ValueError("there is nothing like { here")
    path = re.sub("//+", "/", "/" + token.sub(word, pattern.strip()))
    if not re.search(r"\{(?:slug|title|name)\b", path):
        raise ValueError("it does not name the post")
    return path

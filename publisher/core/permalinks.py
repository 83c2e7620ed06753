"""The places on the web that a post's front matter asks for, written as the generators write them."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

PATH_WANTED = "wanted is a path like /2026/a-post/"
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title.html",
}
_REFUSED_STYLES = ("ordinal", "weekdate")
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_ELEVENTY = re.compile(
    r"\{\{-?\s*(?:(?P<name>page\.fileSlug)|(?P<title>title\s*\|\s*slug(?:ify)?))\s*(?:\|\s*url\s*)?-?\}\}"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
_SAFE = "/-._~!$&'()*+,;=:@"
_SIMPLE = re.compile(r"/(?:[a-z0-9-]{1,200}/){1,4}")
_PAGE = re.compile(r"[^/]\.html?\Z", re.IGNORECASE)
_FILE = re.compile(r"[^/]\.(?:html?|xhtml|shtml|php|aspx?|jsp|cgi|xml|json|txt)\Z", re.IGNORECASE)


def placeholders(day: datetime, name: str, title: str, categories: tuple[str, ...]) -> dict[str, str]:
    """What Jekyll's placeholders stand for. `day` is the publication in the publication's time zone; all else are slugs."""
    return {
        "year": f"{day.year:04}",
        "short_year": f"{day.year % 100:02}",
        "month": f"{day.month:02}",
        "i_month": str(day.month),
        "day": f"{day.day:02}",
        "i_day": str(day.day),
        "y_day": f"{day.timetuple().tm_yday:03}",
        "hour": f"{day.hour:02}",
        "minute": f"{day.minute:02}",
        "second": f"{day.second:02}",
        "title": name,
        "slug": name,
        "name": name,
        "basename": name,
        "filename": name,
        "slugified_title": title,
        "categories": "/".join(categories),
        "output_ext": ".html",
    }


def fill_in(pattern: str, values: Mapping[str, str]) -> str:
    """A permalink with its placeholders replaced: Jekyll's and Hugo's `:year`, Eleventy's `{{ page.fileSlug }}`, or the name of
    one of Jekyll's styles. Raises ValueError with advice for a placeholder that is not known.
    """
    if pattern in _REFUSED_STYLES:
        raise ValueError("that style counts days or weeks; wanted is one of date, pretty, none, or a path")
    pattern = _ELEVENTY.sub(lambda found: ":slug" if found["name"] else ":slugified_title", pattern)
    if "{{" in pattern or "{%" in pattern:
        raise ValueError("templates can't be run here; " + PATH_WANTED)

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ValueError(f"{found[0]} is not known; wanted are :year, :month, :day, :title, :categories")
        return values[found[1]]

    if re.match("[a-z]+://", pattern):
        return pattern
    filled = _PLACEHOLDER.sub(value, _STYLES.get(pattern, pattern))
    return filled if filled == pattern else re.sub("//+", "/", filled)


def page_path(text: str, host: str | None = None) -> str:
    """A path on this site for a page: begins with a slash, ends in one or in `.html`, percent-encoded.

    `text` may be a whole address; with a `host` it must be of that host. Raises ValueError with advice.
    """
    if _SIMPLE.fullmatch(text):  # as nearly all are
        return text
    path = re.sub("/index[.]html?$", "/", _path(text, host))
    return path if path.endswith("/") or _PAGE.search(path) else path + "/"


def old_path(text: object) -> str:
    """Like `page_path`, for a place where the post stood before: it may end as other programs' pages do (`.php`)."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"it is no path; {PATH_WANTED}")
    path = _path(text, None)
    return path if path.endswith("/") or _FILE.search(path) else path + "/"


def _path(text: str, host: str | None) -> str:
    try:
        parts = urlsplit(text.strip())
        path = re.sub("//+", "/", "/" + unquote(parts.path, errors="strict"))
    except ValueError as error:
        raise ValueError(f"it is no address; {PATH_WANTED}") from error
    if parts.scheme not in ("", "http", "https") or (host and parts.hostname and parts.hostname != host):
        raise ValueError(f"it is no place on this site; {PATH_WANTED}")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(f"a path has no ? and no #; {PATH_WANTED}")
    if _CONTROLS.search(path) or not {".", ".."}.isdisjoint(path.split("/")):
        raise ValueError(f"it leads out of the site, or can't be typed; {PATH_WANTED}")
    if len(path.encode()) > 1000 or any(len(part.encode()) > 240 for part in path.split("/")):
        raise ValueError(f"it is too long for a file's name; {PATH_WANTED}")
    return quote(path, safe=_SAFE)

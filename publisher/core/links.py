"""Links and pictures in a post that lead nowhere."""

from collections.abc import Collection
from urllib.parse import unquote, urlsplit

from publisher.core.markdown import rewrite_urls
from publisher.core.model import Problem
from publisher.core.place import POST_SUFFIXES, Place, is_elsewhere


def broken_links(html: str, text: str, place: Place, *, file: str, known: Collection[str]) -> list[Problem]:
    """What a reader would not find. `text` is the file, for line numbers; `known` are all paths that the site serves.

    A path from the site's root that is not ours may be another program's business, so that only what stands relative to the
    post must be a file beside it, or another post.
    """
    found: dict[str, Problem] = {}

    def look(url: str) -> str:
        if url and url not in found and (what := _what_is_wrong(url, place, known)):
            wanted = "wanted is a file below the folder of posts, or an address that begins with https://"
            found[url] = Problem(file=file, line=_line(text, url), what=what, wanted=wanted, severity="warning")
        return url

    rewrite_urls(html, look)
    return [*found.values()]


def _what_is_wrong(url: str, place: Place, known: Collection[str]) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url} is no address"
    if parts.scheme in ("http", "https") and not parts.hostname:
        return f"{url} names no host"
    if is_elsewhere(url) or url.startswith("/") or place.href(url) != url:
        return None
    path = unquote(parts.path)
    if path.rpartition("/")[2] in ("", ".", "..") or unquote(urlsplit(place.absolute(url)).path) in known:
        return None
    kind = "post" if path.endswith(tuple(POST_SUFFIXES)) else "file"
    return f"{url} leads to a {kind} that is not there"


def _line(text: str, url: str) -> int | None:
    start = text.find(url)
    return text.count("\n", 0, start) + 1 if start >= 0 else None

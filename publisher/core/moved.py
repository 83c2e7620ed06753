"""Addresses that moved or are gone, as a text file that static hosts know by the name `_redirects`:

    /blog/feed/ /blog/rss.xml 301
    /blog/2026/11/withdrawn/ /404.html 410

Paths are whole, with the path of the site's address, and percent-encoded. With or without a slash at its end a path is the
same place. A file that is there is always served, whatever the list says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

REDIRECTS_NAME = "_redirects"
_GONE_TO = "/404.html"
_IN_OLD = "/%!$&'()+,;=@~"
"""Not `*` and `:`, which stand for anything in the lists of some hosts."""
_IN_NEW = _IN_OLD + "*:?#[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One old path. `new` is a path or a whole URL; None says that there is nothing any more (410)."""

    old: str
    new: str | None


def place(path: str) -> str:
    """What all spellings of a path have in common: decoded, without a slash at the end."""
    return unquote(path).rstrip("/")


def parse_redirects(text: str) -> Mapping[str, Moved]:
    """By the `place` of the old path. Lines of other kinds, which the owner's host may know, are passed over."""
    found: dict[str, Moved] = {}
    for line in text.splitlines():
        match line.split():
            case [old, new, "301"] if old.startswith("/"):
                found.setdefault(place(old), Moved(old=old, new=new))
            case [old, _, "410"] if old.startswith("/"):
                found.setdefault(place(old), Moved(old=old, new=None))
    return found


def settled(moves: Iterable[Moved]) -> tuple[Moved, ...]:
    """Sorted by the old path, each place once (the first one given counts), every path led to where its way ends.

    What would lead in a circle, or does not begin with a slash, is left out.
    """
    by_place: dict[str, Moved] = {}
    for move in moves:
        if move.old.startswith("/") and place(move.old):
            by_place.setdefault(place(move.old), move)
    found = (_led_to_its_end(move, by_place) for move in by_place.values())
    return tuple(sorted((move for move in found if move), key=lambda move: move.old))


def render_redirects(moves: Iterable[Moved]) -> str:
    """The file's text: empty when nothing moved."""
    lines = (
        f"{move.old} {_GONE_TO} 410\n" if move.new is None else f"{move.old} {move.new} 301\n"
        for move in settled(moves)
    )
    return "".join(lines)


def _led_to_its_end(move: Moved, by_place: Mapping[str, Moved]) -> Moved | None:
    passed = {place(move.old)}
    new = move.new
    while new is not None:
        here = place(new)
        if here in passed:
            return None
        passed.add(here)
        if here not in by_place:
            break
        new = by_place[here].new
    return Moved(old=quote(move.old, safe=_IN_OLD), new=new and quote(new, safe=_IN_NEW))

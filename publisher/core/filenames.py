"""What the names of a post's file and folders say of it."""

import re
from functools import lru_cache
from pathlib import PurePosixPath

_BUNDLE = frozenset({"index", "_index"})
_DATED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[-_ ]+(.*))?|(\d{4})(\d{2})(\d{2})[-_](.+)", re.ASCII | re.DOTALL)
_DATED_FOLDERS = re.compile(r"(?:.*/)?(\d{4})/(\d{2})/(\d{2})", re.ASCII)
_JEKYLLS = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-", re.ASCII)
_MACHINERY = frozenset({"_data", "_includes", "_layouts", "_sass", "_site", "_templates", "node_modules"})
_NOT_DATED = frozenset({"index", "404", "readme"})


@lru_cache(maxsize=64)
def name_of(path: PurePosixPath) -> tuple[str | None, str]:
    """The day that a post's path says, like 2026-11-22, and the name that is left for its slug.

    The day stands at the start of the file's name (2026-11-22-title, 2026-11-22_title, 20261122-title), or is spelt by three
    folders (2026/11/22/title.md). Year and month alone say no day. A bundle's `index` takes its folder's name; the
    language in `title.de.md` stays in the slug, since the translations are posts of their own.
    """
    is_bundle = path.stem.split(".")[0] in _BUNDLE and path.parent.name != ""
    folder, stem = (path.parent.parent, path.parent.name) if is_bundle else (path.parent, path.stem)
    if is_bundle and "." in path.stem:
        stem += "." + path.stem.split(".", 1)[1]
    if found := _DATED.fullmatch(stem):
        year, month, day, rest = found.group(1, 2, 3, 4) if found[1] else found.group(5, 6, 7, 8)
        return _day(year, month, day), rest or stem
    if found := _DATED_FOLDERS.fullmatch(str(folder)):
        return _day(found[1], found[2], found[3]), stem
    return None, stem


def _day(year: str, month: str, day: str) -> str:
    return f"{year}-{month:0>2}-{day:0>2}"


def is_dated(path: PurePosixPath) -> bool:
    """Whether the file is called as Jekyll wants its posts to be: YYYY-MM-DD-title."""
    return _JEKYLLS.match(path.name) is not None


def lies_among_drafts(path: PurePosixPath) -> bool:
    return any(part.lower() in ("_drafts", "drafts") for part in path.parent.parts)


def is_named_as_page(path: PurePosixPath) -> bool:
    """A page, a list or a template of a generator by its place: `pages/` at the top, `_index.md`, `_anything.md`, `_layouts/`."""
    if path.name.startswith("_") or not _MACHINERY.isdisjoint(path.parent.parts):
        return True
    return path.parts[0] in ("pages", "_pages") and len(path.parts) > 1


def is_of_the_site(path: PurePosixPath) -> bool:
    """`index`, `404` and `readme` at the top belong to the site: without a date they are no posts."""
    return len(path.parts) == 1 and path.stem.lower() in _NOT_DATED

"""Pelican's and MultiMarkdown's heads: lines of `Key: value` at the very top, without fences, up to the first empty line."""

import re
from typing import Any

from publisher.core.errors import FrontMatterError

_ROW = re.compile(r"(?P<key>[A-Za-z][\w-]*(?:[ ][\w-]+){0,3})[ \t]*:(?!//)(?:[ \t]+|(?=\S)|$)(?P<value>.*)")
_SURE = frozenset({
    "title", "date", "tags", "category", "categories", "slug", "status", "author", "authors", "modified", "lang",
    "save_as", "layout", "permalink",
})  # fmt: skip
"""One such line is enough."""
_LIKELY = _SURE | frozenset({
    "summary", "description", "keywords", "url", "template", "translation", "image", "cover", "subtitle", "updated",
    "published", "draft", "id", "alias",
})  # fmt: skip
"""Words that prose may begin with, too: two are wanted."""
_LISTS = frozenset({"tags", "authors", "keywords"})
_WHOLE = frozenset({"author", "category"})


def begins_with_colons(text: str) -> bool:
    """Whether the text begins with such a head, and not with prose like "Note: this is"."""
    first = _ROW.match(text)
    if not first or first["key"].lower() not in _LIKELY:
        return False
    keys = set()
    for row in _rows(text):
        if found := _ROW.fullmatch(row):
            keys.add(found["key"].lower())
        elif row[:1] not in (" ", "\t"):
            return False
    return not keys.isdisjoint(_SURE) or len(keys & _LIKELY) > 1


def _rows(text: str) -> list[str]:
    """The lines up to the first empty one, or to a fence that closes what none opened."""
    found: list[str] = []
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        row = text[start:end]
        if not row.strip() or row.rstrip() in ("---", "..."):
            break
        found.append(row)
        start = end + 1
    return found


def read_colons(text: str, first_line: int) -> tuple[dict[str, Any], dict[str, int], int]:
    """The values by their keys in lower case, the line of each key, and where the head ends in `text`.

    Tags and authors stand with commas between them, or with semicolons where a name holds a comma. Raises FrontMatterError
    where a key stands twice.
    """
    rows = _rows(text)
    end = min(sum(len(row) + 1 for row in rows), len(text))
    fence = re.compile(r"(?:---|\.\.\.)[ \t]*(?:\n|\Z)").match(text, end)
    values, lines = read_fields(rows, _ROW, first_line)
    return values, lines, fence.end() if fence else end


def read_fields(rows: list[str], pattern: re.Pattern[str], first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    """Each row that fits `pattern` begins a field; the others go on with the one before them."""
    found: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    key = ""
    for line, row in enumerate(rows, first_line):
        if field := pattern.fullmatch(row):
            key = field["key"].strip().lower().replace(" ", "_")
            if key in found:
                raise FrontMatterError(line, f"the key {key} stands twice", f"first on line {lines[key]}: keep one")
            found[key], lines[key] = [field["value"].strip()], line
        elif key:
            found[key].append(row.strip())
    return {key: _value(key, parts) for key, parts in found.items()}, lines


def _value(key: str, parts: list[str]) -> str | list[str] | None:
    text = "\n".join(part for part in parts if part)
    if not text:
        return None
    if key in _LISTS:
        separator = ";" if ";" in text else "," if "," in text else "\n"
        return [word for part in text.split(separator) if (word := " ".join(part.split()))]
    return [" ".join(text.split())] if key in _WHOLE else text

"""The head of a reStructuredText file: its title, and a list of fields like `:date: 2026-11-22`."""

import re
from typing import Any

from publisher.core.dialects.colonhead import read_fields
from publisher.core.errors import FrontMatterError

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*")
_FIELD = re.compile(r":(?P<key>[A-Za-z][^:\n]*):(?:[ \t]+|$)(?P<value>.*)")
_MARKUP = re.compile(r"``([^`]+)``|\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`<]+?)(?:\s*<[^>]*>)?`_{0,2}")


def require_docutils() -> None:
    """Raises FrontMatterError where docutils is missing: before anything is published of a post that can't be shown."""
    try:
        import docutils  # noqa: F401
    except ImportError as error:
        what = "reStructuredText can't be read without docutils"
        raise FrontMatterError(None, what, "wanted is pip install 'publisher[rst]'") from error


def read_rst(text: str, first_line: int) -> tuple[dict[str, Any], dict[str, int], int]:
    """The values by their keys in lower case, the line of each key, and where the head ends in `text`.

    The title may stand above or below the fields. Raises FrontMatterError where a key stands twice.
    """
    rows = text.split("\n")
    title, title_row, after = _title(rows, _skip(rows, 0))
    fields, first, after = _fields(rows, after)
    if title is None and fields:
        title, title_row, after = _title(rows, _skip(rows, after))
    values, lines = read_fields(fields, _FIELD, first_line + first)
    if title and not values.get("title"):
        values["title"], lines["title"] = title, first_line + title_row
    return {key: _plain(value) for key, value in values.items()}, lines, sum(len(row) + 1 for row in rows[:after])


def _skip(rows: list[str], row: int) -> int:
    """Past empty lines, and comments like `.. -*- mode: rst -*-`."""
    while row < len(rows) and (not rows[row].strip() or rows[row].startswith(".. -*-")):
        row += 1
    return row


def _title(rows: list[str], row: int) -> tuple[str | None, int, int]:
    """The title, its row, and the row after it."""
    part = [each.rstrip() for each in rows[row : row + 3]]
    if len(part) == 3 and _is_line(part[0]) and part[0] == part[2] and part[1].strip() and not _is_line(part[1]):
        return part[1].strip(), row + 1, row + 3
    if len(part) >= 2 and part[0].strip() and not part[0].startswith((" ", ":", "..")) and _is_line(part[1]):
        return (part[0], row, row + 2) if not _is_line(part[0]) else (None, row, row)
    return None, row, row


def _is_line(row: str) -> bool:
    return _ADORNMENT.fullmatch(row) is not None


def _fields(rows: list[str], after: int) -> tuple[list[str], int, int]:
    """The rows of the field list that stands next, the number of the first, and the row after them."""
    first = row = _skip(rows, after)
    if row >= len(rows) or not _FIELD.fullmatch(rows[row]):
        return [], first, after
    while row < len(rows):
        is_field = _FIELD.fullmatch(rows[row]) is not None
        is_more = rows[row][:1] in (" ", "\t") and bool(rows[row].strip())
        if not is_field and not is_more:
            following = _skip(rows, row)
            if following == row or following >= len(rows) or not _FIELD.fullmatch(rows[following]):
                break
            row = following - 1
        row += 1
    return rows[first:row], first, row


def _plain(value: Any) -> Any:
    """Without inline markup and backslashes: a title is text."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, str):
        return value
    text = _MARKUP.sub(lambda found: next(part for part in found.groups() if part), value)
    return re.sub(r"\\(.)", r"\1", text)

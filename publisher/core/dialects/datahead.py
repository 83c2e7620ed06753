"""A head in TOML or JSON, brought to the shape of one in YAML: numbers, dates and booleans are text."""

import json
import re
import tomllib
from datetime import datetime
from typing import Any

from publisher.core.errors import FrontMatterError

_PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_TOML_ROW = re.compile(r"""[ \t]*(?:\[\[?[ \t]*(?P<table>["']?[\w-]+)|(?P<key>["']?[\w-]+["']?)[ \t]*[.=])""")
_TOML_WANTED = 'wanted are lines like title = "A title"'
_JSON_WANTED = 'wanted are lines like "title": "A title", with commas between them'


def read_toml(head: str, first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    """The values by their keys in lower case, and the line of each key. Raises FrontMatterError."""
    try:
        found = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        row = int(place[1]) if place and place[1] else head.count("\n") + 1
        what = _PLACE.sub("", str(error)).strip()
        raise FrontMatterError(row - 1 + first_line, f"bad TOML: {what}", _toml_advice(head, row)) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise FrontMatterError(None, f"bad TOML: {error}", _TOML_WANTED) from error
    return _lower(found, _toml_lines(head, first_line), first_line)


def _toml_lines(head: str, first_line: int) -> dict[str, int]:
    lines: dict[str, int] = {}
    is_in_table = False
    for line, row in enumerate(head.split("\n"), first_line):
        if found := _TOML_ROW.match(row):
            is_in_table |= found["table"] is not None
            if found["table"] or not is_in_table:
                lines.setdefault((found["table"] or found["key"]).strip("\"'"), line)
    return lines


def _toml_advice(head: str, row: int) -> str:
    rows = head.split("\n")
    text = rows[row - 1] if row <= len(rows) else ""
    if re.match(r"\s*[\w-]+:(\s|$)", text):
        return "lines like title: A title are YAML, which stands between two lines of ---"
    if re.match(r"\s*[\w-]+\s*=\s*[^\s\"'\[{]", text):
        return f"{_TOML_WANTED}, the text in quotes"
    return _TOML_WANTED


def read_json(source: str, start: int, first_line: int) -> tuple[dict[str, Any], dict[str, int], int]:
    """The values, the line of each key, and where the head ends. It begins at `start`, on `first_line`.

    Raises FrontMatterError.
    """
    decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
    try:
        found, end = decoder.raw_decode(source, start)
    except json.JSONDecodeError as error:
        line = source.count("\n", start, min(error.pos, len(source.rstrip()))) + first_line
        raise FrontMatterError(line, f"bad JSON: {error.msg}", _JSON_WANTED) from error
    except RecursionError as error:
        raise FrontMatterError(first_line, "the front matter nests too deep", _JSON_WANTED) from error
    lines: dict[str, int] = {}
    for key in found:
        place = source.find(json.dumps(key, ensure_ascii=False), start, end)
        lines[key] = source.count("\n", start, max(place, start)) + first_line
    values, lines = _lower(found, lines, first_line)
    return values, lines, end


def _lower(found: dict[str, Any], lines: dict[str, int], first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    values: dict[str, Any] = {}
    places: dict[str, int] = {}
    for name, value in found.items():
        key, line = name.strip().lower(), lines.get(name, first_line)
        if key in values:
            raise FrontMatterError(line, f"the key {key} stands twice", f"first on line {places[key]}: keep one")
        values[key], places[key] = _text(value), line
    return values, places


def _text(value: Any) -> Any:
    """A value as YAML would have kept it."""
    if isinstance(value, dict):
        return {key: _text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_text(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value if value is None or isinstance(value, str) else str(value)

"""The head of an HTML file as Pelican reads it: `<title>`, and `<meta name="date" content="...">`."""

import re
from html import unescape
from typing import Any

from publisher.core.dialects.colonhead import read_fields

_HEAD = re.compile(
    r"\s*(?:<!doctype[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)?<(?:html|head|title|meta|body)\b", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)</title\s*>", re.IGNORECASE)
_META = re.compile(r"<meta\s([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_BODY = re.compile(r"<body\b[^<>]*>\s*?\n?", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>\s*?\n?", re.IGNORECASE)
_FIELD = re.compile(r"(?P<key>[^\0]+)\0(?P<value>.*)", re.DOTALL)
_OTHERS = frozenset({"viewport", "generator", "robots", "charset", "theme-color"})


def begins_as_page(text: str) -> bool:
    """Whether this is a whole page, with a head of its own, and no fragment."""
    return _HEAD.match(text) is not None


def read_html(text: str, first_line: int) -> tuple[dict[str, Any], dict[str, int], int, int]:
    """The values by their keys in lower case, the line of each key, and where the inside of the body begins and ends."""
    body, head_end = _BODY.search(text), _HEAD_END.search(text)
    start = body.end() if body else head_end.end() if head_end else _last_end(text)
    closing = text.lower().rfind("</body", start) if body else -1
    end = closing if closing >= 0 else len(text)
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value, place in _found(text[: body.start() if body else start]):
        if key not in values and key not in _OTHERS:
            values |= read_fields([f"{key}\0{unescape(value)}"], _FIELD, 1)[0]
            lines[key] = first_line + text.count("\n", 0, place)
    return values, {key: line for key, line in lines.items() if key in values}, start, end


def _last_end(text: str) -> int:
    """The end of the last title or meta, where nothing else says where the head ends."""
    return max((found.end() for pattern in (_TITLE, _META) for found in pattern.finditer(text)), default=0)


def _found(head: str) -> list[tuple[str, str, int]]:
    found = [("title", title[1], title.start()) for title in [_TITLE.search(head)] if title]
    for meta in _META.finditer(head):
        attributes = {name.lower(): one or other for name, one, other in _ATTRIBUTE.findall(meta[1])}
        value = attributes.get("content", attributes.get("contents"))
        if (name := attributes.get("name", "").strip().lower()) and value is not None:
            found.append((name, value, meta.start()))
    return found

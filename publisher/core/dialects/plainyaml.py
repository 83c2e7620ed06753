"""The plain part of YAML that nearly all heads keep to, at ten times the speed; anything else is left to PyYAML.

title: A title          tags: [one, "two"]
draft: false            aliases:
summary: "One: two"       - /old/
"""

import re
from typing import Any

_UNUSUAL = re.compile(
    "[^\\n\\x20-\\x7e\\u00a0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
_PLAIN = r"""[^\s\-?:,\[\]{}#&*!|>'"%@`=<~][^:#\n]*(?:(?::(?=[^ \n])|(?<![ ])\#)[^:#\n]*)*"""
_TEXT = rf"""(?:({_PLAIN})|"([^"\\\n]*)"|'([^'\n]*)')[ ]*"""
_ENTRY = re.compile(rf"([A-Za-z_][A-Za-z0-9_-]{{0,60}}):(?:[ ]+(?:{_TEXT}|\[([^\]\n]*)\][ ]*))?\n")
_ITEM = re.compile(rf"([ ]*)-[ ]+{_TEXT}\n")
_FLOW_ITEM = re.compile(
    r"""[ ]*(?:([^\W_](?:[\w.+/()&]|[ -](?=[\w.+/()&-]))*)|"([^"\\\n]*)"|'([^'\n]*)')[ ]*(?:,|\Z)"""
)
_GAP = re.compile(r"(?:\#[^\n]*)?\n")
_NULLS = frozenset({"null", "Null", "NULL"})


def read_plain(head: str, line: int) -> tuple[dict[str, Any], dict[str, int]] | None:
    """Exactly what PyYAML makes of it with every scalar kept as text, and the line of each key, counted from `line`.

    None where something stands in it that is not plain.
    """
    if _is_unusual(head):
        return None
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    head += "\n"
    position, end, key, indent = 0, len(head), "", ""
    items: list[str | None] | None = None
    while position < end:
        if found := _ENTRY.match(head, position):
            name, plain, double, single, flow = found.groups()
            key = name.lower()
            if key in values:
                return None
            items = None
            if flow is not None:
                if (value := _flow(flow)) is None:
                    return None
                values[key] = value
            elif (text := _text(plain, double, single)) is None and plain is None:
                items, values[key] = [], None
            else:
                values[key] = text
            lines[key] = line
        elif items is not None and (found := _ITEM.match(head, position)):
            if items and found[1] != indent:
                return None
            indent = found[1]
            items.append(_text(*found.group(2, 3, 4)))
            values[key] = items
        elif not (found := _GAP.match(head, position)):
            return None
        position = found.end()
        line += 1
    return values, lines


def _is_unusual(head: str) -> bool:
    """Whether it holds a character that YAML refuses, or takes for more than a character."""
    if head.isascii():
        return not head.replace("\n", "").isprintable()
    return _UNUSUAL.search(head) is not None


def _text(plain: str | None, double: str | None, single: str | None) -> str | None:
    if plain is None:
        return single if double is None else double
    plain = plain.rstrip(" ")
    return None if plain in _NULLS else plain


def _flow(inside: str) -> list[str | None] | None:
    """The items between brackets; None where one is not plain."""
    if not inside.strip():
        return []
    items: list[str | None] = []
    position = 0
    while position < len(inside):
        if not (found := _FLOW_ITEM.match(inside, position)):
            return None
        items.append(_text(*found.groups()))
        position = found.end()
    return None if inside.rstrip().endswith(",") else items

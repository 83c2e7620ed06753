"""The first line by which Python-Markdown's CodeHilite is told the language of a listing: `:::python`, `#!python`.

Pelican's readers never see it. A line like `#!/bin/sh`, with a path, belongs to the listing.
"""

import re

from publisher.core.dialects.code import Code, shown
from publisher.core.dialects.scan import Scan

_MARK = re.compile(
    r"(?::::+|#!)[ ]?(?P<language>[\w#.+-]+)[ \t]*(?:hl_lines=(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*(?:\n|\Z)"
)
_FENCED = re.compile(rf"(?P<fence>`{{3,}}|~{{3,}})[ \t]*\n(?P<indent>[ \t]*){_MARK.pattern}")
_ROW = re.compile(r"(?:    |[ ]{0,3}\t)(?P<code>[^\n]*)(?:\n|\Z)|[ \t]*\n")
_CLOSED = re.compile(r"^[ \t]*:::+[ \t]*$", re.MULTILINE)


def listing(scan: Scan, code: Code, start: int) -> int | None:
    """Read an indented listing that begins with such a line, at its first sign. None where none does.

    In a list only that line is left out. What a line of `:::` closes is a sample of another dialect.
    """
    text, row = scan.text, scan.row(start)
    found = _MARK.match(text, start)
    before = text[row:start]
    if not found or before.strip() or not re.search(r"(?:\A|\n)[ \t]*\n\Z|\A\Z", text[max(0, row - 200) : row]):
        return None
    if not code.is_indented(start):
        return _dropped(scan, found.end()) if len(before.expandtabs(4)) >= 8 else None
    end, rows = found.end(), list[str]()
    while end < len(text) and (each := _ROW.match(text, end)):
        rows.append(each["code"] or "")
        end = each.end()
    inside = "\n".join(rows).rstrip()
    if _CLOSED.search(inside) or not inside:
        return None
    _dropped(scan, end)
    fence = "`" * max(3, 1 + max((len(mark) for mark in re.findall("`+", inside)), default=0))
    scan.put(f"{fence}{found['language']}\n{shown(inside)}\n{fence}\n\n")
    return end


def _dropped(scan: Scan, end: int) -> int:
    """Take back the indentation that was written before the line."""
    if scan.pieces:
        scan.pieces[-1] = scan.pieces[-1].rstrip(" \t")
    return end


def fenced(block: str) -> str:
    """A listing between fences that say no language, without such a line."""
    found = _FENCED.match(block)
    if not found or _CLOSED.search(block):
        return block
    return f"{found['fence']}{found['language']}\n{block[found.end() :]}"

"""What stands in a body as code: a post about a generator shows that generator's tags, and they must stay."""

import re
from bisect import bisect_left
from html import escape

from publisher.core.dialects.scan import Scan, attribute
from publisher.core.model import slug

_CONTAINERS = re.compile(r"[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)*")
_RAW = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")
_RAW_ROW = re.compile(rf"^[ \t]*{_RAW.pattern}[ \t]*\n|{_RAW.pattern}", re.MULTILINE)
ESCAPED = re.compile(r"(\{\{[<%]|\{\{|\{%)-?\s*/\*(?P<inner>[^{}]{1,2000}?)\*/\s*-?([>%]\}\}|\}\}|%\})")
_CALL = re.compile(r"\s*[A-Za-z_]\w*\s*\(.*\)\s*|\s*end\s*", re.DOTALL)
_BLANK = re.compile(r"\n[ \t]*\n")
_LIST = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_ENDS = {
    "<!--": "-->",
    "<pre": "</pre",
    "<code": "</code",
    "<script": "</script",
    "<style": "</style",
}


def shown(code: str) -> str:
    """Code without what only keeps a generator's hands off it: `{% raw %}`, and `{{</* name */>}}`."""
    if "raw" in code and len(_RAW.findall(code)) > 1:
        code = _RAW_ROW.sub("", code)
    return ESCAPED.sub(unescaped, code) if "/*" in code else code


def unescaped(found: re.Match[str]) -> str:
    """The tag that an escaped one shows. `{{/* a comment */}}` of a Go template is none."""
    inner = found["inner"].strip()
    is_shortcode = found[1] in ("{{<", "{{%")
    if not is_shortcode and not _CALL.fullmatch(inner):
        return found[0]
    return f"{found[1]} {inner} {found[3]}"


class Code:
    """Finds where code ends that begins at a place. The places that it is asked of must not go back."""

    def __init__(self, scan: Scan) -> None:
        self._scan, self._text = scan, scan.text
        self._ticks: dict[int, list[int]] | None = None
        self._indented: set[int] | None = None
        self._paragraph_end = -1

    def fence_end(self, start: int, mark: str) -> int | None:
        """The end of a block between fences; None where this is no fence. One without an end takes all that follows."""
        text, row = self._text, self._scan.row(start)
        if start - row > 200 or not _CONTAINERS.fullmatch(text, row, start):
            return None
        line_end = self._scan.find("\n", start)
        if mark[0] == "`" and "`" in text[start + len(mark) : line_end if line_end >= 0 else len(text)]:
            return None
        sign = re.escape(mark[0])
        closing = re.compile(rf"^[ \t>]*{sign}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        found = closing.search(text, line_end) if line_end >= 0 else None
        return found.end() if found else len(text)

    def inline_end(self, start: int, length: int) -> int | None:
        """The end of code between so many backticks; None where it has none in its paragraph."""
        if self._ticks is None:
            self._ticks = {}
            for found in re.finditer("`+", self._text):
                self._ticks.setdefault(len(found[0]), []).append(found.start())
        places = self._ticks.get(length, [])
        index = bisect_left(places, start + length)
        if index == len(places) or places[index] > self._end_of_paragraph(start):
            return None
        return places[index] + length

    def _end_of_paragraph(self, start: int) -> int:
        if start > self._paragraph_end:
            found = _BLANK.search(self._text, start)
            self._paragraph_end = found.start() if found else len(self._text)
        return self._paragraph_end

    def html_end(self, start: int, opening: str) -> int | None:
        """The end of a comment, or of an element that holds code; None where it is left open."""
        name = opening.lower()
        closing = self._scan.find(_ENDS[name], start + len(name))
        if closing < 0:
            return None
        end = self._scan.find(">", closing)
        return end + 1 if end >= 0 else None

    def is_indented(self, place: int) -> bool:
        """Whether its line is code by its four spaces: below an empty line, and not in a list."""
        row = self._scan.row(place)
        if not self._text.startswith(("    ", "\t"), row):
            return False
        if self._indented is None:
            self._indented = _indented_rows(self._text)
        return row in self._indented


def _indented_rows(text: str) -> set[int]:
    found: set[int] = set()
    place, was_empty, is_code, is_list = 0, True, False, False
    for row in text.split("\n"):
        if not row.strip():
            was_empty = True
        elif row.startswith(("    ", "\t")):
            is_code = is_code or (was_empty and not is_list)
            if is_code:
                found.add(place)
            was_empty = False
        else:
            is_code = False
            is_list = _LIST.match(row) is not None or (is_list and (row.startswith(" ") or not was_empty))
            was_empty = False
        place += len(row) + 1
    return found


def put_code(scan: Scan, start: int, language: str, code: str) -> None:
    """Write a listing, in whatever the body is written in; each line of it is indented as it was."""
    code = code.strip("\n").rstrip()
    if scan.is_html:
        named = f' class="language-{attribute(language)}"' if language else ""
        scan.put(f"<pre><code{named}>{escape(code, quote=False)}</code></pre>")
        return
    mark = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    indent = scan.text[scan.row(start) : start]
    indent = indent if not indent.strip(" \t>") else ""
    before = "" if indent or scan.row(start) == start else "\n\n"
    scan.put(f"{before}{mark}{language if slug(language) else ''}\n{code}\n{indent}{mark}\n")

"""Attribute lists: kramdown's `{: .class}` and `{:toc}`, the `{#id}` of headings, and a table of contents' `[TOC]`.

They say how a page looks, so they go without a word; only a heading's id stays, since links lead to it.
"""

import re

from publisher.core.dialects.scan import Scan

_PART = (
    r"(?:[.#][A-Za-z_][\w:.-]*|[A-Za-z][\w-]*=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'{}]+)"
    r"|(?:toc|no_toc|footnotes|nomarkdown)(?=[\s}]))"
)
_LIST = re.compile(rf"\{{:?[ ]*(?:{_PART}[ ]*){{1,20}}\}}")
_NAMED = re.compile(r"\{:[A-Za-z][\w-]*:[^{}\n]*\}|\{:[ ]*[A-Za-z][\w-]*[ ]*\}")
_EXTENSION = re.compile(r"\{::(?P<name>[a-z]*)[^{}\n]*?(?P<slash>/?)\}|\{:/(?:[a-z]*)\}")
_COMMENT_END = re.compile(r"\{:/(?:comment)?\}")
_ID = re.compile(r"#([A-Za-z_][\w:.-]*)")
_CONTENTS = re.compile(r"\[(?:TOC|toc|\[(?:TOC|toc|_TOC_)\])\](?=[ \t]*(?:\n|\Z))")
_TOC_ITEM = re.compile(r"(?:\A|\n)[ \t]*(?:[-*+]|\d+\.)[ \t]+[^\n]*\n[ \t]*\Z")


def attributes(scan: Scan, start: int) -> int | None:
    """Read what begins at `{:`, `{#`, `{.` or `{key=`. Returns where to go on; None where it is no attribute list."""
    text = scan.text
    if text.startswith(("{::", "{:/"), start):
        return _extension(scan, start)
    found = _LIST.match(text, start)
    if not found:
        named = _NAMED.match(text, start)
        return scan.drop(start, named.end()) if named and scan.is_alone(start, named.end()) else None
    end, before = found.end(), text[start - 1 : start] if start else "\n"
    is_heading = text[scan.row(start) : start].lstrip().startswith("#") and not _rest_of_line(text, end)
    if not text.startswith("{:", start) and not is_heading and before not in ")]`*_" and not scan.is_alone(start, end):
        return None
    if is_heading and (name := _ID.search(found[0])):
        _mark_heading(scan, name[1], text[scan.row(start) : start])
        return end
    if "toc" in found[0] and scan.is_alone(start, end):
        _cut_list_item(scan)
    return scan.drop(start, end)


def _mark_heading(scan: Scan, name: str, heading: str) -> None:
    """Put the id where links to it find it, unless the heading gets the same by its words."""
    words = re.sub(r"[^\w\- ]", "", heading.strip("# \t").lower()).replace(" ", "-")
    if words != name:
        scan.pieces[-1:] = [piece.rstrip(" ") for piece in scan.pieces[-1:]]
        scan.put(f'<span id="{name}"></span>')


def _rest_of_line(text: str, place: int) -> str:
    return text[place : place + 200].partition("\n")[0].strip()


def _extension(scan: Scan, start: int) -> int | None:
    """`{::comment} ... {:/comment}` goes with all in it; of the others only the tags."""
    found = _EXTENSION.match(scan.text, start)
    if not found:
        return None
    if found["name"] == "comment" and not found["slash"] and (closing := scan.find_end(_COMMENT_END, found.end())):
        return scan.drop(start, closing.end())
    return scan.drop(start, found.end())


def _cut_list_item(scan: Scan) -> None:
    """The item above `{:toc}` stands only for the list of contents."""
    written = scan.pieces[-1] if scan.pieces else ""
    if found := _TOC_ITEM.search(written[-200:]):
        scan.pieces[-1] = written[: len(written) - len(found[0])] + found[0][: found[0].startswith("\n")]


def contents(scan: Scan, start: int) -> int | None:
    found = _CONTENTS.match(scan.text, start)
    return scan.drop(start, found.end()) if found and scan.is_alone(start, found.end()) else None

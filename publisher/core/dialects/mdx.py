"""MDX, Astro's Markdown: `import` and `export`, components, and expressions in braces."""

import re
from html import escape
from typing import NamedTuple

from publisher.core.dialects import embeds
from publisher.core.dialects.embeds import figure
from publisher.core.dialects.scan import Scan, attribute

_MODULE = re.compile(
    r"import\s+(?:[\"'{*]|type\s|[\w$]+[ \t]*(?:,|\s+from\b))|export\s+(?:const|let|var|function|default|class|async|type|\{|\*)"
)
_PICTURE_IMPORT = re.compile(
    r"import\s+([\w$]+)\s+from\s+[\"']([^\"'\n]+\.(?:png|jpe?g|gif|webp|avif|svg))[\"']", re.IGNORECASE
)
_OPEN_TAG = re.compile(r"<(?P<name>[A-Za-z][\w.]*(?:-[\w.-]+)?)(?=[\s/>{])|<>")
_CLOSING_TAG = re.compile(r"</(?P<name>[A-Z][\w.]*|[a-z]\w*\.[\w.]+|)\s*>")
_TAG_PART = re.compile(r"[^>\"'{<]+|\"[^\"]*+\"|'[^']*+'")
_BRACE_PART = re.compile(
    r"[^{}\"'`]+|\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+'|`(?:\\.|[^`\\])*+`|[\"'`]", re.DOTALL
)
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w:.-]*)(?:\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)'|(?=(\{))))?")
_LITERAL = re.compile(r"\{\s*(?:\"([^\"]*+)\"|'([^']*+)'|`([^`$]*+)`|(-?\d+(?:\.\d+)?)|(true))\s*\}")
_COMMENT, _COMMENT_END = re.compile(r"\{\s{0,50}/\*"), re.compile(r"\*/\s*\}")
_PICTURES = frozenset({"Image", "Img", "Picture", "Figure", "BlogImage", "ResponsiveImage"})
_QUIET = frozenset({"", "Fragment", "React.Fragment"})
_LONG = 10_000
_PATIENCE = 200_000


class _Tag(NamedTuple):
    name: str
    end: int
    values: dict[str, str]
    is_plain: bool
    """Whether the whole of it can be read as HTML."""


class Mdx:
    """Writes what the components of one body stand for."""

    def __init__(self, scan: Scan, title: str | None) -> None:
        self._scan, self._text, self._title = scan, scan.text, title
        self._pictures = dict(_PICTURE_IMPORT.findall(scan.text))
        self._wasted = 0
        """Characters that were looked through in vain: a text that asks for too many is not looked through any more."""

    def module(self, start: int) -> int | None:
        """Leave out the `import` or `export` that begins a line, with the lines that belong to it."""
        if not _MODULE.match(self._text, start) or self._scan.row(start) != start:
            return None
        depth, place = 0, start
        while place < len(self._text):
            end = self._scan.past_line_end(place)
            row = self._text[place:end]
            depth += sum(row.count(sign) for sign in "([{") - sum(row.count(sign) for sign in ")]}")
            if (depth <= 0 and not row.rstrip().endswith((",", "=", "=>"))) or (place > start and not row.strip()):
                return end
            place = end
        return place

    def expression(self, start: int) -> int | None:
        """Read what begins at `{`: a comment, a text in quotes, or something that only a program could tell."""
        if opening := _COMMENT.match(self._text, start):
            closing = self._scan.find("*/", opening.end())
            if closing >= 0 and (found := _COMMENT_END.match(self._text, closing)):
                if self._text[opening.end() : closing].strip().lower() in ("more", "truncate"):
                    self._scan.put("<!--more-->\n")
                return self._scan.drop(start, found.end())
        if not (end := self._braces_end(start)):
            return None
        literal = _LITERAL.fullmatch(self._text, start, end)
        if literal:
            self._scan.put(next(part for part in literal.groups() if part is not None))
            return end
        if self._title is not None and self._text[start + 1 : end - 1].strip() in ("frontmatter.title", "title"):
            self._scan.put(escape(self._title, quote=False))
            return end
        self._scan.left_out(start, self._text[start:end])
        return self._scan.drop(start, end)

    def closing_tag(self, start: int) -> int | None:
        found = _CLOSING_TAG.match(self._text, start)
        return self._scan.drop(start, found.end()) if found else None

    def tag(self, start: int) -> int | None:
        """Read the element that begins at `<`. Plain HTML stays; None where nothing is to be done."""
        tag = self._read_tag(start)
        if not tag:
            return None
        if tag.name[:1].islower() and "." not in tag.name:
            if tag.is_plain:
                return None
            self._put_html(tag)
            return tag.end
        html = self._component(tag, start)
        if html:
            return self._scan.block(html, start, tag.end)
        if tag.name not in _QUIET:
            self._scan.left_out(start, f"<{tag.name}>")
        return self._scan.drop(start, tag.end)

    def _component(self, tag: _Tag, start: int) -> str | None:
        if tag.name in _PICTURES:
            is_block = self._scan.is_alone(start, tag.end) and bool(tag.values.get("caption"))
            return figure(tag.values, is_alone=is_block)
        return embeds.place(tag.name, tag.values, []) if embeds.is_place(tag.name) else None

    def _put_html(self, tag: _Tag) -> None:
        names = {"classname": "class", "htmlfor": "for"}
        values = "".join(
            f' {names.get(key, key)}="{attribute(value)}"' for key, value in tag.values.items() if key != "style"
        )
        slash = " /" if self._text[tag.end - 2] == "/" else ""
        self._scan.put(f"<{tag.name}{values}{slash}>")

    def _read_tag(self, start: int) -> _Tag | None:
        found = _OPEN_TAG.match(self._text, start)
        if not found:
            return None
        if found[0] == "<>":
            return _Tag("", found.end(), {}, False)
        end = self._tag_end(found.end())
        if not end:
            return None
        inside = self._text[found.end() : end - 1]
        is_plain = "{" not in inside and "className" not in inside
        return _Tag(
            found["name"], end, {} if is_plain and found["name"][0].islower() else self._values(inside), is_plain
        )

    def _values(self, inside: str) -> dict[str, str]:
        """The attributes whose values can be told: texts, numbers, and the names of imported pictures."""
        values: dict[str, str] = {}
        place = 0
        while found := _ATTRIBUTE.search(inside, place):
            name, double, single, brace = found.groups()
            place = found.end()
            if brace:
                end = _braces(inside, place, len(inside)) or len(inside)
                value, place = self._literal(inside[place:end]), end
            else:
                value = double if double is not None else single if single is not None else ""
            if value is not None:
                values[name.lower()] = value
        return values

    def _literal(self, text: str) -> str | None:
        if found := _LITERAL.fullmatch(text):
            return next(part for part in found.groups() if part is not None)
        name = text[1:-1].strip().removesuffix(".src")
        return self._pictures.get(name)

    def _tag_end(self, place: int) -> int | None:
        start, limit = place, min(len(self._text), place + _LONG)
        while place < limit and self._wasted < _PATIENCE:
            if self._text[place] == ">":
                return place + 1
            if self._text[place] == "{":
                end = _braces(self._text, place, limit)
            else:
                found = _TAG_PART.match(self._text, place, limit)
                end = found.end() if found else None
            if not end:
                break
            place = end
        self._wasted += place - start + 1
        return None

    def _braces_end(self, start: int) -> int | None:
        if self._wasted >= _PATIENCE:
            return None
        limit = min(len(self._text), start + _LONG)
        end = _braces(self._text, start, limit)
        if not end:
            self._wasted += limit - start
        return end


def _braces(text: str, place: int, limit: int) -> int | None:
    """The end of what begins at a brace; braces between quotes don't count."""
    depth = 0
    while place < limit:
        if text[place] == "{":
            depth += 1
            place += 1
        elif text[place] == "}":
            depth -= 1
            place += 1
            if depth == 0:
                return place
        elif found := _BRACE_PART.match(text, place, limit):
            place = found.end()
        else:
            return None
    return None

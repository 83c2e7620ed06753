"""The head of a post, in whichever way it is written, each key with the line that it stands on."""

import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from publisher.core.dialects.colonhead import begins_with_colons, read_colons
from publisher.core.dialects.datahead import read_json, read_toml
from publisher.core.dialects.htmlhead import begins_as_page, read_html
from publisher.core.dialects.plainyaml import read_plain
from publisher.core.dialects.rsthead import read_rst, require_docutils
from publisher.core.errors import FrontMatterError

Markup = Literal["markdown", "html", "rst"]
_MARKUP: dict[str, Markup] = {".html": "html", ".htm": "html", ".rst": "rst"}
_OPENING = re.compile(r"(---|\+\+\+|;;;)([A-Za-z]*)[ \t]*(?:\n|\Z)")
_CLOSING = {
    "---": re.compile(r"\n(?:---|\.\.\.)[ \t]*(?=\n|\Z)"),
    "+++": re.compile(r"\n\+\+\+[ \t]*(?=\n|\Z)"),
    ";;;": re.compile(r"\n;;;[ \t]*(?=\n|\Z)"),
}
_LANGUAGES = {"---": "yaml", "+++": "toml", ";;;": "json"}
_SPOKEN = {"yml": "yaml", "js": "javascript", "javascript": "javascript"}
_JSON = re.compile(r"\{\s*\"[^\"\n]*\"\s*:")
_KEY = re.compile(r"(?:\#[^\n]*\n|\s)*[\"']?[\w-]+[\"']?[ \t]*[:=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The parsed head of one post. Scalars are kept as they were written, so that no date or number is guessed at."""

    values: dict[str, Any]
    """Strings, lists and mappings of them; None for a key with nothing behind it. Keys in lower case."""
    lines: dict[str, int]
    """The line of each key, counted from 1."""
    body: str
    body_line: int
    """The line on which the body begins."""
    markup: Markup = "markdown"
    """What the body is written in."""


class _Cut(NamedTuple):
    """Where a head ends and the body begins, and what it says."""

    values: dict[str, Any]
    lines: dict[str, int]
    start: int
    end: int | None = None


def parse_front_matter(source: str, suffix: str = ".md") -> FrontMatter:
    """Cut a post into head and body. A post without a head is all body. `suffix` is the ending of its file's name.

    Read are YAML between lines of `---`, TOML between lines of `+++`, a JSON object, lines of `Key: value` up to the first
    empty one, and what HTML pages and reStructuredText have in their stead. Raises FrontMatterError where the head does not
    end or can't be read.
    """
    text = source.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    markup = _MARKUP.get(suffix.lower(), "markdown")
    if markup == "rst":
        require_docutils()
    cut = _cut(text, markup)
    body = text[cut.start : cut.end]
    line = text.count("\n", 0, cut.start) + 1
    return FrontMatter(values=cut.values, lines=cut.lines, body=body, body_line=line, markup=markup)


def _cut(text: str, markup: Markup) -> _Cut:
    first = len(text) - len(text.lstrip("\ufeff\n \t")) if text[:1] in ("\ufeff", "\n", " ", "\t") else 0
    if first and "\n" not in text[:first]:
        first = 0  # white space in the first line of the text
    line = text.count("\n", 0, first) + 1
    if fence := _OPENING.match(text, first):
        if cut := _fenced(text, fence, line, is_certain=first == 0):
            return cut
    elif text.startswith("{", first) and _JSON.match(text, first):
        values, lines, end = read_json(text, first, line)
        if not (rest := text[end : text.find("\n", end) + 1 or None]).strip():
            return _Cut(values, lines, end + len(rest))
    elif markup == "rst":
        return _Cut(*read_rst(text, 1))
    elif markup == "html" and begins_as_page(text):
        return _Cut(*read_html(text, 1))
    elif markup == "markdown" and begins_with_colons(text[first:]):
        values, lines, end = read_colons(text[first:], line)
        return _Cut(values, lines, first + end)
    return _Cut({}, {}, 0)


def _fenced(text: str, fence: re.Match[str], line: int, *, is_certain: bool) -> _Cut | None:
    """The head between two fences. Below empty lines a fence may also be a rule across the page: then there is none."""
    start = fence.end()
    closing = _CLOSING[fence[1]].search(text, start - 1)
    if not is_certain and not (closing and _KEY.match(text, start)):
        return None
    if fence[2].lower() not in ("", "yaml", "yml", "toml", "json", "js", "javascript"):
        return None
    if not closing:
        raise FrontMatterError(line, "the front matter does not end", f"wanted is a line of {fence[1]} below it")
    head = text[start : closing.start()]
    values, lines = _read(head, _language(fence), line + 1)
    return _Cut(values, lines, min(closing.end() + 1, len(text)))


def _language(fence: re.Match[str]) -> str:
    return _SPOKEN.get(fence[2].lower(), fence[2].lower()) or _LANGUAGES[fence[1]]


def _read(head: str, language: str, line: int) -> tuple[dict[str, Any], dict[str, int]]:
    if language == "yaml":
        if (plain := read_plain(head, line)) is not None:
            return plain
        from publisher.core.dialects.yamlhead import read_yaml  # PyYAML is slow to import, and seldom needed

        return read_yaml(head, line)
    if language == "toml":
        return read_toml(head, line)
    if language == "javascript":
        raise FrontMatterError(line - 1, "a head in JavaScript can't be read", "wanted is YAML between lines of ---")
    if not head.strip():
        return {}, {}
    inside = head if head.lstrip().startswith("{") else "{" + head + "}"
    values, lines, _ = read_json(inside, len(inside) - len(inside.lstrip()), line)
    return values, lines

"""Jekyll's and Octopress' tags: `{% name words %}` and `{{ value | filter }}`. Eleventy's and Hexo's look the same."""

import re
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from publisher.core.dialects import embeds
from publisher.core.dialects.code import ESCAPED, put_code, shown, unescaped
from publisher.core.dialects.embeds import arguments
from publisher.core.dialects.scan import NOWHERE, Scan, attribute
from publisher.core.dialects.shortcodes import call, close_any, quote_end

_NAME = re.compile(r"[A-Za-z_][\w-]*")
_LENGTH = 3000
_SITE = re.compile(r"site\.(?:url|baseurl|base_url|github\.url)|config\.(?:base_url|site_url)|SITEURL")
_FILTERED = re.compile(
    r"""(?P<quote>["'])(?P<path>[^"']*+)(?P=quote)\s*
        (?P<filters>(?:\|\s*(?:relative_url|absolute_url|url|prepend:\s*site\.(?:base)?url|escape|xml_escape|safe
        |get_url|absolute_url)\s*)*+)""",
    re.VERBOSE,
)
_LITERAL = re.compile(r"\{\{-?\s*(?:\"([^\"\n]*+)\"|'([^'\n]*+)')\s*-?\}\}")
_VALUE = re.compile(
    r"(?:[A-Za-z_][\w.-]*(?:\[[^\[\]]*+\][\w.-]*){0,5}|\"[^\"]*+\"|'[^']*+')(?:\s*[|+~].*)?|[A-Za-z_][\w.:]*+\(.*\)",
    re.DOTALL,
)
_AFTER_SITE = re.compile(r"(?:/?[^\s\"'<>(){}\[\]|\\]*+)")
_QUIET = frozenset({"toc", "tableofcontents", "endraw", "else", "elsif", "when", "break", "continue", "more"})
_WHOLE = frozenset({"capture", "if", "unless", "case", "for", "tablerow", "ifchanged", "macro", "set_block", "schema"})
"""Blocks that a template decides over: all in them goes, since nobody can tell what would be shown."""
_BLOCKS = re.compile(
    r"\{%[-~]?\s*(?P<end>end)?(?P<name>capture|if|unless|case|for|tablerow|ifchanged|macro|schema)\b[^%]{0,500}%\}"
)
_COMMENT = re.compile(r"\{%[-~]?\s*endcomment\s*[-~]?%\}")
_RAW = re.compile(r"\{%[-~]?\s*endraw\s*[-~]?%\}")
_CODE_ENDS = {
    name: re.compile(rf"\{{%[-~]?\s*end_?{name}\s*[-~]?%\}}") for name in ("highlight", "codeblock", "code", "prism")
}
_QUOTES = frozenset({"blockquote", "quote", "pullquote"})


class _Tag(NamedTuple):
    """A tag between two places of the text."""

    start: int
    end: int
    name: str
    words: str


class Liquid:
    """Writes what the tags of one body stand for. `title` is the post's."""

    def __init__(self, scan: Scan, title: str | None) -> None:
        self._scan, self._text, self._title = scan, scan.text, title
        self._pairs: dict[int, int] | None = None
        self._tags: dict[str, Callable[[_Tag], int]] = {
            "raw": self._raw, "comment": self._comment,
            "highlight": self._code, "codeblock": self._code, "code": self._code, "prism": self._code,
            "post_url": self._reference, "link": self._reference, "post_link": self._reference,
            "post_path": self._reference, "asset_path": self._reference, "asset_link": self._reference,
            "img": self._picture, "asset_img": self._picture,
            "include": self._include, "include_relative": self._include, "include_cached": self._include,
        }  # fmt: skip

    def tag(self, start: int) -> int | None:
        """Read the tag that begins at `{%`. Returns where to go on; None where it is none."""
        end = self._scan.find("%}", start + 2)
        inside = self._text[start + 2 : end] if 0 <= end < start + _LENGTH else None
        if inside is None or "{%" in inside or "\n\n" in inside:
            return self._open_ended(start)
        inside = inside.strip("-~ \t\n")
        if inside.startswith("/*") and inside.endswith("*/"):
            return self._put(f"{{% {inside[2:-2].strip()} %}}", end + 2)
        if inside.startswith("#"):
            return self._scan.drop(start, end + 2)
        if not (found := _NAME.match(inside)):
            return None
        return self._named(start, end + 2, found[0], inside[found.end() :].strip())

    def _put(self, text: str, end: int) -> int:
        self._scan.put(text)
        return end

    def _open_ended(self, start: int) -> int | None:
        """Some forget half of the end, and their generator tells them; what it would not show is not shown here either."""
        found = re.compile(r"\{%-?\s*[a-z_]+\s[^{}%\n]{0,300}\}").match(self._text, start)
        if not found:
            return None
        self._scan.warn(start, f"{found[0][:60]} does not end", "wanted is %} at its end")
        return self._put(NOWHERE, found.end())

    def _named(self, start: int, end: int, name: str, words: str) -> int:
        scan, tag = self._scan, _Tag(start, end, name, words)
        if words.startswith("(") and words.endswith(")"):
            return call(scan, start, end, name, words[1:-1], has_body=True)
        if known := self._tags.get(name):
            return known(tag)
        if name in _QUOTES:
            return self._quote(tag)
        if name.startswith("end") or name in _QUIET:
            return self._end(tag)
        if name in _WHOLE or name in ("assign", "set", "increment", "decrement"):
            return self._template(tag)
        if embeds.is_place(name) and (html := embeds.place(name, *arguments(words))):
            return self._put(html, end)
        return self._left_out(tag)

    def _left_out(self, tag: _Tag) -> int:
        self._scan.left_out(tag.start, self._text[tag.start : tag.end])
        return self._scan.drop(tag.start, tag.end)

    def _end(self, tag: _Tag) -> int:
        if tag.name == "end":
            return close_any(self._scan, tag.start, tag.end)
        return tag.end if self._scan.close(tag.name.removeprefix("end")) else self._scan.drop(tag.start, tag.end)

    def _raw(self, tag: _Tag) -> int:
        if not (found := self._scan.find_end(_RAW, tag.end)):
            return self._scan.drop(tag.start, tag.end)
        self._scan.put(self._text[tag.end : found.start()])
        return found.end()

    def _comment(self, tag: _Tag) -> int:
        found = self._scan.find_end(_COMMENT, tag.end)
        return self._scan.drop(tag.start, found.end() if found else tag.end)

    def _code(self, tag: _Tag) -> int:
        """`{% highlight ruby linenos %}`, and Octopress' `{% codeblock Title lang:ruby %}`."""
        if not (found := self._scan.find_end(_CODE_ENDS[tag.name], tag.end)):
            return self._left_out(tag)
        has_title = tag.name in ("codeblock", "code")
        named = re.search(r"\blang(?:uage)?[:=]\s*[\"']?([\w+#.-]+)", tag.words)
        first = None if has_title else re.match(r"[\"']?([\w+#.-]+)", tag.words)
        language = named[1] if named else first[1] if first else ""
        if has_title and (title := re.sub(r"\b[\w-]+:\S+|https?://\S+", "", tag.words).strip()):
            self._scan.put(f"<p><em>{attribute(title)}</em></p>\n\n")
        put_code(self._scan, tag.start, language, shown(self._text[tag.end : found.start()]))
        return found.end()

    def _reference(self, tag: _Tag) -> int:
        """`{% post_url 2026-11-22-a-post %}`, `{% link _posts/2026-11-22-a-post.md %}`; Hexo has a label behind the name."""
        word, _, label = tag.words.partition(" ")
        word = tag.words if tag.name in ("post_url", "link") else word
        reference = word.strip("\"'").lstrip("/")
        address = self._scan.address(tag.start, reference, tag.name)
        if tag.name in ("post_link", "asset_link"):
            address = embeds.link(address, label.strip("\"' ") or reference)
        return self._put(address, tag.end)

    def _picture(self, tag: _Tag) -> int:
        """Octopress: `{% img [classes] path [width] [height] [title [alt]] %}`."""
        _, bare = arguments(tag.words)
        at = next((n for n, word in enumerate(bare) if "/" in word or re.search(r"\.\w{3,4}\Z", word)), None)
        if at is None:
            return self._left_out(tag)
        sizes = [word for word in bare[at + 1 : at + 3] if word.isdecimal()]
        texts = bare[at + 1 + len(sizes) :]
        if texts and f'"{texts[0]}"' not in tag.words and f"'{texts[0]}'" not in tag.words:
            texts = [" ".join(texts)]
        values = {"src": bare[at], "alt": texts[-1] if texts else ""}
        values |= dict(zip(("width", "height"), sizes, strict=False))
        return self._put(embeds.figure(values, is_alone=False) or "", tag.end)

    def _include(self, tag: _Tag) -> int:
        """A template of the site's own; where its name and its parameters speak for themselves, a picture or a film."""
        file, _, rest = tag.words.partition(" ")
        kind = re.sub(r".*/|\.\w+\Z", "", file.strip("\"'")).lower()
        named, bare = arguments(rest)
        if embeds.is_place(kind) and (film := embeds.place(kind, named, bare)):
            return self._put(film, tag.end)
        html = None
        if kind == "figure" and f'"{named.get("image_path", "")}"' in tag.words:
            html = embeds.figure(named, is_alone=self._scan.is_alone(tag.start, tag.end) and not self._scan.is_html)
        return self._scan.block(html, tag.start, tag.end) if html else self._left_out(tag)

    def _quote(self, tag: _Tag) -> int:
        """`{% blockquote Author, Source https://example.org Title %}`; a `pullquote` may say on which side it stands."""
        found = re.search(r"https?://\S+", tag.words)
        who = (tag.words[: found.start()] if found else tag.words).strip("\"' ")
        who = "" if who in ("left", "right") else escape(" ".join(who.split()))
        source = embeds.link(found[0], tag.words[found.end() :].strip("\"' ")) if found else ""
        by = ", ".join(part for part in (who, source) if part)
        self._scan.open(tag.name, "<blockquote>\n\n", quote_end(by))
        return self._scan.past_line_end(tag.end) if self._scan.is_alone(tag.start, tag.end) else tag.end

    def _template(self, tag: _Tag) -> int:
        if self._pairs is None:
            self._pairs = _pairs(self._text)
        last = self._pairs.get(tag.start, tag.end) if tag.name in _WHOLE else tag.end
        what = f"{self._text[tag.start : tag.end][:60]} can't be run here, and was left out"
        self._scan.warn(tag.start, what + (" with all in it" if last > tag.end else ""))
        return self._scan.drop(tag.start, last)

    def value(self, start: int) -> int | None:
        """Read the value that begins at `{{`. Returns where to go on; None where it is none."""
        if literal := _LITERAL.match(self._text, start):
            return self._put(literal[1] or literal[2] or "", literal.end())
        end = self._scan.find("}}", start + 2)
        if not 0 <= end < start + 600 or self._is_formula(start):
            return None
        inside = self._text[start + 2 : end].strip("-~ \t\n")
        if "{{" in inside or "\n\n" in inside:
            return None
        end += 2
        if self._title is not None and inside in ("page.title", "title"):
            return self._put(escape(self._title, quote=False), end)
        if _SITE.fullmatch(inside):
            return self._site(end)
        if found := _FILTERED.fullmatch(inside):
            is_path = bool(found["filters"].replace("escape", "").strip("| ")) and "url" in found["filters"]
            path = found["path"] if found["path"].startswith("/") or not is_path else "/" + found["path"]
            return self._put(self._scan.site_path(path) if is_path else found["path"], end)
        if escaped := ESCAPED.match(self._text, start):
            return self._put(unescaped(escaped), end)
        if found := re.fullmatch(r"([A-Za-z_]\w*)\s*\((.*)\)", inside, re.DOTALL):
            return call(self._scan, start, end, found[1], found[2], has_body=False)
        if not _VALUE.fullmatch(inside):
            return None
        if inside not in ("toc", "content"):
            self._scan.left_out(start, self._text[start:end])
        return self._scan.drop(start, end)

    def _is_formula(self, start: int) -> bool:
        """`x^{{2}}` and `\\frac{{a}}{b}` are TeX, `${{ name }}` is what build machines read."""
        before = self._text[start - 1 : start]
        return before in ("^", "_", "\\", "$") or (
            (before.isalnum() or before == "}") and self._text[start + 2 : start + 3] != " "
        )

    def _site(self, end: int) -> int:
        """The address of the site, with the path that stands behind it: addresses here begin at the site's root."""
        following = re.compile(r"\s*\{\{-?\s*(?:site\.baseurl|site\.url)\s*-?\}\}").match(self._text, end)
        if following:
            end = following.end()
        if self._text.startswith("{%", end):  # a tag that gives the whole address
            return end
        found = _AFTER_SITE.match(self._text, end)
        path = found[0] if found else ""
        self._scan.put(self._scan.site_path(path if path.startswith("/") else f"/{path}"))
        return end + len(path)


def _pairs(text: str) -> dict[int, int]:
    """Where the blocks of templates end, by where they begin."""
    found: dict[int, int] = {}
    open_ones: list[tuple[str, int]] = []
    for tag in _BLOCKS.finditer(text):
        if not tag["end"]:
            open_ones.append((tag["name"], tag.start()))
        elif open_ones and open_ones[-1][0] == tag["name"]:
            found[open_ones.pop()[1]] = tag.end()
    return found

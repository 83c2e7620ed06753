"""What the site generators' own tags in a post's body stand for: rendered where it can be told, else left out and told of."""

import re
from collections.abc import Callable
from typing import Literal

from publisher.core.dialects import blocks, codemarks, kramdown, pelican
from publisher.core.dialects.code import Code, shown
from publisher.core.dialects.liquid import Liquid
from publisher.core.dialects.mdx import Mdx
from publisher.core.dialects.scan import NOWHERE, Scan
from publisher.core.dialects.shortcodes import shortcode
from publisher.core.model import Problem

_SIGNS = {
    "{": re.compile(r"\{(?:[%{:#.]|(?<=[)\]]\{)|(?:filename|static|attach|author|category|tag|index)\})"),
    "@": re.compile("@/"),
    "|": re.compile(r"\|(?:filename|static|attach)\|"),
    "%": re.compile("%7B(?:filename|static|attach)%7D"),
    "[": re.compile(r"\[(?:!|TOC\]|toc\]|\[_TOC_\]\]|(?<=\*\[))"),
    "!": re.compile("!(?:!! |(?<=#!))"),
    "?": re.compile(r"\?\?\?"),
    "=": re.compile("=(?<=markdown=)"),
    ":": re.compile(r":(?:::|(?<=\n:)[ \t]|(?<=\n :) |(?<=\n  :) )"),
}
"""What a body with tags holds, by the character that is looked for first: few bodies have many of them."""
# Each alternative begins with a plain character: that is what makes looking for them fast.
_REFERENCE = r"@/|\{(?=[a-z]+\})|%7B(?=[a-z])|\|(?=[a-z]+\|)"
_CODE = r"\\[`\\]|``*|~~~+|<!--|<(?:pre|code|script|style)(?=[\s>])"
_TAGS = r"\{\{[<%]|\{\{|\{%|\{[:#.]|\{(?=[a-z]+=)"
_TOKENS = {
    "markdown": re.compile(rf"{_CODE}|{_TAGS}|{_REFERENCE}|\[(?=\[?_?(?:TOC|toc))|::::*|#!"),
    "html": re.compile(rf"<!--|<(?:pre|code|script|style)(?=[\s>])|{_TAGS}|{_REFERENCE}"),
    "rst": re.compile(_REFERENCE),
    "mdx": re.compile(r"\\[`\\{<]|``*|~~~+|<!--|\$\$?|\{|</|<(?=[A-Za-z>])|import(?=\s)|export(?=\s)|@/"),
}
_FORMULA = {
    "$$": re.compile(r"\$\$.{0,5000}?\$\$", re.DOTALL),
    "$": re.compile(r"\$(?=\S)[^$\n]{1,500}(?<=\S)\$(?!\d)"),
}


def expand(
    body: str,
    *,
    suffix: str,
    file: str,
    body_line: int,
    resolve: Callable[[str], str | None],
    title: str | None = None,
) -> tuple[str, tuple[Problem, ...]]:
    """The body with the tags of Jekyll, Hugo, Zola, Eleventy, Astro and Pelican replaced, and what could not be.

    `suffix` is the ending of the file's name, `file` what problems call it, `body_line` the line on which the body begins.
    `resolve` gives the address of another post or file by the name that a tag has for it, or None. `title` stands where a post
    asks for its own. Code is let be.
    """
    kind = _kind(suffix.lower())
    if kind != "mdx" and not _has_tags(body):
        return body, ()
    text = body.replace(NOWHERE, "")
    scan = Scan(text, file=file, body_line=body_line, resolve=resolve, is_html=kind == "html")
    _Walk(scan, kind, title).all()
    found = scan.result()
    return blocks.rewritten(found) if kind in ("markdown", "mdx") else found, tuple(scan.problems)


def _kind(suffix: str) -> Literal["markdown", "html", "rst", "mdx"]:
    if suffix in (".html", ".htm"):
        return "html"
    return "rst" if suffix == ".rst" else "mdx" if suffix == ".mdx" else "markdown"


def _has_tags(body: str) -> bool:
    """Most posts have none, and are looked at no further."""
    return any(mark.search(body) for sign, mark in _SIGNS.items() if sign in body)


class _Walk:
    """Goes from one sign that may mean something to the next."""

    def __init__(self, scan: Scan, kind: Literal["markdown", "html", "rst", "mdx"], title: str | None) -> None:
        self._scan, self._text, self._tokens = scan, scan.text, _TOKENS[kind]
        self._has_indented_code = kind == "markdown"
        self._code, self._liquid = Code(scan), Liquid(scan, title)
        self._mdx = Mdx(scan, title) if kind == "mdx" else None

    def all(self) -> None:
        place = 0
        while found := self._tokens.search(self._text, place):
            start, sign = found.start(), found[0]
            self._scan.put(self._text[place:start])
            end = codemarks.listing(self._scan, self._code, start) if sign[0] in ":#" else None
            if end is not None:
                place = end
                continue
            end = self._code_end(start, sign)
            if end is not None:
                self._scan.put(codemarks.fenced(shown(self._text[start:end])))
            elif (end := self._tag(start, sign)) is None:
                end = max(found.end(), start + 1)
                self._scan.put(self._text[start:end])
            place = end
        self._scan.put(self._text[place:])

    def _code_end(self, start: int, sign: str) -> int | None:
        """The end of code, of a comment or of a formula, which are none of ours."""
        if sign[:1] == "\\":
            return start + len(sign)
        if sign[:1] in ("`", "~"):
            fence = self._code.fence_end(start, sign) if len(sign) > 2 else None
            if fence is not None or sign[0] == "~":
                return fence
            return self._code.inline_end(start, len(sign)) or start + len(sign)
        if sign in _FORMULA:
            formula = _FORMULA[sign].match(self._text, start)
            return formula.end() if formula else None
        if sign[:1] == "<" and (not self._mdx or sign == "<!--") and len(sign) > 1:
            return self._code.html_end(start, sign)
        if self._has_indented_code and self._code.is_indented(start):
            return self._scan.past_line_end(start)
        return None

    def _tag(self, start: int, sign: str) -> int | None:
        if self._mdx:
            return self._mdx_tag(self._mdx, start, sign)
        if sign[0] in ":#":
            return None
        if sign in ("{{<", "{{%"):
            return shortcode(self._scan, start)
        if sign == "{{":
            return self._liquid.value(start)
        if sign == "{%":
            return self._liquid.tag(start)
        if sign == "[":
            return kramdown.contents(self._scan, start)
        if sign in ("{:", "{#", "{."):
            return kramdown.attributes(self._scan, start) or self._comment(start, sign)
        if (end := pelican.reference(self._scan, start)) is not None:
            return end
        return kramdown.attributes(self._scan, start) if sign == "{" else None

    def _comment(self, start: int, sign: str) -> int | None:
        """Nunjucks' `{# a comment #}`."""
        if sign != "{#" or self._text[start + 2 : start + 3] not in (" ", "-", "\n"):
            return None
        end = self._scan.find("#}", start + 2)
        return self._scan.drop(start, end + 2) if 0 <= end < start + 5000 else None

    def _mdx_tag(self, mdx: Mdx, start: int, sign: str) -> int | None:
        if sign in ("import", "export"):
            return mdx.module(start)
        if sign == "{":
            return mdx.expression(start)
        if sign == "</":
            return mdx.closing_tag(start)
        if sign == "<":
            return mdx.tag(start)
        return pelican.reference(self._scan, start) if sign == "@/" else None

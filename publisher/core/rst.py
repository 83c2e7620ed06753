"""reStructuredText to HTML, by docutils, which is an extra."""

import re
from html import escape
from typing import Any, Literal

from publisher.core.dialects.embeds import address
from publisher.core.dialects.rsthead import require_docutils
from publisher.core.model import Problem

_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "initial_header_level": 2,
    "input_encoding": "unicode",
    "language_code": "en",
    "line_length_limit": 100_000,
    "math_output": "MathML",
    "raw_enabled": True,
    "report_level": 5,
    "sectsubtitle_xform": False,
    "smart_quotes": False,
    "stylesheet_path": None,
    "syntax_highlight": "none",
    "toc_backlinks": False,
    "traceback": True,
    "warning_stream": False,
}
"""No file of the machine is read, whatever a post or a configuration of docutils says; what it finds wrong is no part of
the page. Raw HTML is let through, as it is in Markdown.
"""
_CONTENTS = re.compile(r"^\.\. contents::[^\n]*\n(?:[ \t]+[^\n]*\n)*", re.MULTILINE)
_EMBED = re.compile(r"^\.\.[ ](youtube|vimeo|gist)::[ ]*(\S+)[ \t]*\n((?:[ \t]+:[^\n]*(?:\n|\Z))*)", re.MULTILINE)


def render_rst(body: str, *, file: str, body_line: int) -> tuple[str, tuple[Problem, ...]]:
    """The HTML, its sections beginning with `<h2>`, and what docutils found wrong.

    Raises FrontMatterError where docutils is missing.
    """
    require_docutils()
    found: list[tuple[int, str]] = []
    severity: Literal["error", "warning"] = "warning"
    try:
        text = _CONTENTS.sub(lambda part: "\n" * part[0].count("\n"), body)
        html = _render(_EMBED.sub(_as_link, text), found)
    except Exception as error:  # what docutils raises at odd texts is not written down anywhere
        found, severity = [(1, f"reStructuredText that can't be read: {type(error).__name__}")], "error"
        html = f"<pre>{escape(body, quote=False)}</pre>"
    wanted = "wanted is reStructuredText as docutils reads it"
    return html, tuple(
        Problem(file=file, line=body_line - 1 + line, what=what, wanted=wanted, severity=severity)
        for line, what in found
        if not what.startswith("Cannot scale image")  # whose file may not be looked at
    )


def _as_link(directive: re.Match[str]) -> str:
    """The directives of plugins that embed from other sites, as a link; the lines stay as many as they were."""
    url = address(directive[1], {}, [directive[2]])
    return f"`{url} <{url}>`__\n" + "\n" * directive[3].count("\n") if url else directive[0]


def _render(body: str, found: list[tuple[int, str]]) -> str:
    from docutils import nodes
    from docutils.core import publish_parts
    from docutils.parsers.rst import Parser, roles
    from docutils.writers.html5_polyglot import Writer

    def note(message: Any) -> None:
        if message["level"] >= 2:
            found.append((message.get("line") or 1, " ".join(message.children[0].astext().split()).rstrip(".")))

    def abbreviation(_name: str, _raw: str, text: str, *_others: Any) -> tuple[list[Any], list[Any]]:
        """Pelican's `:abbr:`HTML (HyperText Markup Language)``."""
        short, _, long = text.partition("(")
        title = long.rstrip(") ").replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        html = f'<abbr title="{title}">{nodes.Text(short.strip()).replace("&", "&amp;").replace("<", "&lt;")}</abbr>'
        return [nodes.raw("", html, format="html")], []

    class Reporting(Parser):
        def parse(self, inputstring: str, document: Any) -> None:
            document.reporter.attach_observer(note)
            super().parse(inputstring, document)

    roles.register_local_role("abbr", abbreviation)
    parts = publish_parts(body, parser=Reporting(), writer=Writer(), settings_overrides=_SETTINGS)
    return str(parts["body"])

"""Markdown to HTML for a page, and that HTML made fit to travel in feeds and letters."""

import re
from collections.abc import Callable
from html import escape, unescape

import comrak
import nh3

from publisher.core.model import printable

_ANCHOR = re.compile(r'<a href="#[^"]*" aria-label="[^"]*" data-heading-content="[^"]*" class="anchor"></a>')
_TASK = re.compile(r'<input type="checkbox" (checked="" )?disabled="" (?:aria-label="[^"]*" )?/>')
_TAG = re.compile(r"""<[a-zA-Z][^\s<>"'/=]*[\s/][^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>""")
"""One that has attributes."""
_ATTRIBUTE = re.compile(r"""(\s)([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_WHOLE_LINK = re.compile(r'<a href="https?://[\w.-]+(?:[:/?#][^"&\s]*)?">')
"""One whose address is whole already, as nearly all are."""
_HAS_URL = re.compile(r"href|src|poster|cite", re.IGNORECASE)
_URL_ATTRIBUTES = frozenset({"href", "src", "poster", "cite"})
_ANY_HEADING = re.compile(r"<h([1-6])[^>]*>((?:(?!<h[1-6]).)*?)</h\1>", re.DOTALL)
_FIRST_HEADING = re.compile(r"\s*" + _ANY_HEADING.pattern, re.DOTALL)
_TYPEWRITER = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "--", "—": "---", "…": "..."})
_HTML_SPACE = " \t\n\f\r"
"""What a browser takes off an address; more than that could uncover a scheme that the sanitiser did not see."""
_MARKUP = re.compile(r"<[^>]*>")


def _options(*, autolink: bool) -> tuple[comrak.ExtensionOptions, comrak.ParseOptions, comrak.RenderOptions]:
    extension, parse, render = comrak.ExtensionOptions(), comrak.ParseOptions(), comrak.RenderOptions()
    extension.autolink, extension.table, extension.strikethrough = autolink, True, True
    extension.tasklist = extension.footnotes = True
    extension.header_id_prefix = ""
    parse.smart = True
    render.unsafe_ = True
    return extension, parse, render


_OPTIONS = _options(autolink=True)
_WITHOUT_AUTOLINK = _options(autolink=False)

_TRAVELLING_TAGS = (nh3.ALLOWED_TAGS - {"map", "area"}) | {
    "audio",
    "figcaption",
    "figure",
    "picture",
    "section",
    "source",
    "track",
    "video",
}
_TRAVELLING_ATTRIBUTES = {
    "*": {"id", "class", "lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls", "preload"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "type", "reversed"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "td": {"align", "colspan", "rowspan", "headers"},
    "th": {"align", "colspan", "rowspan", "headers", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label"},
    "video": {"src", "poster", "controls", "preload", "width", "height"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "xmpp", "irc", "magnet", "geo", "sms"}
_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*")
_NOT_IN_SCHEME = re.compile(r"[\x00-\x20]")
"""What browsers pass over there."""
_CLEANER = nh3.Cleaner(
    tags=_TRAVELLING_TAGS,
    attributes=_TRAVELLING_ATTRIBUTES,
    clean_content_tags={"script", "style", "iframe", "object", "noscript", "template"},
    url_schemes=_SCHEMES,
    link_rel=None,
)


def render_markdown(body: str) -> str:
    """HTML with tables, footnotes, strikethrough, task lists, typographer's quotes, heading ids, bare links; raw HTML stays."""
    html = _ANCHOR.sub("", _without_bare_links(body) or comrak.render_markdown(body, *_OPTIONS))
    return _TASK.sub(_labelled_task, html)


def _without_bare_links(body: str) -> str | None:
    """The HTML of a body whose links are all written as links; None where there may be others. To look for those takes comrak
    as long as all the rest.
    """
    if body.count("://") != body.count("](http") or "www." in body or "@" in body:
        return None
    html: str = comrak.render_markdown(body, *_WITHOUT_AUTOLINK)
    return html if html.count("://") == html.count('="http://') + html.count('="https://') else None


def _labelled_task(found: re.Match[str]) -> str:
    """A check box tells those who can't see it whether it is ticked."""
    checked = found[1] or ""
    label = "done" if checked else "to do"
    return f'<input type="checkbox" {checked}disabled="" aria-label="{label}" />'


def sanitise(html: str, resolve: Callable[[str], str]) -> str:
    """HTML for feeds and letters: no script, no style, no frame, no form, no event; every URL through `resolve`.

    A ticked or empty box becomes a sign, since readers take form elements out.
    """
    html = _TASK.sub(lambda found: "\N{BALLOT BOX WITH CHECK}" if found[1] else "\N{BALLOT BOX}", html)
    return rewrite_urls(_CLEANER.clean(html), lambda url: _harmless(resolve(url))).strip()


def _harmless(url: str) -> str:
    """The address, or nothing: the sanitiser looks at some attributes, and every one may be followed by some reader."""
    scheme, colon, _ = _NOT_IN_SCHEME.sub("", url).partition(":")
    return "" if colon and _SCHEME.fullmatch(scheme) and scheme.lower() not in _SCHEMES else url


def rewrite_urls(html: str, resolve: Callable[[str], str]) -> str:
    """Put every href, src, srcset, poster and cite through `resolve`, which lets whole web addresses be.

    Unchanged URLs leave the bytes as they are.
    """

    def attribute(found: re.Match[str]) -> str:
        space, name = found[1], found[2].lower()
        value = unescape(next(part for part in found.groups()[2:] if part is not None))
        if name in _URL_ATTRIBUTES:
            new = resolve(value.strip(_HTML_SPACE))
        elif name == "srcset":
            new = _srcset(value, resolve)
        else:
            return found[0]
        return found[0] if new == value else f'{space}{found[2]}="{escape(new)}"'

    def tag(found: re.Match[str]) -> str:
        text = found[0]
        if _WHOLE_LINK.fullmatch(text) or not _HAS_URL.search(text):
            return text
        return _ATTRIBUTE.sub(attribute, text)

    return _TAG.sub(tag, html)


def _srcset(value: str, resolve: Callable[[str], str]) -> str:
    """HTML Standard, 4.8.4.2.1: candidates apart by commas that are followed by white space or end a candidate."""
    candidates = (part.split(None, 1) for part in re.split(r",\s+|,$", value.strip()) if part.strip())
    found = ([resolve(url), *size] for url, *size in candidates)
    return ", ".join(" ".join(parts) for parts in found if parts[0])


def cut_heading(html: str, title: str | None) -> tuple[str | None, str]:
    """The title, and the HTML below it.

    Without a title it is the first heading. A heading that only says the title once more at the top is cut.
    """
    top = _FIRST_HEADING.match(html)
    if top and (title is None or heading_text(top[2]).translate(_TYPEWRITER) == title.translate(_TYPEWRITER)):
        return heading_text(top[2]) or None, html[top.end() :].lstrip("\n")
    if title is None and (found := _ANY_HEADING.search(html)):
        title = heading_text(found[2]) or None
    return title, html


def heading_text(html: str) -> str:
    return " ".join(printable(unescape(_MARKUP.sub("", html))).split())

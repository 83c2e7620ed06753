"""Blocks that some generators' Markdown knows and ours does not, rewritten line by line. What is code is let be.

> [!NOTE]                 an alert (Hugo, Zola, GitHub)
!!! note "Title"          an admonition (Python-Markdown), its text indented
:::tip[Title] ... :::     a container (Astro's and Eleventy's plugins)
Term, and : Definition    a definition list (Hugo, kramdown, Python-Markdown)
*[HTML]: Hypertext ...    an abbreviation (kramdown, Python-Markdown)
<div markdown="1">        Markdown inside HTML (kramdown, Python-Markdown)
"""

import re

_SIGNS = ("[!", "!!! ", "???", ":::", "\n: ", "\n:\t", "\n : ", "\n  : ", "*[", "markdown=")
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<mark>`{3,}|~{3,})(?P<info>.*)")
_VERBATIM = re.compile(r"[ \t>]*<(?P<name>!--|pre|script|style)(?=[\s>-]|$)", re.IGNORECASE)
_ALERT = re.compile(r"(?P<lead> {0,3}(?:>[ ]?)+)\[!(?P<kind>[A-Za-z]{2,20})\][+-]?[ \t]*(?P<title>.*)")
_ADMONITION = re.compile(
    r" {0,3}(?:!!!|\?\?\?\+?)[ \t]+(?P<kind>[A-Za-z][\w-]*)(?:[ \t]+[\w-]+)*(?:[ \t]+\"(?P<title>[^\"]*)\")?[ \t]*"
)
_CONTAINER = re.compile(
    r" {0,3}:::+[ \t]*[A-Za-z][\w-]*[ \t]*(?:\[(?P<label>[^\]]*)\])?(?P<title>[^{}\[\]]*)(?:\{[^{}]*\})?[ \t]*"
)
_CONTAINER_END = re.compile(r" {0,3}:::+[ \t]*")
_DEFINITION = re.compile(r" {0,3}:(?:[ ]{1,3}|\t)[ \t]*(?P<text>\S.*)")
_NO_TERM = re.compile(r"\s|[#>|<:]|[-*+][ \t]|\d{1,9}[.)][ \t]|(?:[-*_][ \t]*){3,}$|\[\^?[^\]]*\]:|=+\s*$")
_ABBREVIATION = re.compile(r" {0,3}\*\[[^\]]+\]:.*")
_INSIDE = re.compile(
    r"(?P<before>\s*<(?P<tag>[a-z][a-z0-9]*)[^<>]*?)\s+markdown=(?P<quote>[\"']?)[\w-]+(?P=quote)(?P<after>[^<>]*>)(?P<rest>.*)"
)
_MANY_TERMS = 3
_DEEP = 8


def rewritten(text: str, depth: int = 0) -> str:
    """`depth`: how many admonitions the text stands in."""
    if depth > _DEEP or not any(sign in text for sign in _SIGNS):
        return text
    return "\n".join(_Blocks(text.split("\n"), depth).all())


class _Blocks:
    """Goes from row to row; each kind of block says on which row it ends."""

    def __init__(self, rows: list[str], depth: int) -> None:
        self._rows, self._done, self._depth = rows, list[str](), depth
        self._last_end = max((n for n, row in enumerate(rows) if _CONTAINER_END.fullmatch(row)), default=-1)
        self._open_containers = 0

    def all(self) -> list[str]:
        at = 0
        kinds = (self._code, self._alert, self._admonition, self._container, self._definitions, self._small)
        while at < len(self._rows):
            row = self._rows[at]
            end = next((end for kind in kinds if (end := kind(at, row)) is not None), None)
            if end is None:
                self._done.append(row)
                end = at + 1
            at = end
        return self._done

    def _copy(self, at: int, end: int) -> int:
        self._done += self._rows[at:end]
        return end

    def _code(self, at: int, row: str) -> int | None:
        if fence := _FENCE.match(row):
            if fence["mark"][0] == "`" and "`" in fence["info"]:
                return None
            return self._copy(at, _fence_end(self._rows, at, fence["mark"]))
        if row.startswith(("    ", "\t")):
            return self._copy(at, at + 1)
        if found := _VERBATIM.match(row):
            closing = "-->" if found["name"] == "!--" else f"</{found['name'].lower()}"
            ends = (n for n in range(at, len(self._rows)) if closing in self._rows[n].lower())
            return self._copy(at, next(ends, len(self._rows) - 1) + 1)
        return None

    def _alert(self, at: int, row: str) -> int | None:
        found = _ALERT.fullmatch(row)
        if not found or (self._done and self._done[-1].lstrip().startswith(">")):
            return None
        lead = found["lead"]
        self._done += [f"{lead}{_bold(found['title'] or found['kind'].capitalize())}", lead.rstrip()]
        return at + 1

    def _admonition(self, at: int, row: str) -> int | None:
        if not (found := _ADMONITION.fullmatch(row)):
            return None
        end = _indented_end(self._rows, at + 1)
        if end == at + 1:
            return None
        title = found["title"] if found["title"] is not None else found["kind"].capitalize()
        inside = rewritten("\n".join(_dedented(each) for each in self._rows[at + 1 : end]), self._depth + 1).split("\n")
        self._done += ["", *(f"> {each}".rstrip() for each in ([_bold(title), ""] if title else []) + inside), ""]
        return end

    def _container(self, at: int, row: str) -> int | None:
        if self._open_containers and _CONTAINER_END.fullmatch(row):
            self._open_containers -= 1
            self._done.append("")
            return at + 1
        if at < self._last_end and (found := _CONTAINER.fullmatch(row)):
            title = found["label"] or found["title"].strip()
            self._open_containers += 1
            self._done += ["", _bold(title), ""] if title else [""]
            return at + 1
        return None

    def _definitions(self, at: int, row: str) -> int | None:
        """At the first definition; the terms above it are written already."""
        if not _DEFINITION.fullmatch(row) or not (terms := self._take_terms()):
            return None
        self._done += ["", "<dl>", *_terms(terms)]
        while at < len(self._rows):
            if found := _DEFINITION.fullmatch(self._rows[at]):
                end = _definition_end(self._rows, at)
                inside = [found["text"], *(_dedented(each) for each in self._rows[at + 1 : end])]
                self._done += ["<dd>", "", *inside, "", "</dd>"]
                at = end
            elif next_ones := _terms_ahead(self._rows, at):
                self._done += _terms([self._rows[n] for n in next_ones])
                at = next_ones[-1] + 1
            elif at + 1 < len(self._rows) and not self._rows[at].strip():
                at += 1
            else:
                break
            if not self._goes_on(at):
                break
        self._done += ["</dl>", ""]
        return at

    def _goes_on(self, at: int) -> bool:
        place = _past_empty(self._rows, at)
        return place < len(self._rows) and bool(
            _DEFINITION.fullmatch(self._rows[place]) or _terms_ahead(self._rows, place)
        )

    def _take_terms(self) -> list[str]:
        """The last rows that were written, if they can be what is defined."""
        end = len(self._done)
        if end and not self._done[end - 1].strip():
            end -= 1
        start = end
        while start and end - start <= _MANY_TERMS and self._done[start - 1].strip():
            start -= 1
        terms = self._done[start:end]
        if not 0 < len(terms) <= _MANY_TERMS or any(_NO_TERM.match(term) for term in terms):
            return []
        del self._done[start:]
        return terms

    def _small(self, at: int, row: str) -> int | None:
        if _ABBREVIATION.fullmatch(row):
            return at + 1
        if not (found := _INSIDE.fullmatch(row)):
            return None
        opening, rest, closing = found["before"] + found["after"], found["rest"], f"</{found['tag']}>"
        if found["tag"] in ("p", "span", "summary", "h1", "h2", "h3", "h4", "h5", "h6"):
            self._done.append(opening + rest)
        elif rest.rstrip().endswith(closing):
            self._done += [opening, "", rest.rstrip().removesuffix(closing), "", closing]
        else:
            self._done += [opening, "", rest] if rest.strip() else [opening, ""]
        return at + 1


def _fence_end(rows: list[str], at: int, mark: str) -> int:
    closing = re.compile(rf"[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*")
    return next((n + 1 for n in range(at + 1, len(rows)) if closing.fullmatch(rows[n])), len(rows))


def _indented_end(rows: list[str], at: int) -> int:
    """Past the rows that are indented, and the empty ones between them."""
    end = at
    for n in range(at, len(rows)):
        if rows[n].startswith(("    ", "\t")) and rows[n].strip():
            end = n + 1
        elif rows[n].strip():
            break
    return end


def _definition_end(rows: list[str], at: int) -> int:
    """Past its paragraph, and the indented ones below it."""
    end = at + 1
    while end < len(rows) and rows[end].strip() and not _DEFINITION.fullmatch(rows[end]):
        end += 1
    return max(end, _indented_end(rows, end))


def _terms_ahead(rows: list[str], at: int) -> list[int]:
    """The rows from here that a definition stands below."""
    found: list[int] = []
    for n in range(at, min(len(rows), at + _MANY_TERMS + 2)):
        if _DEFINITION.fullmatch(rows[n]):
            return found
        if not rows[n].strip():
            if found:
                after = n + 1
                return found if after < len(rows) and _DEFINITION.fullmatch(rows[after]) else []
        elif _NO_TERM.match(rows[n]):
            return []
        else:
            found.append(n)
    return []


def _terms(rows: list[str]) -> list[str]:
    return [line for row in rows for line in ("<dt>", "", row.strip(), "", "</dt>")]


def _past_empty(rows: list[str], at: int) -> int:
    while at < len(rows) and not rows[at].strip():
        at += 1
    return at


def _dedented(row: str) -> str:
    return row[1:] if row.startswith("\t") else re.sub("^ {1,4}", "", row)


def _bold(title: str) -> str:
    return f"<strong>{title.strip()}</strong>" if title.strip() else ""

"""A body read from left to right: what was passed is written out, what a generator's tag stands for in its stead."""

import re
from collections.abc import Callable
from html import escape

from publisher.core.model import Problem

NOWHERE = "\0"
"""Stands for the address of a link that leads nowhere, until the whole text is there and the link can be taken off."""
_MARKDOWN_LINK = re.compile(
    r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]*+\])*+)\]\(<?[^()\s<>\0]*+\0[^()\s<>]*+>?(?:\s+(?:\"[^\"\n]*+\"|'[^'\n]*+'))?\s*\)"
)
_HTML_LINK = re.compile(r"<a\b[^<>\0]*+\0[^<>]*+>(.{0,2000}?)</a>", re.DOTALL)
_HTML_PICTURE = re.compile(r"<img\b[^<>\0]*+\0[^<>]*+>")
_REST_LINK = re.compile(r"`([^`<>\0]*?)\s*<[^`<>\0]*+\0[^`<>]*+>`__?")
WORD_WANTED = "wanted is Markdown or HTML in its place"


class Scan:
    """The text of a body, the place that was reached in it, and what was written so far.

    Everything that looks ahead remembers what it saw, so that no text, however hostile, is looked through again and again.
    """

    def __init__(
        self, text: str, *, file: str, body_line: int, resolve: Callable[[str], str | None], is_html: bool
    ) -> None:
        self.text, self.is_html = text, is_html
        self.pieces: list[str] = []
        self.problems: list[Problem] = []
        self.closers: list[tuple[str, str]] = []
        """What the ends of the open tags are called, and what stands there."""
        self._file, self._resolve = file, resolve
        self._line, self._line_place = body_line, 0
        self._row = self._row_place = 0
        self._found: dict[str, tuple[int, int]] = {}
        self._told: set[tuple[int, str]] = set()

    def put(self, text: str) -> None:
        self.pieces.append(text)

    def block(self, html: str, start: int, end: int) -> int:
        """Write a block of HTML in place of the tag between the two places. Markdown goes on below an empty line."""
        if self.is_html or not self.is_alone(start, end):
            self.put(html)
            return end
        self.put(html + "\n\n")
        return self.past_line_end(end)

    def drop(self, start: int, end: int) -> int:
        """Leave the tag out, with the line that it stands on alone. Returns where to go on."""
        if not self.is_alone(start, end):
            return end
        if self.pieces:  # what indented the tag would indent what follows
            self.pieces[-1] = self.pieces[-1].rstrip(" \t")
        return self.past_line_end(end)

    def past_line_end(self, place: int) -> int:
        found = self.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    def is_alone(self, start: int, end: int) -> bool:
        """Whether nothing else stands on the line or lines of it."""
        after = self.find("\n", end)
        rest = self.text[end : len(self.text) if after < 0 else min(after, end + 200)]
        return not rest.strip() and not self.text[max(self.row(start), start - 200) : start].strip()

    def row(self, place: int) -> int:
        """The place where its line begins. Places must not go back."""
        newline = self.text.rfind("\n", self._row_place, place)
        if newline >= 0:
            self._row = newline + 1
        self._row_place = max(self._row_place, place)
        return self._row

    def find(self, needle: str, start: int) -> int:
        """Like `str.find`, for places that go forward."""
        asked, answer = self._found.get(needle, (-1, -2))
        if answer == -1 or asked <= start <= answer:
            return answer
        answer = self.text.find(needle, start)
        self._found[needle] = (start, answer)
        return answer

    def find_end(self, pattern: re.Pattern[str], start: int) -> re.Match[str] | None:
        """The next match; asked once more after there was none, it does not look again."""
        if self._found.get(pattern.pattern, (0, 0))[1] == -1:
            return None
        found = pattern.search(self.text, start)
        if not found:
            self._found[pattern.pattern] = (start, -1)
        return found

    def warn(self, place: int, what: str, wanted: str = WORD_WANTED) -> None:
        """Each once a line. Places must not go back."""
        self._line += self.text.count("\n", self._line_place, place)
        self._line_place = max(self._line_place, place)
        if (self._line, what) not in self._told:
            self._told.add((self._line, what))
            problem = Problem(file=self._file, line=self._line, what=what, wanted=wanted, severity="warning")
            self.problems.append(problem)

    def address(self, place: int, reference: str, tag: str) -> str:
        """The address of what a tag refers to. Where nobody knows it, that is told, and the link will be taken off."""
        if (found := self._resolve(reference) if reference else None) is not None:
            return found
        self.warn(
            place, f"{tag} leads nowhere: {_short(reference)}", "wanted is the name of a post or file that is there"
        )
        return NOWHERE

    def site_path(self, path: str) -> str:
        """The address of a path from the site's root, which may be another program's business."""
        return self._resolve(path) or path

    def left_out(self, place: int, tag: str) -> None:
        self.warn(place, f"{_short(tag)} is not understood here, and was left out")

    def open(self, name: str, before: str, after: str) -> None:
        """Write what stands at the start of a block, and remember what does at its end."""
        self.put(before)
        self.closers.append((name, after))

    def close(self, name: str | None) -> bool:
        """Write what stands at the end of the innermost block of that name; False where none is open."""
        for index in range(len(self.closers) - 1, max(-1, len(self.closers) - 20), -1):
            if name is None or self.closers[index][0] == name:
                self.put(self.closers.pop(index)[1])
                return True
        return False

    def result(self) -> str:
        for _, after in reversed(self.closers):
            self.put(after)
        text = "".join(self.pieces)
        return _without_dead_links(text) if NOWHERE in text else text


def _without_dead_links(text: str) -> str:
    for pattern in (_HTML_PICTURE, _HTML_LINK, _MARKDOWN_LINK, _REST_LINK):
        text = pattern.sub(lambda found: found[1] if found.re.groups else "", text)
    return text.replace(NOWHERE, "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def attribute(text: str) -> str:
    """Fit to stand between quotes, on one line."""
    return escape(" ".join(text.split()))

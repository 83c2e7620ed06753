"""What a post's front matter says, in our words: each value checked, each complaint with file and line."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from publisher.core.frontmatter import DATE_WANTED, FrontMatter, parse_date
from publisher.core.model import Problem, printable

_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Unfit(Exception):
    """The post can't be published as it is; the others go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Head:
    """The front matter of one file. A value that can't be used is a problem; one that the post can't do without, Unfit."""

    def __init__(self, found: FrontMatter, file: str, zone: ZoneInfo) -> None:
        self._found, self._file, self._zone = found, file, zone
        self.problems: list[Problem] = []

    @property
    def body(self) -> str:
        return self._found.body

    def unfit(self, what: str, wanted: str, key: str | None = None) -> Unfit:
        line = self._found.lines.get(key) if key else None
        return Unfit(Problem(file=self._file, line=line, what=what, wanted=wanted))

    def warn(self, key: str, what: str, wanted: str) -> None:
        line = self._found.lines.get(key)
        self.problems.append(Problem(file=self._file, line=line, what=what, wanted=wanted, severity="warning"))

    def text(self, *keys: str) -> str | None:
        """One line of text, white space folded; None when absent or empty."""
        for key, value in self._present(keys):
            if isinstance(value, str):
                if line := printable(" ".join(value.split())):
                    return line
            else:
                self.warn(key, f"{key} is no text", f"wanted is {key}: some words")
        return None

    def is_draft(self) -> bool:
        status = (self.text("status") or "").lower()
        return self.flag("draft", default=False) or not self._is_published() or status in ("draft", "hidden", "private")

    def _is_published(self) -> bool:
        """`published` is a flag for some generators and a date for others."""
        value = self._found.values.get("published")
        return _FLAGS.get(str(value).lower(), True)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._found.values.get(key)
        if value is None:
            return default
        if (flag := _FLAGS.get(str(value).lower())) is None:
            raise self.unfit(f"{key} is {value!r}", f"wanted is {key}: true or {key}: false", key)
        return flag

    def published_at(self, day_in_name: str | None) -> datetime:
        """The `date`, else the day that the file's name begins with."""
        for key in ("date", "published"):
            value = self._found.values.get(key)
            if value is not None and str(value).lower() not in _FLAGS:
                return self._date(key, str(value))
        if day_in_name:
            return self._date("date", day_in_name)
        where = "in the front matter (date: ...) or at the start of the file's name"
        raise Unfit(Problem(file=self._file, line=1, what="the post has no date", wanted=f"{DATE_WANTED}, {where}"))

    def updated_at(self, published_at: datetime) -> datetime:
        """Never before the publication."""
        for key, value in self._present(("updated", "lastmod", "modified", "last_modified_at")):
            try:
                return max(published_at, parse_date(str(value), self._zone))
            except ValueError as error:
                self.warn(key, f"{key} is {value!r}", str(error))
        return published_at

    def words(self, *keys: str) -> tuple[str, ...]:
        """A list of short texts, each once: written as a YAML list, or with commas between them."""
        found: dict[str, str] = {}
        for key, value in self._present(keys):
            for part in value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    part = part.get("name")
                if isinstance(part, str) and (word := printable(" ".join(part.split()))):
                    found.setdefault(word.casefold(), word)
                elif not isinstance(part, str):
                    self.warn(key, f"{key} holds {part!r}", f"wanted is {key}: [one, two]")
        return tuple(found.values())

    def parts(self, *keys: str) -> tuple[str, dict[str, str]]:
        """A value that is one text or a small mapping: the key that was used, and the mapping with the text as `url`."""
        for key, value in self._present(keys):
            if isinstance(value, str):
                return key, {"url": printable(value).strip()}
            if isinstance(value, dict):
                return key, {str(k).lower(): printable(str(v)).strip() for k, v in value.items() if v is not None}
            self.warn(key, f"{key} is a list", f"wanted is {key}: path-or-address")
        return keys[0], {}

    def _date(self, key: str, value: str) -> datetime:
        try:
            return parse_date(value, self._zone)
        except ValueError as error:
            raise self.unfit(f"{key} is {value!r}", str(error), key) from error

    def _present(self, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for key in keys:
            if (value := self._found.values.get(key)) is not None:
                yield key, value

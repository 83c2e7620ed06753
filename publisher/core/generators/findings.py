"""What was found: settings as texts, each with its place, and notes of what could not be had."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from publisher.core import typed
from publisher.core.errors import AddressError
from publisher.core.identity import is_loopback
from publisher.core.model import Problem, printable

OUTPUT = "_public"
"""In place of `public` where that is the generator's own. Jekyll copies no folder whose name begins so."""

_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "site_url": typed.web_address,
    "site_title": typed.words,
    "site_language": typed.language,
    "timezone": typed.zone,
    "permalink": typed.permalink,
    "feed_aliases": typed.feed_aliases,
    "posts_dir": typed.words,
}
_WORDS = {
    "site_title": "title",
    "site_url": "address",
    "site_description": "description",
    "site_language": "language",
    "timezone": "time zone",
    "author_name": "author",
    "author_email": "mail address",
    "permalink": "permalinks",
    "feed_aliases": "old feeds",
    "posts_dir": "folder of posts",
    "output_dir": "folder for the result",
}
_SAMPLE_DOMAINS = ("example.com", "example.net", "example.org", "yourdomain.com", "yoursite.com", "domain.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A text, and where it stands."""

    value: str
    file: str
    line: int | None = None
    """None for what follows from the generator itself."""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that is not taken over. Of no interest where the setting `about` was given by the owner."""

    about: str | None
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A generator's folder."""

    generator: str
    """Empty where posts lie in a folder of that kind, and nothing tells whose."""
    file: str
    """The one that betrays it: a settings file, or a folder."""
    settings: Mapping[str, Found]
    """By the name of the setting's field; each value is good as it is."""
    notes: tuple[Note, ...]


def sentence(generator: str, settings: Mapping[str, Found]) -> str:
    """One line on what is taken from where: Jekyll's _config.yml gives title, address, permalinks; posts are in _posts."""
    named = {name: found for name, found in settings.items() if not name.endswith("_dir")}
    files = list(dict.fromkeys(found.file for found in named.values()))
    words = ", ".join(word for name, word in _WORDS.items() if name in named)
    parts = [f"{generator}'s {' and '.join(files)} {'gives' if len(files) == 1 else 'give'} {words}"] if named else []
    if posts := settings.get("posts_dir"):
        parts.append(f"posts are in {posts.value}")
    if output := settings.get("output_dir"):
        parts.append(f"pages and feeds go to {output.value}")
    return "; ".join(parts)


class Findings:
    """Collects them. The first value found for a setting counts."""

    def __init__(self, is_folder: Callable[[str], bool]) -> None:
        self.is_folder = is_folder
        self.settings: dict[str, Found] = {}
        self.notes: list[Note] = []

    def take(self, name: str, found: Found | None) -> None:
        """One that can't be used becomes a note."""
        if found is None or name in self.settings:
            return
        try:
            _PARSERS.get(name, typed.text)(found.value)
        except ValueError as error:
            self.note(
                name, found, f"{found.value!r} can't be taken for the {_WORDS[name]}", f"{error} ({in_env(name)})"
            )
            return
        self.settings[name] = found

    def take_address(self, found: Found | None, base: str = "") -> None:
        """`base` is the path below it. An address that stands in every new site, or is of this machine, is nobody's."""
        if found is None or not found.value.strip():
            return
        value = found.value.strip().rstrip("/") + ("/" + base.strip("/") if base.strip("/") else "")
        host = (_host(value) or "").removeprefix("www.")
        if is_loopback(host) or (host in _SAMPLE_DOMAINS and not urlsplit(value).path.strip("/")):
            self.note(
                "site_url",
                found,
                f"{value} is no address that the world knows",
                f"wanted is the site's own ({in_env('site_url')})",
            )
            return
        self.take("site_url", Found(value=value, file=found.file, line=found.line))

    def take_mail(self, found: Found | None) -> None:
        if found is None:
            return
        from publisher.core.address import normalise

        try:
            address = normalise(found.value)
        except AddressError:
            return
        name, _, domain = address.rpartition("@")
        if domain not in _SAMPLE_DOMAINS and not name.startswith(("your-", "your_")):
            self.take("author_email", Found(value=address, file=found.file, line=found.line))

    def take_author(self, found: Found | None) -> None:
        """A name, or one with an address: Ines <ines@example.org>, ines@example.org (Ines)."""
        if found is None or (found.value.isascii() and "@" in found.value and " " not in found.value):
            return
        name = re.sub(r"\s*<[^<>]*>\s*|^\S+@\S+\s+\((.*)\)$", r"\1", found.value).strip()
        if name:
            self.take("author_name", Found(value=name, file=found.file, line=found.line))

    def take_folder(self, path: str, file: str) -> bool:
        """Whether posts are taken from there: only a folder inside the site that exists."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or parts[0] == "var":
            return False
        value = "/".join(parts)
        if not self.is_folder(value):
            return False
        self.take("posts_dir", Found(value=value, file=file))
        return True

    def note(self, about: str | None, at: Found, what: str, wanted: str) -> None:
        problem = Problem(file=at.file, line=at.line, what=what, wanted=wanted, severity="warning")
        self.notes.append(Note(about=about, problem=problem))


def in_env(name: str) -> str:
    """What the owner calls a setting."""
    return f"PUBLISHER_{name.upper()}"


def folded(value: str) -> str:
    """One line of text."""
    return printable(" ".join(value.split()))


def _host(value: str) -> str | None:
    try:
        return urlsplit(value).hostname
    except ValueError:
        return None

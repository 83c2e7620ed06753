"""Where a post stands, and what its relative addresses mean there: files beside it, other posts, other sites."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import quote, unquote, urljoin, urlsplit

from publisher.core.model import Asset, Site

POST_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx", ".html", ".htm", ".rst"})
_ANOTHER_SITE = ("https://", "http://", "mailto:")
_ANOTHER_PLACE = (*_ANOTHER_SITE, "#")
"""What most addresses begin with that are not relative: told apart without taking them to pieces."""
_HOMES = ("@/", "./", "/", "content/", "_posts/")
"""What generators put in front of a file's name when one post refers to another."""


class Surroundings:
    """All that a post can refer to: the files beside the posts, and the public posts with their paths on the web."""

    def __init__(self, site: Site, assets: Mapping[str, Asset], paths: Mapping[str, str]) -> None:
        self.site, self.assets, self.paths = site, assets, paths

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The sources by their names without folder and ending; a bundle's by its folder's."""
        found: dict[str, list[str]] = {}
        for source in self.paths:
            path = PurePosixPath(source)
            name = path.parent.name if path.stem == "index" else path.stem
            found.setdefault(name, []).append(source)
        return found

    def asset(self, folder: PurePosixPath, path: str) -> Asset | None:
        """The file that is meant: from the post's folder, or from the folder of posts."""
        if path.startswith("/"):
            return self.assets.get(path.lstrip("/"))
        return self.assets.get(normpath(folder / path)) or self.assets.get(normpath(path))

    def post(self, folder: PurePosixPath, path: str) -> str | None:
        """The path on the web of the post whose file this is."""
        for source in (normpath(folder / path.lstrip("/")), normpath(path.lstrip("/"))):
            if source in self.paths:
                return self.paths[source]
        return None

    def named(self, folder: PurePosixPath, name: str) -> str | None:
        """The path on the web of the post that a generator's own tag names, with or without folders and ending."""
        for home in _HOMES:
            name = name.removeprefix(home)
        for source in _files_named(name.strip("/")):
            if found := self.post(folder, source):
                return found
        path = PurePosixPath(name)
        sources = self._by_name.get(path.stem if path.suffix in POST_SUFFIXES else path.name, [])
        return self.paths[sources[0]] if len(sources) == 1 else None


def _files_named(name: str) -> Iterator[str]:
    yield name
    for suffix in (".md", ".markdown", ".html", ".rst"):
        yield name + suffix
        yield f"{name}/index{suffix}"


class Place:
    """One post's place. It writes down what it was asked and what it answered, so that a later build can tell whether the
    answers are still the same.
    """

    def __init__(self, surroundings: Surroundings, url: str, source: str) -> None:
        self._around, self._url = surroundings, url
        self._folder = PurePosixPath(source).parent
        self.answers: dict[str, str] = {}

    def asset(self, url: str) -> Asset | None:
        """The file beside the posts that the writer means."""
        if (path := _path(url)) is None:
            return None
        found = self._around.asset(self._folder, path)
        self.answers[f"asset {path}"] = repr(found)
        return found

    def absolute(self, url: str) -> str:
        """The address as the world knows it. One that can't be understood stays as it is."""
        if url.startswith(_ANOTHER_SITE):
            return url
        try:
            return self._around.site.absolute(found) if (found := self._found(url)) else urljoin(self._url, url)
        except ValueError:
            return url

    def href(self, url: str) -> str:
        """The address on a page of the site."""
        return self._around.site.href(found) if (found := self._found(url)) else url

    def named(self, reference: str) -> str | None:
        """The address of what a generator's own tag names: a post, a file, or a path from the site's root."""
        if is_elsewhere(reference):
            return reference
        path, rest = _path(reference) or "", _rest(reference)
        post = self._around.named(self._folder, path) if path else None
        self.answers[f"named {path}"] = repr(post)
        if post:
            return self._around.site.href(post) + rest
        if found := self._found(reference):
            return self._around.site.href(found)
        return self._around.site.href(reference) if reference.startswith("/") else None

    def is_same(self, answers: Mapping[str, str]) -> bool:
        """Whether these questions would be answered today as they were then."""
        return all(self._answer(*question.split(" ", 1)) == answer for question, answer in answers.items())

    def _answer(self, kind: str, path: str) -> str:
        ask = {"asset": self._around.asset, "post": self._around.post, "named": self._around.named}[kind]
        return repr(ask(self._folder, path))

    def _found(self, url: str) -> str | None:
        """The path below the site's root, with query and fragment, of the file or post that a relative address means."""
        if url.startswith(_ANOTHER_PLACE) or is_elsewhere(url) or (path := _path(url)) is None:
            return None
        if asset := self.asset(url):
            return f"/{quote(str(asset.path))}{_rest(url)}"
        if PurePosixPath(path).suffix not in POST_SUFFIXES or path.startswith("/"):
            return None
        post = self._around.post(self._folder, path)
        self.answers[f"post {path}"] = repr(post)
        return f"{post}{_rest(url)}" if post else None


def is_elsewhere(url: str) -> bool:
    """Whether an address names its own host or scheme, or nothing but a part of this page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return bool(parts.scheme or parts.netloc) or not parts.path


def _path(url: str) -> str | None:
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return None


def _rest(url: str) -> str:
    """The query and the fragment, with their signs."""
    parts = urlsplit(url)
    return (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")

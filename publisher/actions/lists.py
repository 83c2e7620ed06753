"""Write the pages that list posts, and the few files that belong to the whole site."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal, NamedTuple

from publisher.actions.press import Press, hashed
from publisher.actions.stock import Stock
from publisher.core import pages
from publisher.core.library import Library
from publisher.core.model import Post, Site
from publisher.core.prose import Placed
from publisher.core.sitemap import robots, sitemap, sitemap_names
from publisher.templates import Templates


class File(NamedTuple):
    """A file of the site that is not a post's, and how it is made if it must be."""

    name: str
    recipe: str
    make: Callable[[], bytes]


def list_files(site: Site, templates: Templates, press: Press, stock: Stock, library: Library) -> Iterator[File]:
    """In the order of writing: what others refer to first."""
    listing = _Listing(site, templates, press, stock, library)
    yield File("style.css", press.recipe("style"), templates.style)
    yield listing.page("subscribe.html", pages.subscribe_page(site), "subscribe/index.html")
    if not site.pages:
        return
    yield listing.page("message.html", pages.not_found_page(site))
    for tag, posts in library.tags:
        yield listing.listing("tag", tag, posts)
    for author, posts in library.authors:
        yield listing.listing("author", author, posts)
    tags = [(tag, len(posts)) for tag, posts in library.tags]
    yield File(
        "archive/index.html",
        press.recipe("archive", tags, listing.all_lines),
        lambda: listing.render("archive.html", pages.archive_page(site, library.placed, tags)),
    )
    yield listing.index(library.placed)
    for number, name in enumerate(sitemap_names(len(library.placed))):
        recipe = press.recipe(name, listing.all_lines)
        yield File(name, recipe, partial(sitemap, site, library.placed, number))
    if "robots.txt" not in library.assets:
        yield File("robots.txt", press.recipe("robots"), lambda: robots(site))


def list_names(site: Site, library: Library) -> Iterator[str]:
    """What `list_files` will write."""
    yield from ("style.css", "subscribe/index.html")
    if site.pages:
        yield "404.html"
        yield from (pages.file_of(pages.tag_path(tag)) for tag, _ in library.tags)
        yield from (pages.file_of(pages.author_path(author)) for author, _ in library.authors)
        yield from ("archive/index.html", "index.html")
        if "robots.txt" not in library.assets:
            yield "robots.txt"
        yield from sitemap_names(len(library.placed))


class _Listing:
    def __init__(self, site: Site, templates: Templates, press: Press, stock: Stock, library: Library) -> None:
        self._site, self._templates, self._press, self._stock = site, templates, press, stock
        self.lines = {post.source: _line(post) for post in library.placed}
        """All that a line of a long list, or of a sitemap, shows of a post."""
        self.all_lines = hashed([*self.lines.values()])

    def render(self, template: str, page: pages.Page) -> bytes:
        return self._templates.page(template, page=page).encode()

    def page(self, template: str, page: pages.Page, name: str = "") -> File:
        """One that says the same whatever the posts are."""
        return File(name or page.path.lstrip("/"), self._press.recipe(template), lambda: self.render(template, page))

    def index(self, placed: Sequence[Placed]) -> File:
        newest, more = placed[: pages.INDEX_LENGTH], len(placed) > pages.INDEX_LENGTH
        recipe = self._press.recipe("index", self._digests(newest), more)
        return File(
            "index.html",
            recipe,
            lambda: self.render("index.html", pages.index_page(self._site, self._posts(newest), more=more)),
        )

    def listing(self, kind: Literal["tag", "author"], name: str, placed: Sequence[Placed]) -> File:
        newest, older = placed[: pages.INDEX_LENGTH], placed[pages.INDEX_LENGTH :]
        path = pages.tag_path(name) if kind == "tag" else pages.author_path(name)
        recipe = self._press.recipe(kind, name, self._digests(newest), [self.lines[post.source] for post in older])
        return File(
            pages.file_of(path),
            recipe,
            lambda: self.render("list.html", pages.list_page(self._site, kind, name, self._posts(newest), older)),
        )

    def _digests(self, placed: Sequence[Placed]) -> list[str]:
        return [self._stock.digest(post) for post in placed]

    def _posts(self, placed: Sequence[Placed]) -> list[Post]:
        return [self._stock.post(post) for post in placed]


def _line(post: Placed) -> str:
    entry = post.entry
    times = f"{entry.published_at.timestamp()} {entry.updated_at.timestamp()}"
    return f"{entry.path}\n{times}\n{entry.language}\n{entry.headline}"

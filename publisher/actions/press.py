"""Print the posts: read each to its end, write its page, and make the items that feeds are put together from."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from publisher.actions.publication import Workshop
from publisher.actions.survey import Reading, folder_name
from publisher.core import pages
from publisher.core.feeds import FORMATS, feed_item
from publisher.core.head import Unfit
from publisher.core.library import Library
from publisher.core.manuscript import hash_of, open_source
from publisher.core.pages import Link
from publisher.core.place import Place
from publisher.core.prose import Placed, Prose, read_prose
from publisher.disk.output import Record, put_file
from publisher.disk.posts import read_source
from publisher.templates import Templates


class Changed(Exception):
    """The file is not what it was when stock was taken."""


class Neighbour(NamedTuple):
    headline: str
    path: str


class PageJob(NamedTuple):
    """One post to be read, and what for."""

    placed: Placed
    newer: Neighbour | None
    older: Neighbour | None
    wants_page: bool
    wants_items: bool


class Printed(NamedTuple):
    source: str
    reading: Reading
    page: tuple[str, Record, bool] | None
    """The name of the page's file, what is now known of it, and whether it was written."""
    items: Mapping[str, bytes]
    """By the name of the format."""


class Press:
    """All that is needed to print posts, in this process or in another."""

    def __init__(self, workshop: Workshop, library: Library, *, output: Path | None = None, base: str = "") -> None:
        """`base` is a short name for whatever every file depends on."""
        self._site, self._folders = workshop.site, workshop.folders
        self._output, self._base = output or workshop.folders.output, base
        self._name, self._surroundings = folder_name(workshop), library.surroundings(workshop.site)

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self._site, self._folders.templates, self._folders.compiled)

    def read(self, placed: Placed) -> Prose:
        """The whole post. Raises Changed where the file is another by now."""
        source = read_source(self._folders.posts, placed.source)
        if source.data is None or hash_of(source.data) != placed.content_hash:
            raise Changed(placed.source)
        try:
            head = open_source(source, self._site, self._name)
        except Unfit as unfit:
            raise Changed(placed.source) from unfit
        return read_prose(head, placed, self._site, self.place(placed), self._name)

    def place(self, placed: Placed) -> Place:
        return Place(self._surroundings, self._site.absolute(placed.entry.path), placed.source)

    def reading(self, placed: Placed, prose: Prose) -> Reading:
        answers = dict(prose.place.answers)
        name = (placed.id, placed.entry.path)
        digest = self.recipe(placed.source, placed.content_hash, name, sorted(answers.items()))
        return Reading(name, digest, answers, prose.problems, prose.post)

    def items(self, prose: Prose) -> dict[str, bytes]:
        item = feed_item(self._site, prose.post, prose.content_html)
        return {each.name: each.item(item) for each in FORMATS}

    def recipe(self, *parts: object) -> str:
        """What a file is made from, in short."""
        return hashed(self._base, *parts)

    def print(self, job: PageJob) -> Printed:
        prose = self.read(job.placed)
        reading = self.reading(job.placed, prose)
        page = self._page(job, prose, reading.digest) if job.wants_page else None
        return Printed(job.placed.source, reading, page, self.items(prose) if job.wants_items else {})

    def _page(self, job: PageJob, prose: Prose, digest: str) -> tuple[str, Record, bool]:
        newer, older = self._link(job.newer), self._link(job.older)
        value = pages.post_page(self._site, prose.post, prose.page_html, newer=newer, older=older)
        data = self._templates.page("post.html", page=value).encode()
        name = pages.file_of(value.path)
        mtime_ns, is_written = put_file(self.file(name), data)
        return name, Record(self.page_recipe(digest, job.newer, job.older), mtime_ns, len(data)), is_written

    def page_recipe(self, digest: str, newer: Neighbour | None, older: Neighbour | None) -> str:
        """One is made for every post in every build."""
        text = "\0".join((self._base, digest, *(newer or ("", "")), *(older or ("", ""))))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()

    def file(self, name: str) -> str:
        return f"{self._output}/{name}"

    def _link(self, neighbour: Neighbour | None) -> Link | None:
        return Link(text=neighbour.headline, href=self._site.href(neighbour.path)) if neighbour else None


def hashed(*parts: object) -> str:
    return blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()

"""Posts in the batches of the archives (RFC 5005): what of each must be printed, so that it is read once for all of it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from publisher.actions.feeds import document_names
from publisher.actions.press import Neighbour, PageJob, Press, Printed
from publisher.actions.stock import Stock
from publisher.core import pages
from publisher.core.feeds import Feed, archive_feeds, archive_length
from publisher.core.library import Library
from publisher.core.model import Site
from publisher.core.prose import Placed
from publisher.disk.output import Output, Record, put_file


class Batch(NamedTuple):
    """Posts that are printed together."""

    jobs: list[PageJob]
    archive: Feed | None
    """The archive in which all of these posts stand, and no others; None where it need not be written."""


class Pressed(NamedTuple):
    printed: list[Printed]
    files: list[tuple[str, Record, bool]]
    """Names, what is now known of them, and whether they were written."""


class Batches:
    """Compares what is there with what should be."""

    def __init__(
        self, site: Site, press: Press, stock: Stock, out: Output, library: Library, shown: frozenset[str]
    ) -> None:
        self._site, self._press, self._stock, self._out, self._shown = site, press, stock, out, shown
        self._library, self._placed = library, library.placed

    def wanted(self) -> Iterator[Batch]:
        """The oldest first. What is current is kept on the way."""
        archives = archive_heads(self._site, self._library)
        length = archive_length(self._site)
        for number, end in enumerate(range(len(self._placed), 0, -length)):
            jobs = [self._job(position) for position in range(max(0, end - length), end)]
            archive = archives[number] if number < len(archives) else None
            if archive and self._is_archive_current(archive, jobs):
                archive = None
            wanted = [job for job in jobs if archive or self._is_wanted(job)]
            if wanted:
                yield Batch(wanted, archive)

    def _job(self, position: int) -> PageJob:
        placed = self._placed[position]
        newer = self._neighbour(position - 1) if position else None
        older = self._neighbour(position + 1) if position + 1 < len(self._placed) else None
        is_shown = placed.source in self._shown
        is_read = self._stock.has(placed, shown=is_shown)
        wants_page = self._site.pages and not (is_read and self._is_page_current(placed, newer, older))
        return PageJob(placed, newer, older, wants_page, wants_items=is_shown and not is_read)

    def _neighbour(self, position: int) -> Neighbour:
        entry = self._placed[position].entry
        return Neighbour(entry.headline, entry.path)

    def _is_page_current(self, placed: Placed, newer: Neighbour | None, older: Neighbour | None) -> bool:
        name = pages.file_of(placed.entry.path)
        is_current = self._out.is_current(name, self._press.page_recipe(self._stock.digest(placed), newer, older))
        if is_current:
            self._out.keep(name)
        return is_current

    def _is_wanted(self, job: PageJob) -> bool:
        return job.wants_page or job.wants_items

    def _is_archive_current(self, archive: Feed, jobs: Sequence[PageJob]) -> bool:
        if not all(self._stock.has(job.placed, shown=False) for job in jobs):
            return False
        digests = [self._stock.digest(job.placed) for job in jobs]
        recipes = {
            name: archive_recipe(self._press, each.name, archive, digests) for each, name in document_names(archive)
        }
        is_current = all(self._out.is_current(name, recipe) for name, recipe in recipes.items())
        if is_current:
            for name in recipes:
                self._out.keep(name)
        return is_current


def archive_heads(site: Site, library: Library) -> list[Feed]:
    """The archives that there are, the oldest first."""
    return [feed for feed, _ in archive_feeds(site, [post.entry for post in library.placed])]


def archive_recipe(press: Press, format_name: str, archive: Feed, digests: Sequence[str]) -> str:
    return press.recipe("archive", format_name, archive, digests)


def print_batch(press: Press, batch: Batch) -> Pressed:
    """For `crew.spread`: the pages first, then the archive that names them."""
    printed = [
        press.print(job._replace(wants_items=job.wants_items or batch.archive is not None)) for job in batch.jobs
    ]
    files = [each.page for each in printed if each.page]
    if batch.archive:
        digests = [each.reading.digest for each in printed]
        for each, name in document_names(batch.archive):
            data = each.document(batch.archive, [one.items[each.name] for one in printed])
            mtime_ns, is_written = put_file(press.file(name), data)
            recipe = archive_recipe(press, each.name, batch.archive, digests)
            files.append((name, Record(recipe, mtime_ns, len(data)), is_written))
    lean = [one if job.wants_items else one._replace(items={}) for one, job in zip(printed, batch.jobs, strict=True)]
    return Pressed(lean, files)

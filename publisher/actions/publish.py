"""Posts to pages and feeds: take stock, print what changed, tell the ledger, write lists and feeds, remove what is old."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from time import perf_counter
from typing import Protocol
from urllib.parse import unquote

from publisher import crew, disk
from publisher.actions.batches import Batches, archive_heads, print_batch
from publisher.actions.feeds import FeedWriter, Subscription, document_names, subscriptions
from publisher.actions.lists import File, list_files, list_names
from publisher.actions.ping import remember
from publisher.actions.press import Changed, Press, hashed
from publisher.actions.publication import Workshop
from publisher.actions.stock import Stock, shown_in_lists
from publisher.actions.survey import MANY, Survey, folder_name, keep_register, take_stock
from publisher.core import pages
from publisher.core.errors import Busy, PublisherError
from publisher.core.library import Library
from publisher.core.model import Problem
from publisher.core.moved import REDIRECTS_NAME, Moved, render_redirects
from publisher.core.webservers import caddy, nginx
from publisher.disk.kept import Kept, program_signature, read_kept, write_kept
from publisher.disk.lock import locked
from publisher.disk.output import Output, Record, folders_of, put_file, zipped_name

LOCK_PATIENCE_SECONDS = 30
_ROUNDS = 5
_MOST_COPIED = 30_000
"""Of a process that knows more pages than this, copies take too much memory."""
_MANY_LISTS = 30
"""From so many pages of lists on it is worth starting processes."""


class Tell(Protocol):
    """Tells the ledger which posts are public: called when their pages are there, before any feed names them."""

    def __call__(self, survey: Survey, *, is_news: bool) -> None:
        """`is_news`: they are not those of the last build."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What one build did."""

    posts: int
    written: int
    removed: int
    seconds: float
    problems: tuple[Problem, ...]
    is_settled: bool
    """Whether the files' times will tell of the next change; not so of a file that was written a moment ago."""


def publish(
    workshop: Workshop,
    now: datetime,
    tell: Tell,
    *,
    output: Path | None = None,
    is_full: bool = False,
    is_zipped: bool = False,
) -> tuple[Library, Build]:
    """Write all that changed since the last build; everything anew where `is_full`. The bytes are the same either way.

    Raises Busy where another build keeps at it, or posts change faster than they can be read.
    """
    folder = output or workshop.folders.output
    if folder.resolve().is_relative_to(workshop.folders.posts.resolve()):
        raise PublisherError(f"{folder}: the output can't lie inside the posts, wanted is another PUBLISHER_OUTPUT_DIR")
    lock = workshop.folders.state / "build.lock"
    with locked(lock, patience_seconds=LOCK_PATIENCE_SECONDS, purpose="building"):
        for _ in range(_ROUNDS):
            try:
                return _Building(workshop, now, folder, is_full=is_full, is_zipped=is_zipped).run(tell)
            except Changed:
                continue
    raise Busy("the posts change while they are read: try again when they are saved")


class _Building:
    """One build, from the first look to the last deletion."""

    def __init__(self, workshop: Workshop, now: datetime, folder: Path, *, is_full: bool, is_zipped: bool) -> None:
        self._start = perf_counter()
        self._workshop, self._site, self._now = workshop, workshop.site, now
        self._folder = folder
        workshop.templates.refresh()
        self._base = _base(workshop)
        self._memory = _Memory(workshop.folders.state / "build", folder, self._base, is_full=is_full)
        self._out = Output(
            folder=folder, before=self._memory.output.records, was_broken_off=self._memory.was_broken_off
        )
        self._is_zipped = is_zipped or self._out.is_zipped()  # what a web server was once promised it finds up to date

    def run(self, tell: Tell) -> tuple[Library, Build]:
        survey = take_stock(self._workshop, self._memory.posts, self._now)
        library = survey.library
        around = library.surroundings(self._site)
        around_now = hashed([*around.assets.values()], [*around.paths.items()])
        press = Press(self._workshop, library, output=self._folder, base=self._base)
        stock = Stock(
            press, library, survey.sources, is_around_same=around_now == self._memory.posts.head.get("around")
        )
        shown = shown_in_lists(self._site, library)
        feeds = [*subscriptions(self._site, library)]
        left_out = self._begin(library, feeds)
        self._print(press, stock, library, shown)
        told = hashed([(post.key, post.entry.mail, post.is_doubtful) for post in library.placed])
        tell(survey, is_news=told != self._memory.posts.head.get("told"))
        keep_register(self._workshop, survey)
        self._write_lists(press, list_files(self._site, self._workshop.templates, press, stock, library))
        writer = FeedWriter(press, stock, self._out)
        for subscription in feeds:
            writer.write(subscription)
        moves = self._moves(library)
        text = render_redirects(moves)
        self._write([File(REDIRECTS_NAME, press.recipe("redirects", text), text.encode)])
        self._tell_web_servers(moves)
        if self._is_zipped:
            self._out.zip()
        removed = self._out.end()
        sources = {name: stock.to_keep(name, looked, shown) for name, looked in survey.sources.items()}
        self._memory.keep(
            Kept(head={"base": self._base, "around": around_now, "told": told}, records={**sources, **survey.assets}),
            Kept(head={"base": self._base}, records=dict(self._out.now)),
        )
        remember(self._workshop, writer.changed)
        report = Build(
            posts=len(library.placed),
            written=self._out.written,
            removed=removed,
            seconds=round(perf_counter() - self._start, 3),
            problems=_in_order({*library.problems, *stock.problems(), *left_out}),
            is_settled=survey.is_settled,
        )
        return library, report

    def _begin(self, library: Library, feeds: Sequence[Subscription]) -> list[Problem]:
        """Returns what is wrong with the files beside the posts."""
        posts = self._workshop.folders.posts
        if self._memory.was_broken_off:
            self._out.sweep()
            disk.sweep(posts)
        self._memory.begin()
        ours = self._planned(library, feeds)
        beside = _apart(library.assets, ours)
        names = [*ours, *beside]
        self._out.begin([*names, *map(zipped_name, names)] if self._is_zipped else names)
        for path in beside:
            self._out.copy(path, posts / path)
        return [self._in_the_way(path) for path in library.assets if path not in beside]

    def _planned(self, library: Library, feeds: Sequence[Subscription]) -> set[str]:
        """All that will be written."""
        found = {pages.file_of(post.entry.path) for post in library.placed} if self._site.pages else set()
        found |= {name for feed, _ in feeds for _, name in document_names(feed)}
        found |= {name for feed in archive_heads(self._site, library) for _, name in document_names(feed)}
        return found | {*list_names(self._site, library), REDIRECTS_NAME}

    def _in_the_way(self, path: str) -> Problem:
        file = f"{folder_name(self._workshop)}/{path}"
        what, wanted = "the site has a page, a feed or a folder of its own in this place", "wanted is another name"
        return Problem(file=file, line=None, what=what, wanted=wanted, severity="warning")

    def _print(self, press: Press, stock: Stock, library: Library, shown: frozenset[str]) -> None:
        batches = [*Batches(self._site, press, stock, self._out, library, shown).wanted()]
        many = sum(len(batch.jobs) for batch in batches) >= MANY
        for pressed in crew.spread(print_batch, press, batches, workers=crew.cores() if many else 1):
            for printed in pressed.printed:
                stock.take(printed)
            for name, record, is_written in pressed.files:
                self._out.note(name, record, is_written=is_written)

    def _write(self, files: Iterable[File]) -> None:
        for file in files:
            if self._out.is_current(file.name, file.recipe):
                self._out.keep(file.name)
            else:
                self._out.put(file.name, file.recipe, file.make())

    def _write_lists(self, press: Press, files: Iterable[File]) -> None:
        wanted = []
        for file in files:
            if self._out.is_current(file.name, file.recipe):
                self._out.keep(file.name)
            else:
                wanted.append(file)
        are_many = len(wanted) >= _MANY_LISTS and len(self._out.now) <= _MOST_COPIED
        workers = crew.cores() if are_many else 1
        for name, record, is_written in crew.spread(
            _put_list, (press, wanted), range(len(wanted)), workers=workers, is_portable=False
        ):
            self._out.note(name, record, is_written=is_written)

    def _moves(self, library: Library) -> list[Moved]:
        root = self._site.root
        moved = {**dict(self._site.feed_aliases), **library.moved}
        return [
            Moved(old=root + old, new=root + new if new else None)
            for old, new in moved.items()
            if pages.file_of(old) not in self._out.now and unquote(old).strip("/") not in self._out.now
        ]

    def _tell_web_servers(self, moves: Sequence[Moved]) -> None:
        """What to include in the configuration of one that serves the output."""
        folders = self._workshop.folders
        if self._folder == folders.output:
            for name, write in (("nginx.conf", nginx), ("Caddyfile", caddy)):
                text = write(self._site, output=str(self._folder), moved=moves)
                disk.write(folders.state / name, text.encode("utf-8", "surrogateescape"))


def _put_list(lists: tuple[Press, Sequence[File]], number: int) -> tuple[str, Record, bool]:
    """For `crew.spread`: returns the file's name, what is now known of it, and whether it was written."""
    press, file = lists[0], lists[1][number]
    data = file.make()
    mtime_ns, is_written = put_file(press.file(file.name), data)
    return file.name, Record(file.recipe, mtime_ns, len(data)), is_written


class _Memory:
    """What the last build left for this one: about the posts, and about this output folder."""

    def __init__(self, room: Path, folder: Path, base: str, *, is_full: bool) -> None:
        self._posts_room, self._output_room = room / "posts", room / f"output-{hashed(str(folder.resolve()))}"
        self._flag = room / "unfinished"
        self.was_broken_off = self._flag.exists()
        is_new = is_full or self.was_broken_off
        self.posts = Kept() if is_new else read_kept(self._posts_room)
        self.output = Kept() if is_new else read_kept(self._output_room)
        if self.posts.head.get("base") != base:
            self.posts = Kept()

    def begin(self) -> None:
        """Before anything else is written: what is half written must be found."""
        self._flag.parent.mkdir(parents=True, exist_ok=True)
        self._flag.touch()

    def keep(self, posts: Kept, output: Kept) -> None:
        """Where neither holds anything from before, what lies there is of no use either."""
        for room, before, now in ((self._posts_room, self.posts, posts), (self._output_room, self.output, output)):
            if not before.head:
                rmtree(room, ignore_errors=True)
            write_kept(room, before, now)
        self._flag.unlink(missing_ok=True)


def _base(workshop: Workshop) -> str:
    """Whatever every file depends on: settings, templates, the program."""
    program = program_signature(Path(__file__).parents[1])
    return hashed(repr(workshop.site), workshop.templates.signature(), program, folder_name(workshop))


def _apart(assets: Iterable[str], ours: set[str]) -> dict[str, None]:
    """The files beside the posts that neither have the name of a file of ours nor stand in its way."""
    folders = folders_of(ours)
    taken = {
        path for path in assets if path.removesuffix(".gz") in ours or path in folders or folders_of([path]) & ours
    }
    return {path: None for path in assets if path not in taken}


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line or 0, problem.what)))

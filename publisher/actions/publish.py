"""Posts to pages and feeds: read the folder, tell the ledger, write the output."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from urllib.parse import unquote

from publisher import disk
from publisher.actions.publication import Publication
from publisher.core import pages
from publisher.core.errors import PublisherError, TemplateBroken
from publisher.core.feeds import site_feed, tag_feed
from publisher.core.feeds.atom import atom
from publisher.core.feeds.rss import rss
from publisher.core.identity import REGISTER_NAME, Register, parse_register
from publisher.core.ledger import Seen, scanned
from publisher.core.library import read_library
from publisher.core.model import Feed, Library, Problem

LOCK_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What one build did."""

    posts: int
    written: int
    removed: int
    seconds: float
    problems: tuple[Problem, ...]


def take_in(publication: Publication, now: datetime) -> Library:
    """The library at this moment, told to the ledger and then kept in the id register: a crash between the two is made good
    by the next time, since the same posts get the same keys.
    """
    path = publication.folders.posts / REGISTER_NAME
    is_lost = not path.exists()
    library, register = _read(publication, now)
    scan(publication, library, now, is_register_lost=is_lost)
    if len(register):
        disk.write(path, register.render().encode(), is_durable=True)
    return library


def _read(publication: Publication, now: datetime) -> tuple[Library, Register]:
    folder = publication.folders.posts
    site = publication.folders.site
    name = (folder.relative_to(site) if folder.is_relative_to(site) else folder).as_posix()
    register = parse_register(disk.read_text(folder / REGISTER_NAME) or "", f"{name}/{REGISTER_NAME}")
    sources, assets = disk.read_posts(folder)
    return read_library(sources, assets, register, publication.site, now, folder=name), register


def inspect(publication: Publication, now: datetime) -> tuple[Library, list[Problem]]:
    """What a build would find wrong, with nothing written: the posts' problems, and the first of each template's."""
    library, _ = _read(publication, now)
    problems = list(library.problems)
    try:
        for _ in render(publication, library):
            pass
    except TemplateBroken as error:
        problems.append(
            Problem(
                file=error.file, line=error.line, what=error.what, wanted="mend the template, or delete it to have ours"
            )
        )
    return library, problems


def scan(publication: Publication, library: Library, now: datetime, *, is_register_lost: bool = False) -> None:
    """Tell the ledger which posts are public. The first scan is the baseline: what is there now is mailed to nobody.

    Without the register a post that was renamed since looks like a new one, so that new ones wait for the owner's word.
    """
    with publication.storage.write() as tx:
        is_first = tx.marks.get("baseline_at") is None
        known = tx.releases.states()
        is_lost = is_register_lost and bool(known)
        seen = [
            Seen(
                key=post.key,
                fingerprint=post.fingerprint,
                is_mailable=post.mail,
                is_doubtful=post.is_doubtful or is_lost,
            )
            for post in library.posts
        ]
        changed = scanned(known, seen, now, is_first=is_first, burst=publication.rules.release_burst)
        tx.releases.put_states(changed)
        if is_first:
            tx.marks.put("baseline_at", now.isoformat())
    waiting = sum(state.is_waiting for state in changed)
    if waiting:
        publication.log.warning(
            "posts.waiting", count=waiting, mend="publisher release, or publisher release --history"
        )


def publish(publication: Publication, now: datetime, output: Path | None = None) -> tuple[Library, Build]:
    """Read, scan and write everything. Raises Busy where another build keeps at it."""
    lock = publication.folders.state / "build.lock"
    with disk.locked(lock, patience_seconds=LOCK_PATIENCE_SECONDS, purpose="building"):
        start = perf_counter()
        library = take_in(publication, now)
        folder = output or publication.folders.output
        if folder.resolve().is_relative_to(publication.folders.posts.resolve()):
            raise PublisherError(
                f"{folder}: the output can't lie inside the posts, wanted is another PUBLISHER_OUTPUT_DIR"
            )
        copies = {str(asset.path): publication.folders.posts / asset.path for asset in library.assets}
        written = disk.write_output(folder, dict(render(publication, library)), copies)
    report = Build(
        posts=len(library.posts),
        written=written.written,
        removed=written.removed,
        seconds=round(perf_counter() - start, 3),
        problems=library.problems,
    )
    return library, report


def render(publication: Publication, library: Library) -> Iterator[tuple[str, bytes]]:
    """Every file of the site with its bytes: pages before lists, lists before feeds."""
    site, templates = publication.site, publication.templates
    yield "style.css", templates.style()
    yield "404.html", templates.page("message.html", page=pages.not_found_page(site)).encode()
    neighbours = pairwise((None, *library.posts, None))
    for (newer, post), (_, older) in pairwise(neighbours):
        assert post is not None
        page = pages.post_page(site, post, newer=newer, older=older)
        yield _file(page.path), templates.page("post.html", page=page).encode()
    for tag, posts in library.tags():
        listing = pages.tag_page(site, tag, posts)
        yield _file(listing.path), templates.page("tag.html", page=listing).encode()
    archive = pages.archive_page(site, library)
    yield _file(archive.path), templates.page("archive.html", page=archive).encode()
    subscribe = pages.subscribe_page(site)
    yield _file("/subscribe/"), templates.page("subscribe.html", page=subscribe).encode()
    yield "index.html", templates.page("index.html", page=pages.index_page(site, library)).encode()
    for tag, posts in library.tags():
        yield from _feeds(tag_feed(site, tag, posts), pages.tag_path(tag))
    yield from _feeds(site_feed(site, library), "/")


def _feeds(feed: Feed, folder: str) -> Iterator[tuple[str, bytes]]:
    place = unquote(folder).lstrip("/")
    yield f"{place}rss.xml", rss(feed)
    yield f"{place}atom.xml", atom(feed)


def _file(path: str) -> str:
    """The file of a page, relative to the output folder."""
    return unquote(path).lstrip("/") + "index.html"

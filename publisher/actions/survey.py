"""Take stock of the folder of posts: look into the files that changed since the last build, and give each post its place."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from publisher import crew, disk
from publisher.actions.publication import Workshop
from publisher.core.errors import PublisherError
from publisher.core.identity import REGISTER_NAME, Register, parse_register
from publisher.core.library import Library, arrange
from publisher.core.manuscript import Manuscript, read_manuscript
from publisher.core.model import Asset, Post, Problem, Site
from publisher.disk.kept import Kept
from publisher.disk.posts import is_post, leads_astray, read_asset, read_source
from publisher.disk.walk import UNREADABLE, State, walk

FRESH_NS = 2_000_000_000
"""A file that changed so shortly before it was read may have changed again without its times telling it."""
MANY = 300
"""From so many files on it is worth starting processes."""
_CHUNK = 100


class Looked(NamedTuple):
    """What is kept of a source from build to build."""

    state: State | None
    """None: look into it again next time."""
    manuscript: Manuscript
    reading: "Reading | None" = None


class Held(NamedTuple):
    """What is kept of a file that is no post."""

    state: State | None
    asset: Asset


class Reading(NamedTuple):
    """What was found when the post was read to its end."""

    name: tuple[str, str]
    """The id and the path on the web that it had."""
    digest: str
    """Changes with everything that its page and its items in feeds are made from."""
    answers: dict[str, str]
    """What it asked of its surroundings."""
    problems: tuple[Problem, ...]
    post: Post | None
    """Kept only of a post that stands in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The folder of posts at one moment."""

    library: Library
    register: Register
    is_register_lost: bool
    sources: dict[str, Looked]
    assets: dict[str, Held]

    @property
    def is_settled(self) -> bool:
        """Whether the files' times will tell of the next change to any of them."""
        states = [each.state for each in self.sources.values()] + [each.state for each in self.assets.values()]
        return all(states)


def take_stock(workshop: Workshop, kept: Kept, now: datetime) -> Survey:
    """Raises PublisherError where there is no such folder, or the id register is damaged. Writes nothing."""
    folder = workshop.folders.posts
    if not folder.is_dir():
        raise PublisherError(
            f"{folder}: there is no such folder, wanted is the folder of the posts (PUBLISHER_POSTS_DIR)"
        )
    name = folder_name(workshop)
    register_text = disk.read_text(folder / REGISTER_NAME)
    register = parse_register(register_text or "", f"{name}/{REGISTER_NAME}")
    sources, assets, astray = _look(workshop, kept)
    found = {path: held.asset for path, held in assets.items()}
    manuscripts = (looked.manuscript for looked in sources.values())
    library = arrange(manuscripts, found, register, workshop.site, now, folder=name)
    return Survey(
        library=replace(library, problems=(*library.problems, *astray)),
        register=register,
        is_register_lost=register_text is None,
        sources=sources,
        assets=assets,
    )


def keep_register(workshop: Workshop, survey: Survey) -> None:
    """After the ledger was told: a crash between the two is made good by the next time, since the same posts get the same
    keys."""
    if len(survey.register):
        disk.write(workshop.folders.posts / REGISTER_NAME, survey.register.render().encode(), is_durable=True)


def folder_name(workshop: Workshop) -> str:
    """What problems call the folder of posts."""
    posts, site = workshop.folders.posts, workshop.folders.site
    return (posts.relative_to(site) if posts.is_relative_to(site) else posts).as_posix()


def _look(workshop: Workshop, kept: Kept) -> tuple[dict[str, Looked], dict[str, Held], list[Problem]]:
    folder = workshop.folders.posts
    fresh_ns = time.time_ns() - FRESH_NS
    sources: dict[str, Looked] = {}
    assets: dict[str, Held] = {}
    astray: list[Problem] = []
    changed: list[tuple[str, State]] = []
    for name, state in walk(folder):
        known = kept.records.get(name)
        if known and known.state == state:
            if isinstance(known, Looked):
                sources[name] = known
            else:
                assets[name] = known
        elif is_post(folder, name):
            changed.append((name, state))
        elif leads_astray(folder / name, workshop.folders.site, folder, workshop.folders.state):
            astray.append(_astray(workshop, name))
        elif asset := read_asset(folder, name):
            assets[name] = Held(state if max(state[:2]) < fresh_ns else None, asset)
        elif state == UNREADABLE:
            astray.append(_unreadable(workshop, name))
    for (name, state), manuscript in zip(changed, _read(workshop, [name for name, _ in changed]), strict=True):
        settled = state if max(state[:2]) < fresh_ns else None
        before = kept.records.get(name)
        if isinstance(before, Looked) and before.manuscript.content_hash == manuscript.content_hash:
            sources[name] = before._replace(state=settled)
        else:
            sources[name] = Looked(settled, manuscript)
    return sources, assets, astray


def _astray(workshop: Workshop, name: str) -> Problem:
    what = "the link leads out of the site, or to what must stay secret, and was not followed"
    file = f"{folder_name(workshop)}/{name}"
    return Problem(file=file, line=None, what=what, wanted="wanted is the file itself", severity="warning")


def _unreadable(workshop: Workshop, name: str) -> Problem:
    wanted = "wanted is a file or folder that you may read"
    return Problem(file=f"{folder_name(workshop)}/{name}", line=None, what="it can't be read", wanted=wanted)


class _Desk(NamedTuple):
    """What one needs to look into files."""

    posts: Path
    site: Site
    folder: str


def _read(workshop: Workshop, names: Sequence[str]) -> list[Manuscript]:
    desk = _Desk(workshop.folders.posts, workshop.site, folder_name(workshop))
    chunks = [names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK)]
    workers = crew.cores() if len(names) >= MANY else 1
    return [each for chunk in crew.spread(_read_chunk, desk, chunks, workers=workers) for each in chunk]


def _read_chunk(desk: _Desk, names: Sequence[str]) -> list[Manuscript]:
    return [read_manuscript(read_source(desk.posts, name), desk.site, desk.folder) for name in names]

"""The posts of one moment, each given its names and its place among the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.core.head import Unfit
from publisher.core.identity import Identity, Register
from publisher.core.manuscript import Entry, Manuscript
from publisher.core.model import Asset, Problem, Site, tag_slug
from publisher.core.place import Surroundings
from publisher.core.prose import Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """All posts that are public at one moment."""

    placed: tuple[Placed, ...]
    """Newest first."""
    assets: Mapping[str, Asset]
    problems: tuple[Problem, ...]
    """Of files that are no posts, or wait; each post's own are found when it is read."""
    next_at: datetime | None
    """When the next post becomes public, or ceases to be."""
    moved: Mapping[str, str | None]
    """Every path on the web that is no post's any more: where the post stands now; None where it is gone."""
    tags: Sequence[tuple[str, Sequence[Placed]]]
    """Every tag with its posts, newest first; the tags in alphabetical order. Spellings that share a page are one."""
    authors: Sequence[tuple[str, Sequence[Placed]]]
    """The same of the authors."""

    def surroundings(self, site: Site) -> Surroundings:
        return Surroundings(site, self.assets, {post.source: post.entry.path for post in self.placed})


def _grouped(pairs: Iterable[tuple[str, Placed]]) -> Sequence[tuple[str, Sequence[Placed]]]:
    """The spelling of the newest post names the group."""
    by_name: dict[str, list[Placed]] = {}
    by_slug: dict[str, tuple[str, list[Placed]]] = {}
    for name, post in pairs:
        if (posts := by_name.get(name)) is None:
            posts = by_name[name] = by_slug.setdefault(tag_slug(name), (name, []))[1]
        if not posts or posts[-1] is not post:
            posts.append(post)
    return sorted(by_slug.values(), key=lambda group: (group[0].casefold(), group[0]))


def arrange(
    manuscripts: Iterable[Manuscript],
    assets: Mapping[str, Asset],
    register: Register,
    site: Site,
    now: datetime,
    *,
    folder: str,
) -> Library:
    """Give each file its place; those that become public are remembered in `register`.

    `folder` is what problems call the folder of posts. Where two posts want the same address or id, the one that had it
    keeps it.
    """
    found = sorted(manuscripts)
    shelf = _Shelf(site, register, frozenset(each.source for each in found), now, folder)
    register.look_for(shelf.present)
    for is_known in (True, False):
        for manuscript in found:
            if register.knows(manuscript.source) is is_known and manuscript.source not in shelf.taken:
                shelf.take(manuscript)
    placed = tuple(sorted(shelf.placed.values(), key=lambda post: (post.entry.published_at, post.key), reverse=True))
    moved = shelf.moved()
    return Library(
        placed=placed,
        assets=assets,
        problems=tuple(shelf.problems),
        next_at=min(shelf.changes, default=None),
        moved=moved,
        tags=_grouped((tag, post) for post in placed for tag in post.entry.tags),
        authors=_grouped((author, post) for post in placed for author in post.entry.authors),
    )


class _Shelf:
    """Takes one file after the other."""

    def __init__(self, site: Site, register: Register, present: frozenset[str], now: datetime, folder: str) -> None:
        self._host, self._register, self._now, self._folder = site.host, register, now, folder
        self._ids: dict[str, str] = {}
        self._pages: set[str] = set()
        self._folders: set[str] = set()
        """Paths that end in .html, and folders that are called so: neither can be the other."""
        self._troubled: set[str] = set()
        """Sources whose posts may be public again in a moment: there is something wrong with them, or their time comes."""
        self.present = present
        self.taken: set[str] = set()
        self.placed: dict[str, Placed] = {}
        """By their path on the web."""
        self.problems: list[Problem] = []
        self.changes: list[datetime] = []

    def take(self, manuscript: Manuscript) -> None:
        self.taken.add(manuscript.source)
        entry = manuscript.entry
        if entry and not self._is_its_time(manuscript.source, entry):
            return
        self.problems += manuscript.problems
        if entry is None:
            self._troubled |= {manuscript.source} if manuscript.problems else set()
            return
        try:
            self._place(manuscript, entry)
        except Unfit as unfit:
            self.problems.append(unfit.problem)
            self._troubled.add(manuscript.source)

    def moved(self) -> dict[str, str | None]:
        """Old addresses by their path: those where the register remembers a post, then those that posts name themselves."""
        now = {post.key: path for path, post in self.placed.items()}
        old: dict[str, str | None] = {}
        for identity in self._register:
            if identity.key in now or identity.path not in self._troubled:
                old |= {path: now.get(identity.key) for path in identity.web_paths if path not in self.placed}
        for path, post in sorted(self.placed.items(), key=lambda pair: (pair[1].entry.published_at, pair[1].key)):
            for alias in post.entry.aliases:
                if alias not in self.placed and old.get(alias) in (None, path):
                    old[alias] = path
                elif alias != path:
                    self._warn(post.source, f"the alias {alias} is an address of {self._holder(alias, old)}")
        return old

    def _holder(self, alias: str, old: Mapping[str, str | None]) -> str:
        return self.placed[alias if alias in self.placed else old[alias] or ""].source

    def _is_its_time(self, source: str, entry: Entry) -> bool:
        if entry.expires_at and entry.expires_at <= self._now:
            return False
        if entry.published_at > self._now:
            self.changes.append(entry.published_at)
            self._troubled.add(source)
            return False
        if entry.expires_at:
            self.changes.append(entry.expires_at)
        return True

    def _place(self, manuscript: Manuscript, entry: Entry) -> None:
        source = manuscript.source
        if ".htm" in entry.path:
            self._keep_apart(source, entry)
        if holder := self.placed.get(entry.path):
            what = f"the address {entry.path} is that of {holder.source}"
            raise self._unfit(source, entry.path_line, what, "wanted is another slug")
        if holder_of_id := self._ids.get(entry.explicit_id) if entry.explicit_id else None:
            what = f"the id {entry.explicit_id} is that of {holder_of_id}"
            raise self._unfit(source, entry.id_line, what, "wanted is an id of its own, or none")
        known = self._register.settled(source, manuscript.content_hash, web_path=entry.path, host=self._host)
        lookalike = None if known else self._lookalike(manuscript, entry)
        identity = known or self._identify(manuscript, entry)
        if taken := self._ids.get(identity.id):
            what = f"the id {identity.id} is that of {taken}"
            raise self._unfit(source, entry.id_line, what, "wanted is an id of its own")
        self._ids[entry.explicit_id or identity.id] = self._ids[identity.id] = source
        self.placed[entry.path] = Placed(
            source, entry, identity.key, identity.id, manuscript.content_hash, lookalike is not None
        )

    def _keep_apart(self, source: str, entry: Entry) -> None:
        """One post's page can't be a folder in which another's lies."""
        parts = entry.path.split("/")
        folders = {folder for n in range(2, len(parts)) if ".htm" in (folder := "/".join(parts[:n]))}
        if entry.path in self._folders or folders & self._pages:
            what = f"the address {entry.path} and that of another post can't both be: one is a page, the other a folder"
            raise self._unfit(source, entry.path_line, what, "wanted is another slug")
        self._folders |= folders
        self._pages.add(entry.path)

    def _lookalike(self, manuscript: Manuscript, entry: Entry) -> str | None:
        """The post that this may be under another name, about which the owner is told."""
        found = self._register.lookalike(
            manuscript.source, manuscript.content_hash, first_day=entry.first_day, slug=entry.name, present=self.present
        )
        if found:
            self._warn_lookalike(manuscript.source, found)
        return found

    def _identify(self, manuscript: Manuscript, entry: Entry) -> Identity:
        return self._register.identify(
            manuscript.source,
            manuscript.content_hash,
            first_day=entry.first_day,
            slug=entry.name,
            host=self._host,
            explicit=entry.explicit_id,
            web_path=entry.path,
            present=self.present,
        )

    def _unfit(self, source: str, line: int | None, what: str, wanted: str) -> Unfit:
        return Unfit(Problem(file=f"{self._folder}/{source}", line=line, what=what, wanted=wanted))

    def _warn_lookalike(self, source: str, other: str) -> None:
        wanted = "its mail waits: publisher release if it is new, publisher release --history if it is the same"
        self._warn(source, f"this may be {other} under another name", wanted)

    def _warn(self, source: str, what: str, wanted: str = "wanted is another one, or none") -> None:
        file = f"{self._folder}/{source}"
        self.problems.append(Problem(file=file, line=None, what=what, wanted=wanted, severity="warning"))

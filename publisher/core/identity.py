"""The id register: which post is which, whatever becomes of its file, title, date and address.

A small text file beside the posts, one line a post, sorted, meant to be committed with them. Each line holds, with tabs
between them, the key, the id, the file, the hash of its content, and the paths on the web, today's first:

    2026-11-22:first-light  tag:example.org,2026-11-22:first-light  2026-11-22-first-light.md  0f3a...  /2026/11/first-light/

The key names a post inside the publication and never changes. The id is what feeds show (RFC 4151); it is minted once, and
minted anew only when the site leaves a loopback address for its first public one. A post whose file is gone has a `-` before
its paths: a file of that name that comes later is that post again only if it is of the same day.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote

from publisher.core.errors import PublisherError

REGISTER_NAME = ".ids"
_HEAD = "# The ids of the posts. Keep this file with them: it is why no reader sees a post twice.\n"
_TAG_HOST = re.compile(r"tag:([^,]*),")
_FORMER_PATHS = 20
_URI = re.compile(r"(?!(?i:javascript|vbscript|data):)[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|\\^`]+")


class Identity(NamedTuple):
    """A line of the register. A plain tuple, since there are as many as there ever were posts."""

    key: str
    id: str
    path: str
    """The file, relative to the folder of posts."""
    content_hash: str
    web_paths: tuple[str, ...] = ()
    """Where it stood on the web, the newest place first."""
    is_gone: bool = False
    """Its file was not there at the last look."""


class Register:
    """All identities that were ever given, those of vanished posts too."""

    def __init__(self, identities: Iterable[Identity] = ()) -> None:
        self._by_key = {identity.key: identity for identity in identities}
        self._gone = [identity for identity in self._by_key.values() if identity.is_gone]
        self._by_path = {identity.path: identity for identity in (*self._gone, *self._by_key.values())}
        if self._gone:  # a file that is there wins over one of that name that was there once
            self._by_path |= {identity.path: identity for identity in self._by_key.values() if not identity.is_gone}
        self._by_hash = {identity.content_hash: identity for identity in self._by_key.values()}

    def __len__(self) -> int:
        return len(self._by_key)

    def knows(self, path: str) -> bool:
        return path in self._by_path

    def settled(self, path: str, content_hash: str, *, web_path: str, host: str) -> Identity | None:
        """The identity of a post about which nothing has changed: the same content asks for the same id."""
        known = self._by_path.get(path)
        is_same = (
            known is not None
            and known.content_hash == content_hash
            and known.web_paths[:1] == (web_path,)
            and not known.is_gone
            and (known.id.startswith(f"tag:{host},") or is_loopback(host) or not _is_provisional(known.id))
        )
        return known if is_same else None

    def identify(
        self,
        path: str,
        content_hash: str,
        *,
        first_day: str,
        slug: str,
        host: str,
        explicit: str,
        present: Collection[str],
        web_path: str = "",
    ) -> Identity:
        """The identity of one post, remembered from now on.

        It is the one that had this file, else the one that had this content in a file that is gone (a rename), else a new
        one. `explicit` is the id that the post asks for itself, or empty; `present` are all files that are there;
        `web_path` is where it stands on the web.
        """
        known = self._known(path, content_hash, first_day, present)
        key = known.key if known else self._new_key(f"{first_day}:{slug}")
        before = tuple(place for place in known.web_paths if place != web_path) if known else ()
        identity = Identity(
            key=key,
            id=_id(known, explicit, key, host),
            path=path,
            content_hash=content_hash,
            web_paths=(web_path, *before[:_FORMER_PATHS]) if web_path else before,
        )
        self._remember(known, identity)
        return identity

    def _known(self, path: str, content_hash: str, first_day: str, present: Collection[str]) -> Identity | None:
        if (known := self._by_path.get(path)) and not _is_another(known, content_hash, first_day):
            return known
        twin = self._by_hash.get(content_hash)
        return twin if twin and twin.path not in present else None

    def look_for(self, present: Collection[str]) -> None:
        """Mark the posts whose files are not there."""
        self._gone = [identity for identity in self._by_key.values() if identity.path not in present]
        for identity in self._gone:
            if not identity.is_gone:
                self._remember(identity, identity._replace(is_gone=True))

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._by_key.values())

    def lookalike(
        self, path: str, content_hash: str, *, first_day: str, slug: str, present: Collection[str]
    ) -> str | None:
        """The file of a post that a new file may be instead of being new: one of the same text, or one that is gone and was of
        the same day or name. None for a file that is known, and for a plain rename.
        """
        twin = self._by_hash.get(content_hash)
        known = self._by_path.get(path)
        if known and not _is_another(known, content_hash, first_day):
            return None
        if known or (twin and twin.path not in present):
            return known.path if known else None
        if twin:
            return twin.path
        return next(
            (i.path for i in self._gone if i.key.startswith(f"{first_day}:") or i.key.partition(":")[2] == slug), None
        )

    def render(self) -> str:
        return _HEAD + "".join(sorted(map(_row, self._by_key.values())))

    def _new_key(self, wish: str) -> str:
        key, number = wish, 2
        while key in self._by_key:
            key, number = f"{wish}-{number}", number + 1
        return key

    def _remember(self, known: Identity | None, identity: Identity) -> None:
        if known and self._by_path.get(known.path) is known:
            del self._by_path[known.path]
        self._by_key[identity.key] = identity
        self._by_path[identity.path] = identity
        self._by_hash[identity.content_hash] = identity


def _row(identity: Identity) -> str:
    places = " ".join((*(["-"] if identity.is_gone else []), *identity.web_paths))
    return f"{identity.key}\t{identity.id}\t{identity.path}\t{identity.content_hash}\t{places}\n"


def _is_another(known: Identity, content_hash: str, first_day: str) -> bool:
    """Whether a file that came back under an old name is another post."""
    return known.is_gone and known.content_hash != content_hash and not known.key.startswith(f"{first_day}:")


def _id(known: Identity | None, explicit: str, key: str, host: str) -> str:
    if _URI.fullmatch(explicit):
        return explicit
    if known and not (_is_provisional(known.id) and not is_loopback(host)):
        return known.id
    day, _, name = key.partition(":")
    return f"tag:{host},{day}:{quote(explicit or name, safe='-._~!*')}"


def _is_provisional(post_id: str) -> bool:
    found = _TAG_HOST.match(post_id)
    return found is not None and is_loopback(found[1])


@cache
def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def joined(here: Register, restored: Register) -> Register:
    """The register of a site that gets an old one back. None ever forgets a key, so the one here counts if it knows all of
    the other's; else it is older or was made anew, and only what it says of other files is added to the other.
    """
    keys = {identity.key for identity in here}
    if all(identity.key in keys for identity in restored):
        return here
    known = {identity.key for identity in restored}
    paths = {identity.path for identity in restored}
    others = (identity for identity in here if identity.key not in known and identity.path not in paths)
    return Register([*restored, *others])


def parse_register(text: str, file: str = REGISTER_NAME) -> Register:
    """Raises PublisherError with the line where the file is damaged: a guess would send old posts again."""
    found: dict[str, Identity] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) not in (4, 5) or not all(parts[:4]) or parts[0] in found:
            raise PublisherError(
                f"{file}:{number}: this is no line of the id register, wanted are a key that stands once, an id, "
                "a file, a hash and paths, with tabs between them; restore the file from a copy"
            )
        places = parts[4].split() if len(parts) == 5 else []
        is_gone = places[:1] == ["-"]
        key, post_id, path, content_hash = parts[:4]
        found[key] = Identity(key, post_id, path, content_hash, tuple(places[is_gone:]), is_gone)
    return Register(found.values())

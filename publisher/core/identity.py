"""The id register: which post is which, whatever becomes of its file, title, date and address.

A small text file beside the posts, one line a post, sorted, meant to be committed with them:

    2026-11-22:first-light <TAB> tag:example.org,2026-11-22:first-light <TAB> 2026-11-22-first-light.md <TAB> 0f3a...

The key names a post inside the publication and never changes. The id is what feeds show (RFC 4151); it is minted once, and
minted anew only when the site leaves a loopback address for its first public one.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from urllib.parse import quote

from publisher.core.errors import PublisherError

REGISTER_NAME = ".ids"
_HEAD = "# The ids of the posts. Keep this file with them: it is why no reader sees a post twice.\n"
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    key: str
    id: str
    path: str
    """The file, relative to the folder of posts."""
    content_hash: str


class Register:
    """All identities that were ever given, those of vanished posts too."""

    def __init__(self, identities: Iterable[Identity] = ()) -> None:
        self._by_key = {identity.key: identity for identity in identities}
        self._by_path = {identity.path: identity for identity in self._by_key.values()}
        self._by_hash = {identity.content_hash: identity for identity in self._by_key.values()}

    def __len__(self) -> int:
        return len(self._by_key)

    def knows(self, path: str) -> bool:
        return path in self._by_path

    def identify(
        self,
        path: str,
        content_hash: str,
        *,
        first_day: date,
        slug: str,
        host: str,
        explicit: str,
        present: Collection[str],
    ) -> Identity:
        """The identity of one post, remembered from now on.

        It is the one that had this file, else the one that had this content in a file that is gone (a rename), else a new
        one. `explicit` is the id that the post asks for itself, or empty; `present` are all files that are there.
        """
        known = self._by_path.get(path)
        if not known:
            twin = self._by_hash.get(content_hash)
            known = twin if twin and twin.path not in present else None
        key = known.key if known else self._new_key(f"{first_day}:{slug}")
        identity = Identity(key=key, id=_id(known, explicit, key, host), path=path, content_hash=content_hash)
        self._remember(known, identity)
        return identity

    def lookalike(
        self, path: str, content_hash: str, *, first_day: date, slug: str, present: Collection[str]
    ) -> str | None:
        """The file of a post that a new file may be instead of being new: one of the same text, or one that is gone and was of
        the same day or name. None for a file that is known, and for a plain rename.
        """
        twin = self._by_hash.get(content_hash)
        if path in self._by_path or (twin and twin.path not in present):
            return None
        if twin:
            return twin.path
        gone = (identity for identity in self._by_key.values() if identity.path not in present)
        return next(
            (i.path for i in gone if i.key.startswith(f"{first_day}:") or i.key.partition(":")[2] == slug), None
        )

    def render(self) -> str:
        rows = (f"{i.key}\t{i.id}\t{i.path}\t{i.content_hash}\n" for i in self._by_key.values())
        return _HEAD + "".join(sorted(rows))

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


def _id(known: Identity | None, explicit: str, key: str, host: str) -> str:
    if _URI.fullmatch(explicit):
        return explicit
    if known and not (_is_provisional(known.id) and not is_loopback(host)):
        return known.id
    day, _, name = key.partition(":")
    return f"tag:{host},{day}:{quote(explicit or name, safe='-._~!*')}"


def _is_provisional(post_id: str) -> bool:
    found = re.match(r"tag:([^,]*),", post_id)
    return found is not None and is_loopback(found[1])


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def parse_register(text: str, file: str = REGISTER_NAME) -> Register:
    """Raises PublisherError with the line where the file is damaged: a guess would send old posts again."""
    found: dict[str, Identity] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 4 or not all(parts) or parts[0] in found:
            raise PublisherError(
                f"{file}:{number}: this is no line of the id register, wanted are a key that stands once, an id, "
                "a file and a hash, with tabs between them; restore the file from a copy"
            )
        found[parts[0]] = Identity(key=parts[0], id=parts[1], path=parts[2], content_hash=parts[3])
    return Register(found.values())

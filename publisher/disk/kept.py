"""What one build keeps for the next, in the site's `var/build`: thrown away at will, it costs a full build and no more.

A memory is a folder of some dozens of files, each with its share of the records, so that one that changed does not mean
that all are written again. They are written one after the other: whoever was killed on the way must not be believed, which
is what the flag `unfinished` is for.
"""

import hashlib
import os
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from publisher.disk import write
from publisher.disk.stamp import installed
from publisher.disk.walk import State, state_of, walk

_FORMAT = b"publisher build 1\n"
_SHARES = 64
_HEAD = "head"


@dataclass(kw_only=True)
class Kept:
    """Records by the names of files; plain values, so that many load fast."""

    head: dict[str, str] = field(default_factory=dict)
    """What all of the records depend on."""
    records: dict[str, Any] = field(default_factory=dict)


def read_kept(folder: Path) -> Kept:
    """Empty where there is none, or one that can't be used."""
    head = _read(folder / _HEAD)
    if head is None:
        return Kept()
    records: dict[str, Any] = {}
    for share in range(_SHARES):
        records |= _read(folder / f"{share:02}") or {}
    return Kept(head=head, records=records)


def write_kept(folder: Path, before: Kept, now: Kept) -> None:
    """`before` is what was read: records that are the same object are not written again."""
    names = {name for name, record in now.records.items() if before.records.get(name) is not record}
    names |= before.records.keys() - now.records.keys()
    changed = {_share(name) for name in names}
    if changed:
        shares: dict[int, dict[str, Any]] = {share: {} for share in changed}
        for name, record in now.records.items():
            if (share := _share(name)) in changed:
                shares[share][name] = record
        for share, records in shares.items():
            _write(folder / f"{share:02}", records)
    if now.head != before.head:
        _write(folder / _HEAD, now.head)


def _share(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogateescape")) % _SHARES


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = path.read_bytes()
        found = pickle.loads(data[len(_FORMAT) :]) if data.startswith(_FORMAT) else None  # noqa: S301  (our own file)
    except Exception:  # there is nothing that damaged bytes may not raise
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, records: Mapping[str, Any]) -> None:
    write(path, _FORMAT + pickle.dumps(records, protocol=pickle.HIGHEST_PROTOCOL), mode=0o600)


def signature(folders: Iterable[Path], files: Iterable[str | Path]) -> str:
    """Changes when one of these files, or one below these folders, comes, goes, or is written."""
    found = hashlib.blake2b(digest_size=16)
    for folder in folders:
        rows = [f"{name}\0{state}" for name, state in walk(folder)]
        found.update(f"{folder}\0{rows}".encode("utf-8", "surrogateescape"))
    states: list[State | None] = [state_of(path) for path in files]
    found.update(repr(states).encode())
    return found.hexdigest()


def program_signature(package: Path) -> str:
    """Changes with the program and its libraries, so that nobody sees pages of older ones."""
    files = sorted(f"{place}/{name}" for place, _, names in os.walk(package) for name in names if name.endswith(".py"))
    return f"{signature((), files)} {installed()}"

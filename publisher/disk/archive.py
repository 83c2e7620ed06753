"""A file that holds many: a tar.gz whose last member, the manifest, says which the others are and what their bytes hash to.

It is written and read in one go, in members of a few megabytes: however much it holds, little of it is in memory. Nothing
is ever unpacked to the disk by the names that stand in it.
"""

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from publisher.core.errors import PublisherError

FORMAT = 1
_MANIFEST = "manifest.json"
_PART = re.compile(r"(.+)-\d{4,}\.jsonl")
_PART_BYTES = 4 << 20
_LARGEST_BYTES = 128 << 20
"""No member that was written here is larger."""


class Pack:
    """An archive that is being written; it is whole after `close`."""

    def __init__(self, file: BinaryIO, at: datetime) -> None:
        self._seconds = int(at.timestamp())
        self._gzip = gzip.GzipFile(fileobj=file, filename="", mode="wb", compresslevel=6, mtime=self._seconds)
        self._tar = tarfile.TarFile(fileobj=self._gzip, mode="w")
        self._hashes: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = len(data), 0o600, self._seconds
        self._tar.addfile(member, BytesIO(data))
        self._hashes[name] = sha256(data).hexdigest()

    def add_lines(self, name: str, lines: Iterable[bytes]) -> int:
        """As `NAME-0001.jsonl` and on, since a tar has to know how long a member is before its first byte. Returns how many."""
        part: list[bytes] = []
        size, number, count = 0, 1, 0
        for line in lines:
            part.append(line + b"\n")
            size, count = size + len(line), count + 1
            if size >= _PART_BYTES:
                self.add(f"{name}-{number:04}.jsonl", b"".join(part))
                part, size, number = [], 0, number + 1
        self.add(f"{name}-{number:04}.jsonl", b"".join(part))
        return count

    def close(self, facts: dict[str, Any]) -> None:
        manifest = {"format": FORMAT, **facts, "sha256": self._hashes}
        self.add(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        self._tar.close()
        self._gzip.close()


class Archive:
    """An archive that was read to its end and found whole."""

    def __init__(self, path: Path, *, files: Collection[str]) -> None:
        """`files`: the members that are wanted at once. Raises PublisherError for anything but a whole archive."""
        self.path = path
        self.files: dict[str, bytes] = {}
        self._file = path.open("rb")
        try:
            self.facts = self._checked(files)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._file.close()

    def names(self) -> set[str]:
        """What was added, under the names that it was added by."""
        return {_whole(name) for name in self._hashes()}

    def parts(self) -> Iterator[tuple[str, list[bytes]]]:
        """What `add_lines` was given: its name and some of the lines, in the order of their writing."""
        hashes = self._hashes()
        for name, data in self._members():
            if _PART.fullmatch(name):
                if sha256(data).hexdigest() != hashes.get(name):
                    raise self._broken("it changed while it was read")
                yield _whole(name), data.splitlines()

    def _hashes(self) -> dict[str, str]:
        found: dict[str, str] = self.facts["sha256"]
        return found

    def _checked(self, files: Collection[str]) -> dict[str, Any]:
        hashes: dict[str, str] = {}
        manifest = b""
        for name, data in self._members():
            if name in hashes:
                raise self._broken(f"{name} stands in it twice")
            hashes[name] = sha256(data).hexdigest()
            if name in files:
                self.files[name] = data
            manifest = data
        if [*hashes][-1:] != [_MANIFEST]:
            raise self._broken("its end is missing")
        del hashes[_MANIFEST]
        facts = self._facts(manifest)
        for name in sorted({*hashes, *facts["sha256"]}):
            if hashes.get(name) != facts["sha256"].get(name):
                is_foreign = name not in facts["sha256"]
                fault = "does not belong there" if is_foreign else "is damaged" if name in hashes else "is missing"
                raise self._broken(f"{name!r} {fault}")
        return facts

    def _facts(self, manifest: bytes) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads(manifest)
            is_ours = facts["format"] == FORMAT
        except (ValueError, TypeError, KeyError) as error:
            raise self._broken("its manifest can't be read") from error
        if not is_ours:
            raise PublisherError(f"{self.path}: a newer publisher made this, wanted is that version or a later one")
        return facts

    def _members(self) -> Iterator[tuple[str, bytes]]:
        self._file.seek(0)
        try:
            with gzip.GzipFile(fileobj=self._file) as unzipped, tarfile.open(fileobj=unzipped, mode="r|") as tar:
                for member in tar:
                    if not member.isreg() or member.size > _LARGEST_BYTES:
                        raise self._broken(f"{member.name!r} is too large, or no file at all")
                    file = tar.extractfile(member)
                    assert file is not None, "a regular file"
                    yield member.name, file.read()
                while unzipped.read(_PART_BYTES):  # to the checksum behind the last byte
                    pass
        except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
            raise self._broken("it is damaged, cut off, or something else") from error

    def _broken(self, why: str) -> PublisherError:
        return PublisherError(f"{self.path}: {why}, wanted is a whole file as publisher backup writes it")


def _whole(name: str) -> str:
    return found[1] if (found := _PART.fullmatch(name)) else name

"""The file that a backup is: whole, or refused with a reason, whatever has happened to it."""

import gzip
import io
import json
import random
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from publisher.core.errors import PublisherError
from publisher.disk.archive import _LARGEST_BYTES, _PART_BYTES, Archive, Pack

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LINES = [b'{"n":1}', "Grüße\u2028".encode(), b""]


def write(path: Path, lines: list[bytes] = LINES) -> Path:
    with path.open("wb") as file:
        pack = Pack(file, AT)
        assert pack.add_lines("tables/some", lines) == len(lines)
        pack.add("var/secret-key", b"sesame\n")
        pack.close({"made": "today"})
    return path


def read(path: Path) -> list[tuple[str, list[bytes]]]:
    archive = Archive(path, files=("var/secret-key",))
    try:
        return list(archive.parts())
    finally:
        archive.close()


Members = dict[str, bytes]


def members(path: Path) -> Members:
    with tarfile.open(path) as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member))}


def rewrite(path: Path, found: Members, *, is_signed: bool = True) -> Path:
    """A file with these members; `is_signed`: with the hashes that they have."""
    facts = json.loads(found.pop("manifest.json"))
    if is_signed:
        facts["sha256"] = {name: sha256(data).hexdigest() for name, data in found.items()}
    with tarfile.open(path, "w:gz") as tar:
        for name, data in {**found, "manifest.json": json.dumps(facts).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_what_was_added_comes_back_in_its_order(tmp_path: Path) -> None:
    archive = Archive(write(tmp_path / "a"), files=("var/secret-key", "posts/.ids"))
    assert archive.files == {"var/secret-key": b"sesame\n"}
    assert archive.names() == {"tables/some", "var/secret-key"}
    assert archive.facts["made"] == "today"
    assert list(archive.parts()) == [("tables/some", LINES)] == list(archive.parts())
    archive.close()


def test_the_same_content_is_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a").read_bytes() == write(tmp_path / "b").read_bytes()


def test_any_tar_shows_what_is_in_it(tmp_path: Path) -> None:
    assert list(members(write(tmp_path / "a"))) == ["tables/some-0001.jsonl", "var/secret-key", "manifest.json"]


def test_many_lines_are_cut_into_members_of_a_few_megabytes(tmp_path: Path) -> None:
    lines = [bytes([65 + number % 26]) * 500_000 for number in range(30)]
    path = write(tmp_path / "a", lines)
    sizes = [len(data) for name, data in members(path).items() if name.startswith("tables/")]
    assert len(sizes) > 2
    assert max(sizes) < 2 * _PART_BYTES
    parts = read(path)
    assert {name for name, _ in parts} == {"tables/some"}
    assert [line for _, part in parts for line in part] == lines


def test_a_file_that_was_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a", [random.Random(1).randbytes(300).hex().encode() for _ in range(50)]).read_bytes()
    for length in (*range(0, len(whole) - 20, 97), *range(len(whole) - 20, len(whole))):
        (tmp_path / "b").write_bytes(whole[:length])
        with pytest.raises(PublisherError, match="wanted is a whole file as publisher backup writes it"):
            read(tmp_path / "b")


def test_a_file_with_a_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    """But for those that say nothing: gzip's time and system, and what fills up its last byte."""
    whole = write(tmp_path / "a", [random.Random(1).randbytes(300).hex().encode() for _ in range(50)]).read_bytes()
    last = len(whole) - 9
    for place in (*range(10, last, 31), *range(last + 1, len(whole))):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        (tmp_path / "b").write_bytes(damaged)
        with pytest.raises(PublisherError, match="wanted is a whole file"):
            read(tmp_path / "b")


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 2000, b"SQLite format 3\0", gzip.compress(b"", mtime=0), gzip.compress(b"x" * 9999, mtime=0)]
)
def test_something_else_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(PublisherError, match="wanted is a whole file"):
        read(tmp_path / "a")


def remove(found: Members) -> None:
    del found["tables/some-0001.jsonl"]


def change(found: Members) -> None:
    found["var/secret-key"] = b"melon\n"


def add(found: Members) -> None:
    found["../../etc/cron.d/evil"] = b"* * * * * root true\n"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (remove, "'tables/some-0001.jsonl' is missing"),
        (change, "'var/secret-key' is damaged"),
        (add, "'../../etc/cron.d/evil' does not belong there"),
    ],
)
def test_a_member_that_is_missing_changed_or_added_is_named(
    tmp_path: Path, spoil: Callable[[Members], None], why: str
) -> None:
    found = members(write(tmp_path / "a"))
    spoil(found)
    with pytest.raises(PublisherError) as told:
        read(rewrite(tmp_path / "b", found, is_signed=False))
    assert why in str(told.value)


def test_nothing_is_unpacked_by_its_name_and_links_are_refused(tmp_path: Path) -> None:
    found = members(write(tmp_path / "a"))
    add(found)
    inside = tmp_path / "x" / "y"
    inside.mkdir(parents=True)
    read(rewrite(inside / "b", found))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "x", "y"]
    with tarfile.open(tmp_path / "c", "w:gz") as tar:
        link = tarfile.TarInfo("var/secret-key")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(PublisherError, match="'var/secret-key' is too large, or no file at all"):
        read(tmp_path / "c")


def test_a_huge_member_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a", "wb", compresslevel=1) as file:
        member = tarfile.TarInfo("tables/some-0001.jsonl")
        member.size = 1 << 40
        file.write(member.tobuf())
        file.write(b"\0" * 100_000)
    with pytest.raises(PublisherError, match="is too large"):
        read(tmp_path / "a")
    assert _LARGEST_BYTES > 10 * _PART_BYTES


def test_a_member_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a", "w:gz") as tar:
        for _ in range(2):
            tar.addfile(tarfile.TarInfo("var/secret-key"))
    with pytest.raises(PublisherError, match="var/secret-key stands in it twice"):
        read(tmp_path / "a")


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (b'{"format": 2}', "a newer publisher made this, wanted is that version or a later one"),
        (b"{", "its manifest can't be read"),
        (b"[]", "its manifest can't be read"),
    ],
)
def test_a_manifest_that_we_do_not_know_is_refused(tmp_path: Path, manifest: bytes, why: str) -> None:
    with tarfile.open(tmp_path / "a", "w:gz") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        tar.addfile(member, io.BytesIO(manifest))
    with pytest.raises(PublisherError, match=why):
        read(tmp_path / "a")


def test_a_file_that_changes_between_two_readings_is_noticed(tmp_path: Path) -> None:
    archive = Archive(write(tmp_path / "a"), files=())
    found = members(tmp_path / "a")
    found["tables/some-0001.jsonl"] = b'{"n":2}\n'
    rewrite(tmp_path / "a", found)
    with pytest.raises(PublisherError, match="it changed while it was read"):
        list(archive.parts())
    archive.close()

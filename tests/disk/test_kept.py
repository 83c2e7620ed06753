"""What one build keeps for the next: right or not there, whatever became of the files."""

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.actions.survey import Looked, Reading
from publisher.core.manuscript import Entry, Manuscript
from publisher.core.model import Image, Post
from publisher.disk.kept import Kept, program_signature, read_kept, write_kept
from tests.core.readthrough import arranged, one
from tests.disk.folders import make, names, times

SOME = Kept(head={"base": "1"}, records={f"{number}.md": (number, "x") for number in range(300)})


def real() -> Kept:
    """As a build keeps it."""
    post = one("tags: [a, b]\nimage: images/a b.png\n").post
    (placed,) = arranged({"a.md": "---\ndate: 2026-11-01\n---\nText"}).placed
    reading = Reading((placed.id, placed.entry.path), "d1", {"asset x": "None"}, (), post)
    manuscript = Manuscript("a.md", placed.content_hash, placed.entry, ())
    return Kept(head={"base": "1"}, records={"a.md": Looked((1, 2, 3), manuscript, reading)})


def test_nothing_is_kept_where_nothing_was(tmp_path: Path) -> None:
    assert read_kept(tmp_path / "nowhere") == Kept()


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    for name, kept in {"some": SOME, "real": real()}.items():
        write_kept(tmp_path / name, Kept(), kept)
        assert read_kept(tmp_path / name) == kept


def test_values_come_back_as_what_they_were(tmp_path: Path) -> None:
    write_kept(tmp_path, Kept(), real())
    looked = read_kept(tmp_path).records["a.md"]
    assert isinstance(looked, Looked)
    assert isinstance(looked.manuscript.entry, Entry)
    assert looked.reading is not None
    assert isinstance(looked.reading.post, Post)
    assert isinstance(looked.reading.post.image, Image)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    write_kept(tmp_path, Kept(), SOME)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_one_changed_record_writes_few_of_many_files(tmp_path: Path) -> None:
    write_kept(tmp_path, Kept(), SOME)
    assert len(names(tmp_path)) > 20
    for name in names(tmp_path):
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    before = read_kept(tmp_path)
    records = dict(before.records)
    del records["7.md"]
    write_kept(tmp_path, before, Kept(head=before.head, records=records | {"8.md": (8, "y"), "new.md": 1}))
    written = [name for name in names(tmp_path) if (tmp_path / name).stat().st_mtime_ns != 10**18]
    assert 1 <= len(written) <= 3
    after = read_kept(tmp_path)
    assert after.records == {name: each for name, each in SOME.records.items() if name != "7.md"} | {
        "8.md": (8, "y"),
        "new.md": 1,
    }


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    write_kept(tmp_path, Kept(), SOME)
    before = times(tmp_path)
    found = read_kept(tmp_path)
    write_kept(tmp_path, found, Kept(head=dict(found.head), records=dict(found.records)))
    assert times(tmp_path) == before


GOOD_FORMAT = b"publisher build 1\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"publisher build",
        b"publisher build 0\n" + pickle.dumps({"base": "1"}),
        pickle.dumps({"base": "1"}),
        GOOD_FORMAT,
        GOOD_FORMAT + b"\x80",
        GOOD_FORMAT + pickle.dumps({"base": "1"})[:-3],
        GOOD_FORMAT + pickle.dumps(["a", "list"]),
        GOOD_FORMAT + b"cpublisher.core.model\n_post\n(K\x01tR.",
        GOOD_FORMAT + b"cpublisher.nowhere\nNothing\n.",
        GOOD_FORMAT + b"cpublisher.core.model\nPosting\n.",
        GOOD_FORMAT + b"\xff" * 100,
    ],
    ids=range(12),
)
def test_a_damaged_head_or_one_of_another_program_is_an_empty_memory(tmp_path: Path, data: bytes) -> None:
    write_kept(tmp_path, Kept(), SOME)
    (tmp_path / "head").write_bytes(data)
    assert read_kept(tmp_path) == Kept()


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_bytes_that_turned_over_raise_nothing(tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("kept")
    write_kept(folder, Kept(), real())
    (path,) = (path for path in folder.iterdir() if path.name != "head")
    data = path.read_bytes()
    start = at % len(data)
    path.write_bytes(data[:start] + noise + data[start + len(noise) :])
    assert isinstance(read_kept(folder), Kept)


def test_a_damaged_share_is_lost_alone_and_whole_again_after_the_next_build(tmp_path: Path) -> None:
    write_kept(tmp_path, Kept(), SOME)
    (tmp_path / "07").write_bytes(b"publisher build 1\n\x80")
    found = read_kept(tmp_path)
    assert found.head == SOME.head
    assert 250 < len(found.records) < 300
    assert found.records.items() <= SOME.records.items()
    write_kept(tmp_path, found, SOME)
    assert read_kept(tmp_path) == SOME


def test_a_folder_in_place_of_a_file_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "head").mkdir()
    assert read_kept(tmp_path) == Kept()


def test_the_program_has_a_signature_that_changes_with_it(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "core/b.py", "core/notes.txt")
    before = program_signature(tmp_path)
    assert program_signature(tmp_path) == before
    make(tmp_path, "core/c.txt")
    assert program_signature(tmp_path) == before
    make(tmp_path, "core/c.py")
    assert program_signature(tmp_path) != before

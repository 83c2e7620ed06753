"""The output folder: what is unchanged is left alone, what changed has another time, and only ours is taken away."""

import gzip
import os
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from publisher.disk.output import MANIFEST_NAME, Output, put_file
from tests.disk.folders import end, make, names, python, times

OLD = 10**18
SECOND = 10**9
LONG = b"<p>words</p>\n" * 200


def built(folder: Path, files: Mapping[str, bytes], last: Output | None = None, *, zipped: bool = False) -> Output:
    """One build: each file is made from its own bytes."""
    folder.mkdir(exist_ok=True)
    out = Output(folder=folder, before=last.now if last else {})
    out.begin(files)
    for name, data in files.items():
        recipe = data.hex()
        if out.is_current(name, recipe):
            out.keep(name)
        else:
            out.put(name, recipe, data)
    if zipped:
        out.zip()
    return out


def age(folder: Path) -> None:
    """As if it had been written years ago."""
    for path in folder.rglob("*"):
        os.utime(path, ns=(OLD, OLD))


def second(path: Path) -> int:
    return path.stat().st_mtime_ns // SECOND


# -- one file


def test_a_file_is_written_with_its_folders_for_all_to_read(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        mtime_ns, is_written = put_file(str(tmp_path / "a" / "b" / "c.html"), b"one")
    finally:
        os.umask(before)
    path = tmp_path / "a" / "b" / "c.html"
    assert is_written
    assert path.read_bytes() == b"one"
    assert path.stat().st_mtime_ns == mtime_ns
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(tmp_path) == ["a/b/c.html"]


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    put_file(str(path), b"one")
    os.utime(path, ns=(OLD, OLD))
    before = path.stat()
    assert put_file(str(path), b"one") == (OLD, False)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (OLD, before.st_ino)


def test_other_bytes_of_the_same_length_are(tmp_path: Path) -> None:
    path = tmp_path / "a"
    put_file(str(path), b"one")
    assert put_file(str(path), b"two")[1]
    assert path.read_bytes() == b"two"


def test_a_file_that_is_written_again_within_a_second_shows_another_second(tmp_path: Path) -> None:
    path, seen = tmp_path / "a", []
    for number in range(3):
        mtime_ns, _ = put_file(str(path), b"%d" % number)
        assert path.stat().st_mtime_ns == mtime_ns
        seen.append(second(path))
    assert seen == sorted(set(seen))
    assert path.stat().st_mtime <= time.time(), "no time is in the future"


def test_files_that_wait_for_the_second_wait_for_it_together(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}" for number in range(30)]
    for path in paths:
        put_file(str(path), b"one")
    before, begin = {path: second(path) for path in paths}, time.monotonic()
    for path in paths:
        put_file(str(path), b"two")
    assert time.monotonic() - begin < 3
    assert all(second(path) != before[path] for path in paths)


@pytest.mark.parametrize("ahead_seconds", [-3600, -1, 1, 3600])
def test_a_time_that_somebody_set_does_not_stay(tmp_path: Path, ahead_seconds: int) -> None:
    path = tmp_path / "a"
    put_file(str(path), b"one")
    at = time.time_ns() + ahead_seconds * SECOND
    os.utime(path, ns=(at, at))
    put_file(str(path), b"two")
    assert second(path) != at // SECOND


def test_who_has_the_old_file_open_goes_on_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    put_file(str(path), b"old")
    with path.open("rb") as file:
        put_file(str(path), b"new")
        assert file.read() == b"old"
    assert path.read_bytes() == b"new"


def test_a_write_that_fails_names_its_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    make(tmp_path, "file")
    with pytest.raises(OSError, match="a") as told:
        put_file(str(tmp_path / "a"), b"new")
    assert told.value.filename == str(tmp_path / "a")
    with pytest.raises(OSError, match="file"):
        put_file(str(tmp_path / "file" / "b"), b"new")
    assert names(tmp_path) == ["file"]
    assert list((tmp_path / "a").iterdir()) == []


# -- a build


def test_only_what_was_written_before_is_taken_away(tmp_path: Path) -> None:
    make(tmp_path, "foreign.txt", "deep/foreign.html", ".htaccess")
    first = built(tmp_path, {"index.html": b"1", "deep/er/a.html": b"2"})
    assert (first.written, first.end()) == (2, 0)
    second_time = built(tmp_path, {"index.html": b"1"}, first)
    assert (second_time.written, second_time.end()) == (0, 1)
    assert names(tmp_path) == sorted([".htaccess", MANIFEST_NAME, "deep/foreign.html", "foreign.txt", "index.html"])
    assert not (tmp_path / "deep" / "er").exists()
    assert (tmp_path / MANIFEST_NAME).read_text() == "index.html\n"


def test_nothing_changed_touches_nothing_with_what_is_known_of_the_last_build_and_without(tmp_path: Path) -> None:
    files = {"index.html": b"1", "a/index.html": b"2"}
    first = built(tmp_path, files)
    first.end()
    age(tmp_path)
    before = times(tmp_path)
    for last in (first, None):
        again = built(tmp_path, files, last)
        assert (again.written, again.end()) == (0, 0)
        assert times(tmp_path) == before


def test_a_file_is_current_while_it_was_made_from_the_same_and_is_as_it_was_left(tmp_path: Path) -> None:
    last = built(tmp_path, {"a": b"one"})
    recipe = b"one".hex()
    out = Output(folder=tmp_path, before=last.now)
    assert out.is_current("a", recipe)
    assert not out.is_current("a", b"two".hex())
    assert not out.is_current("b", recipe)
    os.utime(tmp_path / "a", ns=(OLD, OLD))
    assert not out.is_current("a", recipe)
    (tmp_path / "a").unlink()
    assert not out.is_current("a", recipe)


def test_what_will_be_there_is_written_down_before_it_is(tmp_path: Path) -> None:
    out = Output(folder=tmp_path, before={})
    out.begin(["index.html", "a/b.html"])
    assert names(tmp_path) == [MANIFEST_NAME]
    assert (tmp_path / MANIFEST_NAME).read_text() == "a/b.html\nindex.html\n"
    put_file(str(tmp_path / "a" / "b.html"), b"1")  # and then it was killed
    again = Output(folder=tmp_path, before={}, was_broken_off=True)
    again.begin([])
    assert again.end() == 1
    assert names(tmp_path) == [MANIFEST_NAME]


def test_what_another_program_wrote_in_the_place_of_ours_is_left_alone(tmp_path: Path) -> None:
    first = built(tmp_path, {"index.html": b"1", "old.html": b"2", "other.html": b"3"})
    first.end()
    for name in ("index.html", "old.html"):
        later = (tmp_path / name).stat().st_mtime_ns + 10**9
        (tmp_path / name).write_bytes(b"another generator's")
        os.utime(tmp_path / name, ns=(later, later))
    for last in (first, None):  # with what is known of the last build, and without
        out = built(tmp_path, {"new.html": b"4"}, last)
        out.end()
        assert names(tmp_path) == [MANIFEST_NAME, "index.html", "new.html", "old.html"]
        assert (tmp_path / MANIFEST_NAME).read_text() == "new.html\n"


def test_what_is_to_go_is_there_until_the_end(tmp_path: Path) -> None:
    last = built(tmp_path, {"old.html": b"1"})
    last.end()
    out = built(tmp_path, {"new.html": b"2"}, last)
    assert names(tmp_path) == [MANIFEST_NAME, "new.html", "old.html"]
    assert out.end() == 1
    assert names(tmp_path) == [MANIFEST_NAME, "new.html"]


def test_a_file_that_somebody_took_away_comes_back_or_is_not_missed(tmp_path: Path) -> None:
    last = built(tmp_path, {"a": b"1", "b/c": b"2"})
    last.end()
    (tmp_path / "a").unlink()
    (tmp_path / "b" / "c").unlink()
    built(tmp_path, {"a": b"1"}, last).end()
    assert names(tmp_path) == [MANIFEST_NAME, "a"]
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_file_may_become_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    last = built(tmp_path, {"notes": b"file", "deep/er/a": b"1", "deep/b": b"2"})
    last.end()
    built(tmp_path, {"notes/index.html": b"page", "deep": b"file"}, last).end()
    assert (tmp_path / "notes/index.html").read_bytes() == b"page"
    assert (tmp_path / "deep").read_bytes() == b"file"


def test_a_folder_that_holds_what_is_not_ours_is_never_taken_away(tmp_path: Path) -> None:
    last = built(tmp_path, {"deep/a": b"1"})
    last.end()
    make(tmp_path, "deep/foreign")
    with pytest.raises(OSError, match="deep"):
        built(tmp_path, {"deep": b"file"}, last)
    assert "deep/foreign" in names(tmp_path)


def test_a_lost_list_deletes_nothing(tmp_path: Path) -> None:
    last = built(tmp_path, {"a": b"1", "b": b"2"})
    last.end()
    (tmp_path / MANIFEST_NAME).unlink()
    assert built(tmp_path, {"a": b"1"}, last).end() == 0
    assert names(tmp_path) == [MANIFEST_NAME, "a", "b"]


def test_what_was_half_written_is_swept_up_and_nothing_else(tmp_path: Path) -> None:
    make(tmp_path, ".new-1-0", "deep/.new-77-3", "new-1", "a.new-", ".newer", "deep/page.html")
    Output(folder=tmp_path, before={}).sweep()
    assert names(tmp_path) == [".newer", "a.new-", "deep/page.html", "new-1"]


BUILDER = """
import sys
from pathlib import Path
from publisher.disk.output import Output
folder, before = Path(sys.argv[1]), {}
print("ready", flush=True)
for n in range(1_000_000):
    out = Output(folder=folder, before=before, was_broken_off=not before)
    files = {f"{n}/{m}": b"%d" % n for m in range(40)}
    out.begin(files)
    for name, data in files.items():
        out.put(name, str(n), data)
    out.end()
    before = out.now
"""


def test_after_a_kill_the_next_build_still_knows_what_is_ours(tmp_path: Path) -> None:
    make(tmp_path, "foreign.txt")
    for milliseconds in (0, 20, 45):
        process = python(BUILDER, tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + milliseconds / 1000)
        end(process)
    out = Output(folder=tmp_path, before={}, was_broken_off=True)
    out.begin(["index.html"])
    out.put("index.html", "1", b"1")
    out.end()
    left = [name for name in names(tmp_path) if not PurePosixPath(name).name.startswith(".new-")]
    assert left == [MANIFEST_NAME, "foreign.txt", "index.html"]
    out.sweep()
    assert names(tmp_path) == left


# -- copies


def test_a_copy_has_the_bytes_and_the_time_of_its_source(tmp_path: Path) -> None:
    make(tmp_path, "a.png", data=b"one")
    os.utime(tmp_path / "a.png", ns=(OLD, OLD + 5))
    out = Output(folder=tmp_path / "out", before={})
    out.copy("images/a.png", tmp_path / "a.png")
    copy = tmp_path / "out" / "images" / "a.png"
    assert (copy.read_bytes(), copy.stat().st_mtime_ns, out.written) == (b"one", OLD + 5, 1)
    again = Output(folder=tmp_path / "out", before=out.now)
    again.copy("images/a.png", tmp_path / "a.png")
    assert (again.written, again.now) == (0, out.now)
    (tmp_path / "a.png").write_bytes(b"two")
    again.copy("images/a.png", tmp_path / "a.png")
    assert (copy.read_bytes(), again.written) == (b"two", 1)
    assert copy.stat().st_mtime_ns == (tmp_path / "a.png").stat().st_mtime_ns


def test_a_file_of_the_same_size_and_time_in_place_of_another_is_copied_too(tmp_path: Path) -> None:
    make(tmp_path, "a.png", data=b"one")
    os.utime(tmp_path / "a.png", ns=(OLD, OLD))
    out = Output(folder=tmp_path / "out", before={})
    out.copy("a.png", tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"two")
    os.utime(tmp_path / "a.png", ns=(OLD, OLD))
    again = Output(folder=tmp_path / "out", before=out.now)
    again.copy("a.png", tmp_path / "a.png")
    assert ((tmp_path / "out" / "a.png").read_bytes(), again.written) == (b"two", 1)
    unknown = Output(folder=tmp_path / "out", before={})
    unknown.copy("a.png", tmp_path / "a.png")
    assert unknown.written == 0


# -- compressed files


def test_beside_each_long_text_lies_a_gz_as_old_as_it_and_beside_nothing_else(tmp_path: Path) -> None:
    files = {"index.html": LONG, "rss.xml": LONG, "short.html": b"x", "pot.png": LONG, "style.css": LONG}
    out = built(tmp_path, files, zipped=True)
    out.end()
    zipped = [name for name in names(tmp_path) if name.endswith(".gz")]
    assert zipped == ["index.html.gz", "rss.xml.gz", "style.css.gz"]
    for name in zipped:
        path = tmp_path / name
        assert gzip.decompress(path.read_bytes()) == LONG
        assert path.stat().st_mtime_ns == path.with_suffix("").stat().st_mtime_ns


def test_a_gz_follows_its_file_and_is_left_alone_with_it(tmp_path: Path) -> None:
    last = built(tmp_path, {"index.html": LONG, "a.html": LONG}, zipped=True)
    last.end()
    assert last.is_zipped()
    before = times(tmp_path)
    again = built(tmp_path, {"index.html": LONG, "a.html": LONG}, last, zipped=True)
    assert (again.written, again.end()) == (0, 0)
    assert times(tmp_path) == before
    other = built(tmp_path, {"index.html": LONG + b"more"}, again, zipped=True)
    assert other.end() == 2
    assert gzip.decompress((tmp_path / "index.html.gz").read_bytes()) == LONG + b"more"
    assert names(tmp_path) == [MANIFEST_NAME, "index.html", "index.html.gz"]
    assert built(tmp_path, {"index.html": LONG}, other).end() == 1
    assert names(tmp_path) == [MANIFEST_NAME, "index.html"]


def test_a_gz_has_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        built(folder, {"index.html": LONG}, zipped=True)
        made.append((folder / "index.html.gz").read_bytes())
        os.utime(folder / "index.html", ns=(OLD, OLD))
    assert made[0] == made[1]

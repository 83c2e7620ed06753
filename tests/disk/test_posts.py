"""What lies in the folder of posts: posts, files beside them, and what is neither."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.disk.kept import signature
from publisher.disk.posts import is_post, read_asset, read_source
from publisher.disk.walk import state_of, walk
from tests.disk.folders import make

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000002800000 01e00806000000")


def found(folder: Path) -> list[str]:
    return [name for name, _ in walk(folder)]


def posts(folder: Path) -> list[str]:
    return [name for name in found(folder) if is_post(folder, name)]


# -- walk


def test_hidden_files_are_left_out_but_for_jekylls_posts(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "b.MARKDOWN", "deep/er/c.md", "d.txt", "_posts/e.md", "deep/_posts/f.md")
    make(tmp_path, ".ids", "_draft.md", ".hidden.md", "_parts/x.md", "_drafts/x.md", ".git/x.md", "a.md~", ".#a.md")
    assert found(tmp_path) == ["_posts/e.md", "a.md", "b.MARKDOWN", "d.txt", "deep/_posts/f.md", "deep/er/c.md"]


def test_a_file_comes_with_its_times_and_size(tmp_path: Path) -> None:
    make(tmp_path, "a.md", data=b"four")
    os.utime(tmp_path / "a.md", ns=(10**18, 10**18 + 7))
    ((_, state),) = walk(tmp_path)
    assert state == state_of(tmp_path / "a.md")
    assert state[0] == 10**18 + 7
    assert state[1] == (tmp_path / "a.md").stat().st_ctime_ns
    assert state[2] == 4


def test_a_folder_that_is_not_there_is_empty_and_a_file_that_is_not_has_no_state(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == []
    assert state_of(tmp_path / "nowhere") is None


def test_links_to_folders_are_followed_but_never_in_a_circle(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "posts", tmp_path / "elsewhere"
    make(here, "a.md", "deep/b.md")
    make(elsewhere, "c.md")
    (here / "shared").symlink_to(elsewhere)
    (here / "loop").symlink_to(".")
    (here / "deep" / "up").symlink_to("..")
    (here / "deep" / "self").symlink_to(here / "deep")
    (elsewhere / "back").symlink_to(here)
    assert found(here) == ["a.md", "deep/b.md", "shared/c.md"]


def test_two_links_to_one_folder_are_two_folders(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "c.md")
    here = tmp_path / "posts"
    here.mkdir()
    for name in ("one", "two"):
        (here / name).symlink_to(tmp_path / "elsewhere")
    assert found(here) == ["one/c.md", "two/c.md"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    make(tmp_path / "real", "a.md")
    (tmp_path / "real" / "back").symlink_to(tmp_path / "real")
    (tmp_path / "posts").symlink_to("real")
    assert found(tmp_path / "posts") == ["a.md"]


def test_links_that_lead_nowhere_are_there_with_a_state_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "broken.md").symlink_to("nowhere.md")
    (tmp_path / "circle.md").symlink_to("circle.md")
    assert dict(walk(tmp_path)) == {"broken.md": (0, 0, -1), "circle.md": (0, 0, -1)}


NOBODY = """
import os, sys
from pathlib import Path
from publisher.disk.posts import read_asset, read_source
from publisher.disk.walk import walk
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for name, state in walk(Path()):
    source = read_source(Path(), name)
    print(name, state[2], source.data, source.complaint)
"""


def test_what_may_not_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    make(tmp_path, "good.md", "secret.md", "shut/x.md")
    (tmp_path / "secret.md").chmod(0)
    (tmp_path / "shut").chmod(0)
    tmp_path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", NOBODY], cwd=tmp_path, capture_output=True, text=True, check=False)
    (tmp_path / "shut").chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "good.md 1 b'x' ",
        "secret.md 1 None Permission denied: wanted is a file that you may read",
        "shut -1 None Permission denied: wanted is a file that you may read",
    ]


# -- what is a post


@pytest.mark.parametrize(
    "name", ["a.md", "a.markdown", "a.mdown", "a.mkd", "a.mdx", "a.rst", "A.MD", "deep/a.md", "a.b.md"]
)
def test_a_text_is_a_post_by_its_ending(tmp_path: Path, name: str) -> None:
    make(tmp_path, name, data=b"")
    assert posts(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.txt", "a.png", "a", "md", "a.md.bak", "a.xml", "a.mdx.txt"])
def test_anything_else_is_none(tmp_path: Path, name: str) -> None:
    make(tmp_path, name, data=b"---\ndate: 2026-11-01\n---\n")
    assert posts(tmp_path) == []


@pytest.mark.parametrize("suffix", [".html", ".htm", ".HTML"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"---\ntitle: A\n---\n<p>x", True),
        (b"\xef\xbb\xbf---\ntitle: A\n---\n", True),
        (b"\n\n---\ntitle: A\n---\n", True),
        (b"+++\ntitle = 'A'\n+++\n", True),
        (b'<html><head><meta name="date" content="2026-11-01">', True),
        (b"<!DOCTYPE html><title>A page</title>", False),
        (b"", False),
    ],
)
def test_html_is_a_post_by_its_head(tmp_path: Path, data: bytes, suffix: str, expected: bool) -> None:
    make(tmp_path, f"a{suffix}", data=data)
    assert is_post(tmp_path, f"a{suffix}") is expected


def test_html_that_can_not_be_read_is_no_post(tmp_path: Path) -> None:
    (tmp_path / "a.html").symlink_to("nowhere.html")
    (tmp_path / "b.html").mkdir()
    assert not is_post(tmp_path, "a.html")
    assert not is_post(tmp_path, "b.html")


# -- reading


def test_a_source_is_its_bytes_or_why_there_are_none(tmp_path: Path) -> None:
    make(tmp_path, "deep/a.md", data=b"x\r\n\xff")
    (tmp_path / "broken.md").symlink_to("nowhere.md")
    (tmp_path / "circle.md").symlink_to("circle.md")
    assert read_source(tmp_path, "deep/a.md").data == b"x\r\n\xff"
    assert str(read_source(tmp_path, "deep/a.md").path) == "deep/a.md"
    broken = read_source(tmp_path, "broken.md")
    assert (broken.data, broken.complaint) == (
        None,
        "No such file or directory: wanted is a file that you may read",
    )
    assert read_source(tmp_path, "circle.md").data is None
    assert read_source(tmp_path, "deep").data is None


def test_an_asset_has_its_type_and_size_and_an_image_its_width(tmp_path: Path) -> None:
    make(tmp_path, "d.txt", "deep/e.mp3")
    make(tmp_path, "pot.png", data=PNG)
    kinds = {name: asset.media_type for name in found(tmp_path) if (asset := read_asset(tmp_path, name))}
    assert kinds == {"d.txt": "text/plain; charset=utf-8", "deep/e.mp3": "audio/mpeg", "pot.png": "image/png"}
    pot = read_asset(tmp_path, "pot.png")
    assert pot is not None
    assert (str(pot.path), pot.width, pot.height, pot.size_bytes) == ("pot.png", 640, 480, len(PNG))


@pytest.mark.parametrize("name", ["a.png", "b.jpg", "c.svg"])
def test_an_image_that_is_none_has_no_size(tmp_path: Path, name: str) -> None:
    make(tmp_path, name, data=b"\x00\xff<svg")
    asset = read_asset(tmp_path, name)
    assert asset is not None
    assert (asset.width, asset.height) == (None, None)


def test_what_is_no_file_is_no_asset(tmp_path: Path) -> None:
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    assert [read_asset(tmp_path, name) for name in ("broken.png", "pipe.png", "folder.png", "none.png")] == [None] * 4


def test_names_that_no_list_of_files_can_hold_are_no_assets(tmp_path: Path) -> None:
    make(tmp_path, "good.png", "a\nb.png", "x\n/etc/a.png", "c\u2028d.png")
    if sys.platform == "linux":
        make(Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin\xff")), "e.png")
    assert [name for name in found(tmp_path) if read_asset(tmp_path, name)] == ["good.png"]


# -- signature


def test_the_signature_changes_with_every_file_that_comes_goes_or_is_written(tmp_path: Path) -> None:
    one, two, single = tmp_path / "one", tmp_path / "two", tmp_path / ".env"
    make(one, "a.md", "b.md")
    make(two, "x.html")

    def now() -> str:
        return signature((one, two), (single,))

    seen = [now()]
    assert now() == seen[0]

    def changed() -> bool:
        seen.append(now())
        return seen[-1] not in seen[:-1]

    make(one, "c.md")
    assert changed()
    (one / "b.md").unlink()
    assert changed()
    (one / "a.md").rename(one / "z.md")
    assert changed()
    make(one, "z.md", data=b"longer")
    assert changed()
    os.utime(two / "x.html", ns=(10**18, 10**18))
    assert changed()
    single.write_bytes(b"A=b")
    assert changed()
    single.unlink()
    make(one, ".ids", "_draft.md", "z.md~")
    assert not (changed() and now() not in seen[:-1])


def test_a_folder_that_is_not_there_has_a_signature_too(tmp_path: Path) -> None:
    before = signature((tmp_path / "later",), ())
    make(tmp_path, "later/a.md")
    assert signature((tmp_path / "later",), ()) != before


def test_a_file_of_the_same_size_and_time_in_place_of_another_changes_it(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "elsewhere/b", data=b"one")
    for name in ("a.md", "elsewhere/b"):
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    before = signature((tmp_path,), ())
    (tmp_path / "a.md").unlink()
    make(tmp_path, "a.md", data=b"two")
    os.utime(tmp_path / "a.md", ns=(10**18, 10**18))
    assert signature((tmp_path,), ()) != before

"""Single histories of a site that is built again and again."""

import os
import time
from pathlib import Path

import pytest

from tests.builds import Yard, left_half_written
from tests.test_builds import IN_THE_WAY

GOOD = b"---\ndate: 2026-11-01\ntags: [sea]\n---\nText\n"


def test_a_file_that_is_another_and_shows_it_only_to_the_kernel_is_read_again(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.write("pot.png", b"one")
    time.sleep(2.1)
    yard.build()
    yard.build()  # the files' times are believed from now on
    for name, data in {"a.md": GOOD.replace(b"Text", b"Else"), "pot.png": b"two"}.items():
        before = (yard.posts / name).stat()
        (yard.posts / name).write_bytes(data)
        os.utime(yard.posts / name, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert yard.build().written > 2
    assert b"Else" in (yard.public / "2026" / "11" / "a" / "index.html").read_bytes()
    assert (yard.public / "pot.png").read_bytes() == b"two"
    yard.assert_settled()
    yard.assert_as_built_anew()


@pytest.mark.parametrize("name", [*IN_THE_WAY, "style.css", "sitemap.xml", "atom.xml.gz", "subscribe/index.html"])
def test_a_file_beside_the_posts_that_is_in_the_way_of_a_page_is_left_out_and_told(tmp_path: Path, name: str) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.write(name, b"asset")
    yard.write("pot.png", b"asset")
    (problem,) = yard.build().problems
    assert (problem.file, problem.severity) == (f"posts/{name}", "warning")
    assert (yard.public / "pot.png").read_bytes() == b"asset"
    assert (yard.public / "2026" / "11" / "a" / "index.html").is_file()
    yard.assert_settled()
    (yard.posts / "a.md").unlink()
    yard.build()
    yard.assert_as_built_anew()


@pytest.mark.parametrize("wish", ["/404.html", "/rss.xml/", "/_redirects/", "/.publisher/", "/a.html/", "/2026/"])
def test_a_post_that_wants_to_stand_in_the_way_stops_no_other(tmp_path: Path, wish: str) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD.replace(b"date", b"permalink: /a.html\ndate"))
    yard.write("b.md", GOOD.replace(b"date", f"permalink: {wish}\ndate".encode()))
    built = yard.build()
    assert (yard.public / "a.html").is_file()
    assert [problem.file for problem in built.problems] == ([] if wish == "/2026/" else ["posts/b.md"])
    yard.assert_settled()


@pytest.mark.parametrize("name", ["robots.txt", "rss.xml.png", "tags/pot.png", "2026/11/a/pot.png", "favicon.ico"])
def test_a_file_beside_them_or_in_their_folders_is_not(tmp_path: Path, name: str) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.write(name, b"asset")
    assert yard.build().problems == ()
    assert (yard.public / name).read_bytes() == b"asset"
    yard.assert_settled()


def test_without_pages_the_feeds_alone_are_written_and_that_once(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    yard.settings["PAGES"] = "off"
    yard.write("a.md", GOOD)
    assert yard.build().removed == 0
    assert not (yard.public / "2026").exists()
    assert not (yard.public / "index.html").exists()
    assert b"Text" in (yard.public / "rss.xml").read_bytes()
    yard.assert_settled()


@pytest.mark.parametrize("number", [1, 9, 11, 14, 46])
def test_a_first_build_that_is_killed_leaves_nothing_that_the_second_does_not_mend(tmp_path: Path, number: int) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.write("b.md", GOOD)
    assert yard.build_killed(before_change=number)
    yard.build()
    assert left_half_written(yard.public) + left_half_written(yard.posts) == []
    yard.assert_settled()
    yard.assert_as_built_anew()


def test_the_ledger_is_told_of_news_and_of_nothing_else(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.build()
    yard.build()
    yard.write("b.md", GOOD.replace(b"Text", b"Other"))
    yard.build()
    (yard.posts / "b.md").unlink()
    yard.build()
    yard.build()
    assert yard.news == [True, False, True, True, False]


def test_the_ledger_hears_of_a_doubtful_post_twice_that_it_is_and_that_it_is_known_now(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.build()
    yard.write("copy.md", GOOD)
    for _ in range(3):
        yard.build()
    assert yard.news == [True, True, True, False]


def test_a_zipped_file_of_the_writers_own_is_as_good_as_ours(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    yard.write("notes.txt", b"some notes, " * 100)
    yard.write("notes.txt.gz", b"zipped by hand")
    assert not yard.build(is_zipped=True).problems
    assert (yard.public / "notes.txt.gz").read_bytes() == b"zipped by hand"
    time.sleep(2.1)
    yard.build()
    assert yard.build().written == 0


def test_what_cannot_be_read_is_told_and_stops_no_other(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "site")
    yard.write("a.md", GOOD)
    (yard.posts / "lost").symlink_to(yard.posts / "nowhere")
    (problem,) = yard.build().problems
    assert str(problem) == "posts/lost: it can't be read, wanted is a file or folder that you may read"
    assert (yard.public / "2026" / "11" / "a" / "index.html").is_file()

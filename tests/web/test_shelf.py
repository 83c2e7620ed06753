"""Files that change while they are served."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from gzip import compress, decompress
from hashlib import sha256
from pathlib import Path

import pytest

from publisher.web.files.shelf import SMALL_BYTES, Shelf, later
from tests.servers.loopback import wait_until
from tests.web.asking import Ground, Served, ground, served

TEXT = b"The gauge stood dry at noon. " * 200


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("shelf") / "site") as found:
        yield found


@pytest.fixture(scope="module", params=["publisher", "publisher without its shortcut"])
def web(request: pytest.FixtureRequest, site: Ground) -> Iterator[Served]:
    with served(request.param, site) as found:
        yield found


def put(path: Path, data: bytes, *, at: float | None = None) -> None:
    """As a build does: whole, by rename."""
    new = path.with_name(f".new-{path.name}")
    new.write_bytes(data)
    if at is not None:
        os.utime(new, (at, at))
    new.replace(path)


def digest(data: bytes) -> str:
    return f'"{sha256(data).hexdigest()[:32]}"'


def test_every_etag_is_made_of_the_bytes_that_are_sent(web: Served) -> None:
    for path in ("/", "/rss.xml", "/note.txt", "/bell.mp3"):
        for wish in ("identity", "gzip"):
            answer = web.get(path, Accept_Encoding=wish)
            assert answer.headers["ETag"] == digest(answer.body)


def test_a_new_version_is_sent_at_once_and_its_date_is_later(web: Served) -> None:
    """However fast one follows the other: the date of the first is no proof that one has the second."""
    path = web.ground.output / "tide.txt"
    put(path, TEXT)
    versions = [web.get("/tide.txt")]
    for number in range(3):
        put(path, TEXT + b"%d" % number)
        found = web.get("/tide.txt", If_Modified_Since=versions[-1].headers["Last-Modified"])
        assert found.status == 200
        assert found.body == TEXT + b"%d" % number
        versions.append(found)
    assert len({version.headers["ETag"] for version in versions}) == 4
    dates = [parsedate_to_datetime(version.headers["Last-Modified"]).timestamp() for version in versions]
    assert dates == sorted(dates)
    assert dates[-1] <= time.time()

    def date() -> float:
        return parsedate_to_datetime(web.get("/tide.txt").headers["Last-Modified"]).timestamp()

    wait_until(lambda: date() > dates[0] + 2, "a date of its own, when that is not in the future any more")
    assert date() <= time.time()
    known = web.get("/tide.txt")
    assert web.get("/tide.txt", If_Modified_Since=known.headers["Last-Modified"]).status == 304


def test_a_version_that_is_dated_back_is_later_all_the_same(web: Served) -> None:
    path = web.ground.output / "back.txt"
    put(path, TEXT, at=1_780_000_000)
    first = web.get("/back.txt")
    put(path, TEXT + b"!", at=1_770_000_000)
    assert web.get("/back.txt", If_Modified_Since=first.headers["Last-Modified"]).status == 200
    assert web.get("/back.txt").headers["Last-Modified"] == formatdate(1_780_000_001, usegmt=True)


def test_the_same_bytes_written_again_keep_their_etag(web: Served) -> None:
    path = web.ground.output / "same.txt"
    put(path, TEXT)
    first = web.get("/same.txt")
    put(path, TEXT)
    assert web.get("/same.txt", If_None_Match=first.headers["ETag"]).status == 304


def test_a_file_that_is_written_in_place_with_its_old_time_is_seen_to_be_another(web: Served) -> None:
    path = web.ground.output / "place.txt"
    put(path, TEXT, at=1_780_000_000)
    first = web.get("/place.txt")
    path.write_bytes(TEXT.replace(b"dry", b"wet"))
    os.utime(path, (1_780_000_000, 1_780_000_000))
    second = web.get("/place.txt", If_None_Match=first.headers["ETag"])
    assert (second.status, second.body) == (200, TEXT.replace(b"dry", b"wet"))


def test_a_file_from_the_future_is_dated_now(web: Served) -> None:
    put(web.ground.output / "future.txt", TEXT, at=time.time() + 1e6)
    date = parsedate_to_datetime(web.get("/future.txt").headers["Last-Modified"]).timestamp()
    assert time.time() - 60 < date <= time.time()


def test_a_file_that_goes_is_gone_and_may_come_back(web: Served) -> None:
    path = web.ground.output / "ebb.txt"
    for data in (TEXT, TEXT + b"again"):
        put(path, data)
        assert [web.get("/ebb.txt").body for _ in range(2)] == [data, data]
        path.unlink()
        assert [web.get("/ebb.txt").status for _ in range(2)] == [404, 404]


def test_a_page_whose_folder_becomes_a_file_is_not_sent_any_more(web: Served) -> None:
    folder = web.ground.output / "turn"
    folder.mkdir()
    put(folder / "index.html", TEXT)
    assert web.get("/turn/").body == TEXT
    (folder / "index.html").unlink()
    folder.rmdir()
    put(folder, TEXT)
    assert web.get("/turn/").status == 404
    assert web.get("/turn").body == TEXT
    folder.unlink()


def test_body_and_validators_belong_together_while_builds_go_on(web: Served) -> None:
    """Eight readers, and a file that is replaced all the time, its `.gz` after it."""
    path = web.ground.output / "storm.txt"
    put(path, TEXT)
    is_over = threading.Event()
    torn: list[str] = []
    seen: set[str] = set()

    def read(wish: str) -> None:
        while not is_over.is_set():
            answer = web.get("/storm.txt", Accept_Encoding=wish)
            seen.add(answer.headers["ETag"])
            body = decompress(answer.body) if answer.headers["Content-Encoding"] else answer.body
            number = body.removeprefix(TEXT)
            if answer.headers["ETag"] != digest(answer.body) or body != TEXT + number or len(set(number)) > 1:
                torn.append(repr(answer))

    readers = [threading.Thread(target=read, args=(wish,)) for wish in ("identity", "gzip") * 4]
    for reader in readers:
        reader.start()
    for number in range(200):
        data = TEXT + b"%d" % (number % 10) * (number + 1)
        put(path, data)
        put(path.with_name("storm.txt.gz"), compress(data, mtime=0))
    is_over.set()
    for reader in readers:
        reader.join()
    assert torn == []
    assert len(seen) > 2


def test_the_gz_beside_a_file_is_sent_if_it_is_as_new_and_holds_the_same(web: Served) -> None:
    path, beside = web.ground.output / "packed.txt", web.ground.output / "packed.txt.gz"
    ours, other = compress(TEXT, 1, mtime=7), compress(TEXT + b"?", mtime=0)

    def sent(data: bytes, at: float) -> bytes:
        """With a `.gz` that is seen by the time that is promised."""
        put(beside, data, at=at)
        time.sleep(0.15)
        answer = web.get("/packed.txt", Accept_Encoding="gzip")
        assert decompress(answer.body) == TEXT
        assert answer.headers["ETag"] == digest(answer.body)
        return answer.body

    put(path, TEXT, at=1_780_000_000)
    assert web.get("/packed.txt", Accept_Encoding="gzip").body != ours
    assert sent(ours, 1_780_000_000) == ours
    assert sent(ours, 1_780_000_001) == ours
    assert sent(ours, 1_779_999_999) != ours
    for wrong in (other, ours[:-1], ours + b"x", ours + ours, b"", b"no gzip at all"):
        assert sent(wrong, 1_780_000_001) != wrong


def test_what_is_compressed_here_is_the_same_every_time(site: Ground, web: Served) -> None:
    put(site.output / "alike.txt", TEXT)
    first = web.get("/alike.txt", Accept_Encoding="gzip")
    with served("publisher", site) as other:
        again = other.get("/alike.txt", Accept_Encoding="gzip")
    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    assert first.body[4:8] == bytes(4), "no time in its head"


def test_what_becomes_no_smaller_is_sent_as_it_is(web: Served) -> None:
    noise = os.urandom(2000)
    put(web.ground.output / "noise.txt", noise)
    answer = web.get("/noise.txt", Accept_Encoding="gzip")
    assert (answer.body, answer.headers["Content-Encoding"]) == (noise, None)
    assert web.get("/noise.txt", Accept_Encoding="gzip", If_None_Match=answer.headers["ETag"]).status == 304


# -- large files


def test_a_large_file_is_sent_whole_in_parts_and_not_at_all(web: Served) -> None:
    sound = os.urandom(1000) * (SMALL_BYTES // 1000 + 1)
    put(web.ground.output / "long.mp3", sound)
    whole = web.get("/long.mp3", Accept_Encoding="gzip")
    assert (whole.status, whole.body == sound, whole.headers["ETag"]) == (200, True, digest(sound))
    part = web.get("/long.mp3", Range="bytes=3999990-4000009", If_Range=whole.headers["ETag"])
    assert (part.status, part.body) == (206, sound[3999990:4000010])
    assert web.get("/long.mp3", Range="bytes=-300").body == sound[-300:]
    assert web.get("/long.mp3", Range=f"bytes={len(sound)}-").status == 416
    assert web.get("/long.mp3", If_None_Match=whole.headers["ETag"]).status == 304
    assert web.get("/long.mp3", If_Modified_Since=whole.headers["Last-Modified"]).status == 304
    head = web.ask("HEAD", "/long.mp3")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(sound)))
    put(web.ground.output / "long.mp3", sound[::-1])
    again = web.get("/long.mp3", Range="bytes=0-9", If_Range=whole.headers["ETag"])
    assert (again.status, again.body == sound[::-1]) == (200, True)


# -- the list of moved addresses


def test_the_list_is_read_again_when_it_changes(tmp_path: Path) -> None:
    with ground(tmp_path / "site") as site, served("publisher", site) as web:
        path = site.output / "_redirects"
        assert web.get("/feed").status == 301
        put(
            path,
            b"/elsewhere/ /rss.xml 301\n/rss.xml /atom.xml 301\n/gone 410\n/2019/ / 302\n# a note\n/b /404.html 410\n",
        )
        wait_until(lambda: web.get("/elsewhere").headers["Location"] == "/rss.xml", "the new list", seconds=2)
        assert web.get("/feed").status == 404
        assert web.get("/rss.xml").status == 200, "what is there is served"
        assert [web.get(name).status for name in ("/gone", "/2019/", "/b/")] == [404, 404, 410]
        path.unlink()
        wait_until(lambda: web.get("/elsewhere").status == 404, "no list", seconds=2)


# -- the shelf itself


def test_the_shelf_lets_go_of_what_nobody_asked_for_longest(site: Ground, tmp_path: Path) -> None:
    shelf = Shelf(site.site, limit_bytes=100_000)
    for name in "abcdef":
        (tmp_path / f"{name}.txt").write_bytes(TEXT * 3)
    for name in "abc":
        shelf.read(f"/{name}.txt", tmp_path / f"{name}.txt", f"{name}.txt")
    assert all(shelf.find(f"/{name}.txt") for name in "abc")
    shelf.find("/a.txt")
    for name in "def":
        shelf.read(f"/{name}.txt", tmp_path / f"{name}.txt", f"{name}.txt")
        assert shelf.find("/a.txt")
    kept = [name for name in "abcdef" if shelf.find(f"/{name}.txt")]
    assert kept[0] == "a"
    assert kept[-1] == "f"
    assert len(kept) == 4


@pytest.mark.parametrize(
    ("modified", "now", "before", "found"),
    [
        (100, 200, None, 100),
        (100, 200, (False, 50), 100),
        (100, 200, (False, 100), 101),
        (100, 200, (False, 150), 151),
        (100, 200, (True, 100), 100),
        (100, 200, (True, 150), 150),
        (201, 200, None, 201),
        (1000, 200, None, 200),
        (1000, 200, (False, 200), 201),
    ],
)
def test_a_version_is_later_than_the_one_before(
    modified: int, now: int, before: tuple[bool, int] | None, found: int
) -> None:
    assert later(modified, now, before) == found


def test_a_site_without_a_hub_names_none(site: Ground) -> None:
    publication = replace(site.publication, site=replace(site.site, websub_hub=None))
    with served("publisher", replace(site, publication=publication)) as web:
        assert web.get("/rss.xml").headers["Link"] == '<https://tides.example/rss.xml>; rel="self"'

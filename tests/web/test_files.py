"""The built site on the web: RFC 9110, sections 8.8, 13.1, 14 and 15.4.5."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path

import pytest

from publisher.actions.tick import publish_and_scan
from tests.site import POST, Answer, Web, new_site, served

SOUND = bytes(range(256)) * 40
PAGE = "/2026/11/low-water/"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = new_site(tmp_path_factory.mktemp("files") / "site")
    (folder / "posts" / "bell.mp3").write_bytes(SOUND)
    (folder / "posts" / "plan.pdf").write_bytes(b"%PDF-1.4")
    (folder / "posts" / "ebb \u00fc 1.txt").write_text("ebb")
    (folder / "posts" / "odd.xyz").write_bytes(b"<script>")
    with served(folder) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        (PAGE, "text/html; charset=utf-8"),
        ("/tags/tides/", "text/html; charset=utf-8"),
        ("/archive/", "text/html; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/tags/tides/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/tags/tides/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/bell.mp3", "audio/mpeg"),
        ("/plan.pdf", "application/pdf"),
        ("/ebb%20%C3%BC%201.txt", "text/plain; charset=utf-8"),
        ("/odd.xyz", "application/octet-stream"),
    ],
)
def test_every_file_says_what_it_is_and_head_says_the_same(web: Web, path: str, kind: str) -> None:
    page, head = web.get(path), web.ask("HEAD", path)
    assert (page.status, page.headers["Content-Type"]) == (200, kind)
    assert int(page.headers["Content-Length"]) == len(page.body) > 0
    assert (head.status, head.body) == (200, b"")
    assert _headers(head) == _headers(page)


def test_a_query_is_no_other_file(web: Web) -> None:
    assert web.get("/style.css?12345678").body == web.get("/style.css").body


def test_feeds_are_for_every_origin_and_pages_for_a_quarter_of_an_hour(web: Web) -> None:
    for path in ("/rss.xml", "/tags/tides/atom.xml"):
        feed = web.get(path)
        assert feed.headers["Access-Control-Allow-Origin"] == "*"
        assert {"ETag", "Last-Modified"} <= set(feed.headers["Access-Control-Expose-Headers"].split(", "))
    for path in ("/rss.xml", "/", PAGE, "/style.css", "/bell.mp3"):
        assert web.get(path).headers["Cache-Control"] == "public, max-age=900"
        assert web.get(path).headers["Set-Cookie"] is None


def test_the_etag_is_strong_and_made_of_the_bytes(web: Web) -> None:
    for path in ("/", "/rss.xml", "/atom.xml", "/style.css"):
        answer = web.get(path)
        assert answer.headers["ETag"] == f'"{sha256(answer.body).hexdigest()[:32]}"'


@pytest.mark.parametrize("path", ["/rss.xml", "/", "/style.css"])
@pytest.mark.parametrize("form", ["{0}", '"other", {0}', '{0},"other"', "W/{0}", "*", ' "a,b" , {0} '])
def test_a_reader_that_has_these_bytes_gets_304(web: Web, path: str, form: str) -> None:
    known = web.get(path)
    assert _is_304(web.get(path, If_None_Match=form.format(known.headers["ETag"])), known)


@pytest.mark.parametrize("form", ['"other"', 'W/"other"', "", "{1}", '"*"'])
def test_a_reader_that_has_others_gets_the_file(web: Web, form: str) -> None:
    known = web.get("/rss.xml")
    tag = known.headers["ETag"]
    assert web.get("/rss.xml", If_None_Match=form.format(tag, tag.strip('"'))).status == 200


def test_a_date_alone_is_enough(web: Web) -> None:
    known = web.get("/rss.xml")
    assert _is_304(web.get("/rss.xml", If_Modified_Since=known.headers["Last-Modified"]), known)
    at = parsedate_to_datetime(known.headers["Last-Modified"])
    later, earlier = (format_datetime(at + timedelta(seconds=s), usegmt=True) for s in (1, -1))
    assert web.get("/rss.xml", If_Modified_Since=later).status == 304
    assert web.get("/rss.xml", If_Modified_Since=earlier).status == 200


def test_the_etag_wins_over_the_date(web: Web) -> None:
    known = web.get("/rss.xml")
    date, tag = known.headers["Last-Modified"], known.headers["ETag"]
    old = "Sat, 01 Jan 2000 00:00:00 GMT"
    assert web.get("/rss.xml", If_None_Match='"other"', If_Modified_Since=date).status == 200
    assert web.get("/rss.xml", If_None_Match=tag, If_Modified_Since=old).status == 304


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 07:00:00 GMT", "Sun, 22 Nov 99999 07:00:00 GMT"])
def test_a_date_that_is_none_is_passed_over(web: Web, date: str) -> None:
    assert web.get("/rss.xml", If_Modified_Since=date).status == 200


def test_nobody_gets_304_who_did_not_ask(web: Web) -> None:
    assert [web.get("/rss.xml").status for _ in range(3)] == [200, 200, 200]


def test_a_changed_file_is_another_one_at_once_and_never_from_the_future(tmp_path: Path) -> None:
    folder = new_site(tmp_path / "site")
    with served(folder) as web:
        before = web.get("/rss.xml")
        os.utime(folder / "public" / "rss.xml", (2e9, 2e9))
        from_future = parsedate_to_datetime(web.get("/rss.xml").headers["Last-Modified"])
        assert from_future <= datetime.now(UTC)
        (folder / "posts" / "low-water.md").write_text(POST.replace("noon", "midnight"))
        publish_and_scan(web.publication, web.clock())
        after = web.get("/rss.xml", If_None_Match=before.headers["ETag"])
        assert (after.status, b"midnight" in after.body) == (200, True)
        assert after.headers["ETag"] != before.headers["ETag"]


def test_a_folder_without_its_slash_leads_to_the_one_with_it(web: Web) -> None:
    for path in ("/tags/tides", "/archive", PAGE.rstrip("/")):
        answer = web.get(path)
        assert (answer.status, answer.headers["Location"]) == (301, f"{path}/")
    assert web.get("//archive").headers["Location"] in (None, "/archive/")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/rss.xml/",
        "/rss.xml/more",
        "/tags/",
        "/posts/low-water.md",
        "/.publisher",
        "/.env",
        "/../.env",
        "/%2e%2e/.env",
        "/..%2f.env",
        "/tags/../../.env",
        "/tags/..%2f..%2f.env",
        "/..%5c.env",
        "/%2e%2e%2fvar%2fpublisher.db",
        "/../var/publisher.db",
        "/public/../../var/publisher.db",
        "//etc/passwd",
        "///etc/passwd",
        "/%2Fetc/passwd",
        "/%2fetc%2fpasswd",
        "/rss.xml%00",
        "/%00",
        "/" + "a" * 300,
        "/" + "a/" * 3000,
        "/%ff%fe",
        "/~root",
        "/index.html/..",
    ],
)
def test_nothing_but_the_site_is_on_the_web(web: Web, path: str) -> None:
    answer = web.get(path)
    assert answer.status == 404
    assert "Nothing here" in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["ETag"] is None


def test_files_of_the_machine_are_not_on_the_web_by_their_full_path(web: Web) -> None:
    for path in (web.publication.folders.state / "publisher.db", web.publication.folders.site / "posts" / "plan.pdf"):
        assert web.get(f"/{path}").status == 404
        assert web.get("/" + str(path).replace("/", "%2F")).status == 404


def test_before_the_first_build_there_is_still_an_answer(tmp_path: Path) -> None:
    with served(tmp_path / "site") as web:
        (web.publication.folders.output / "404.html").unlink()
        assert web.get("/nothing").text == "There is nothing at this address.\n"


def test_a_sound_can_be_heard_from_the_middle(web: Web) -> None:
    whole = web.get("/bell.mp3")
    assert (whole.body, whole.headers["Accept-Ranges"]) == (SOUND, "bytes")
    middle = web.get("/bell.mp3", Range="bytes=100-199")
    assert (middle.status, middle.body) == (206, SOUND[100:200])
    assert middle.headers["Content-Range"] == f"bytes 100-199/{len(SOUND)}"
    end = web.get("/bell.mp3", Range="bytes=-5")
    assert (end.status, end.body) == (206, SOUND[-5:])
    rest = web.get("/bell.mp3", Range=f"bytes={len(SOUND) - 1}-", If_Range=whole.headers["ETag"])
    assert (rest.status, rest.body) == (206, SOUND[-1:])
    assert web.get("/bell.mp3", Range="bytes=0-9", If_Range='"other"').body == SOUND
    assert web.get("/bell.mp3", Range=f"bytes={len(SOUND)}-").status == 416
    head = web.ask("HEAD", "/bell.mp3")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(SOUND)))


def test_a_player_that_has_the_sound_gets_304(web: Web) -> None:
    known = web.get("/bell.mp3")
    assert web.get("/bell.mp3", If_None_Match=known.headers["ETag"]).status == 304
    assert web.get("/bell.mp3", If_Modified_Since=known.headers["Last-Modified"]).status == 304


def _is_304(answer: Answer, known: Answer) -> bool:
    """It carries what a cache must know, and no body."""
    assert (answer.status, answer.body) == (304, b"")
    for name in ("ETag", "Last-Modified", "Cache-Control"):
        assert answer.headers[name] == known.headers[name]
    assert answer.headers["Content-Type"] is None
    return True


def _headers(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}

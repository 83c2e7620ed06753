"""What is sent."""

import pytest

from tests.web.asking import Served
from tests.web.conformance.rules import FILES, PAGE, TEXTS, headers_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        (PAGE, "text/html; charset=utf-8"),
        ("/tags/b%C3%A4r/", "text/html; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/tags/tides/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/note.txt", "text/plain; charset=utf-8"),
        ("/bell.mp3", "audio/mpeg"),
        ("/odd.xyz", "application/octet-stream"),
    ],
)
def test_every_file_says_what_it_is(web: Served, path: str, kind: str) -> None:
    for encoding in ("identity", "gzip"):
        answer = web.get(path, Accept_Encoding=encoding)
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_bytes_are_those_of_the_file(web: Served) -> None:
    for path, name in {
        "/": "index.html",
        PAGE: f"{PAGE[1:]}index.html",
        "/rss.xml": "rss.xml",
        "/bell.mp3": "bell.mp3",
    }.items():
        answer = web.get(path)
        assert answer.body == (web.ground.output / name).read_bytes()
        assert answer.headers.get_all("Content-Length") == [str(len(answer.body))]
        assert web.get(f"{path}?v=12345678").body == answer.body


def test_everything_may_be_kept_for_a_quarter_of_an_hour_and_nobody_gets_a_cookie(web: Served) -> None:
    for path in FILES:
        answer = web.get(path)
        assert answer.headers.get_all("Cache-Control") == ["public, max-age=900"]
        assert answer.headers["Set-Cookie"] is None


def test_head_is_get_without_the_body(web: Served) -> None:
    for path in FILES:
        answer, head = web.get(path), web.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert headers_of(head) == headers_of(answer)


def test_head_of_a_compressed_text_is_get_without_the_body(web: Served) -> None:
    for path in TEXTS:
        answer, head = (web.ask(method, path, Accept_Encoding="gzip") for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (200, b"")
        assert headers_of(head) == headers_of(answer)

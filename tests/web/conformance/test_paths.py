"""Which paths lead where."""

import pytest

from tests.web.asking import Served
from tests.web.conformance.rules import PAGE, once


def test_a_folder_without_its_slash_leads_to_the_one_with_it(web: Served) -> None:
    for path in ("/tags/tides", "/archive", PAGE.rstrip("/"), "/tags/b%C3%A4r"):
        for query in ("", "?a=b&c=%20d"):
            answer = web.get(f"{path}{query}")
            assert (answer.status, answer.headers["Location"]) == (301, f"{web.root}{path}/{query}")
    if web.root:
        top = web.get("?a=b")
        assert (top.status, top.headers["Location"]) == (301, f"{web.root}/?a=b")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/nothing/",
        "/nothing.mp3",
        "/nothing.xml",
        "/tags/nothing/rss.xml",
        "/rss.xml/",
        "/rss.xml/more",
        "/empty-folder/",
        "/empty-folder/more/",
        "/.hidden",
        "/.publisher",
        "/.well/known.txt",
        "/%2ehidden",
        "/_redirects",
        "/..%5c.env",
        "/" + "a" * 300,
        "/%ff%fe",
    ],
)
def test_what_is_not_there_is_not_found(web: Served, path: str) -> None:
    answer = web.get(path)
    assert (answer.status, answer.body) == (404, (web.ground.output / "404.html").read_bytes())
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert web.get(path, If_None_Match="*").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../.env",
        "/%2e%2e/.env",
        "/..%2f.env",
        "/tags/..%2f..%2f.env",
        "/../../../../../etc/passwd",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/rss.xml%00",
    ],
)
def test_nothing_but_the_site_is_on_the_web(web: Served, path: str) -> None:
    answer = web.get(path)
    assert answer.status in (400, 404) or not answer.body, "an empty answer is for what lies beside the site"
    assert b"PUBLISHER" not in answer.body
    assert b"root:" not in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_files_are_only_read(web: Served, method: str) -> None:
    for path in ("/rss.xml", "/", "/bell.mp3"):
        answer = web.ask(method, path)
        assert answer.status == 405
        assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/feed/", "/rss.xml"),
        ("/feed", "/rss.xml"),
        ("/feed?a=b", "/rss.xml"),
        ("/2020/old%20name/", PAGE),
        ("/b%C3%A4r/", "/archive/"),
        ("/b%c3%a4r", "/archive/"),
    ],
)
def test_an_old_address_leads_to_the_new_one(web: Served, old: str, new: str) -> None:
    answer = web.get(old)
    assert (answer.status, answer.headers["Location"]) == (301, f"{web.root}{new}")
    assert once(answer, "Cache-Control") == "public, max-age=900"
    assert web.get(new).status == 200


def test_an_old_address_may_lead_to_another_site(web: Served) -> None:
    answer = web.get("/cash$/")
    assert (answer.status, answer.headers["Location"]) == (301, "https://elsewhere.example/cash?a=b#c")


def test_a_withdrawn_post_is_gone(web: Served) -> None:
    for path in ("/2020/withdrawn/", "/2020/withdrawn"):
        answer = web.get(path)
        assert (answer.status, answer.body) == (410, (web.ground.output / "404.html").read_bytes())
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers.get_all("Cache-Control") == ["no-store"]

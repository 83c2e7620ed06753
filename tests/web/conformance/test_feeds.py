"""Feeds for scripts and hubs."""

from tests.web.asking import HUB, Served
from tests.web.conformance.rules import FEEDS, once


def test_feeds_are_for_scripts_of_every_origin(web: Served) -> None:
    for path in FEEDS:
        for condition in ({}, {"If_None_Match": "*"}):
            answer = web.get(path, Origin="https://reader.example", **condition)
            assert once(answer, "Access-Control-Allow-Origin") == "*"
            exposed = once(answer, "Access-Control-Expose-Headers") or ""
            assert {"ETag", "Last-Modified", "Link"} <= set(exposed.split(", "))
    assert web.get("/", Origin="https://reader.example").headers["Access-Control-Allow-Origin"] is None


def test_a_script_may_ask_with_an_etag(web: Served) -> None:
    for path in FEEDS:
        answer = web.ask(
            "OPTIONS",
            path,
            Origin="https://reader.example",
            Access_Control_Request_Method="GET",
            Access_Control_Request_Headers="if-none-match",
        )
        assert (answer.status, answer.body) == (204, b"")
        assert once(answer, "Access-Control-Allow-Origin") == "*"
        assert "GET" in (once(answer, "Access-Control-Allow-Methods") or "")
        assert "If-None-Match" in (once(answer, "Access-Control-Allow-Headers") or "")


def test_a_feed_names_itself_once_and_its_hub(web: Served) -> None:
    for path in FEEDS:
        for asked in (path, f"{path}?utm_source=x"):
            [link] = web.get(asked, Accept_Encoding="gzip").headers.get_all("Link") or []
            assert link == f'<{HUB}>; rel="hub", <{web.ground.site.absolute(path)}>; rel="self"'
    assert web.get("/").headers["Link"] is None

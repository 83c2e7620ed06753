"""A site whose address holds a path, or whose links lead to another host than its pages."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.site import Web, served

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with served(tmp_path_factory.mktemp("prefix") / "site", path="/blog") as found:
        yield found


def test_all_pages_and_feeds_stand_below_the_path(web: Web) -> None:
    for path in (
        "/",
        "/rss.xml",
        "/atom.xml",
        "/2026/11/low-water/",
        "/tags/tides/",
        "/subscribe",
        "/style.css",
        "/healthz",
    ):
        assert web.get(f"/blog{path}").status == 200, path
    assert f"http://127.0.0.1:{web.port}/blog/2026/11/low-water/" in web.get("/blog/rss.xml").text
    assert 'href="/blog/style.css' in web.get("/blog/").text


def test_the_path_and_its_folders_without_a_slash_lead_to_those_with_one(web: Web) -> None:
    for path in ("/blog", "/blog/archive", "/blog/tags/tides"):
        answer = web.get(path)
        assert (answer.status, urlsplit(answer.headers["Location"]).path) == (301, f"{path}/")


def test_what_is_not_there_is_not_found(web: Web) -> None:
    for path in (
        "/blog/nothing",
        "/blog//etc/passwd",
        "/blog/%2Fetc/passwd",
        "/blog/.publisher",
        "/blogs/",
        "/blogrss.xml",
    ):
        assert web.get(path).status == 404, path


def test_a_reader_joins_and_leaves_below_the_path(web: Web) -> None:
    joined = web.sign_up(ANN)
    assert "Path=/blog" in joined.headers["Set-Cookie"].split("; ")
    path = web.confirm_path(ANN)
    assert path.startswith("/blog/confirm/")
    form = web.get(path).form
    assert form.action == path
    assert web.press(form).status == 200
    assert web.standing(ANN) == "active"
    leave = web.get(web.leave_path(ANN)).form
    assert leave.action.startswith("/blog/u/")
    web.press(leave)
    assert web.standing(ANN) == "gone"


def test_a_proxy_that_takes_the_path_away_gets_pages_whose_buttons_have_it(web: Web) -> None:
    ben = "ben@example.org"
    assert web.get("/subscribe").form.action == "/blog/subscribe"
    web.sign_up(ben)
    path = web.confirm_path(ben)
    assert web.get(path.removeprefix("/blog")).form.action == path
    assert web.get(web.leave_path(ben).removeprefix("/blog")).form.action == web.leave_path(ben)
    assert web.get("/archive").headers["Location"] == "/blog/archive/"
    assert web.get("/rss.xml").status == 200


@pytest.mark.parametrize("service", ["https://letters.example.org", "https://example.org/letters"])
def test_links_lead_to_the_service_where_the_pages_are_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, service: str
) -> None:
    root = urlsplit(service).path
    with served(tmp_path_factory.mktemp("service") / "site", path="/blog", changes={"service_url": service}) as web:
        assert (
            f'action="{service}/subscribe"' in (web.publication.folders.output / "subscribe" / "index.html").read_text()
        )
        form = web.get(f"{root}/subscribe").form
        assert form.action == f"{root}/subscribe"
        joined = web.press(form, email=ANN)
        assert f"Path={root or '/'}" in joined.headers["Set-Cookie"].split("; ")
        assert f"{service}/confirm/" in str(web.letters(ANN)[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]
        path = web.confirm_path(ANN)
        assert web.press(web.get(path).form).status == 200
        assert web.standing(ANN) == "active"
        style = web.get(path).text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert web.get(style).status == 200

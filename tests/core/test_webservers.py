"""What the snippets say; that the servers do it is in tests/web/test_conformance.py."""

from zoneinfo import ZoneInfo

import pytest

from publisher.core.media import TYPES
from publisher.core.model import Site
from publisher.core.moved import Moved
from publisher.core.webservers import caddy, nginx

WRITERS = {"nginx": nginx, "caddy": caddy}


def site(url: str = "https://tides.example", hub: str | None = None) -> Site:
    return Site(
        url=url,
        service_url=url,
        title="Tides",
        description="",
        language="en",
        timezone=ZoneInfo("UTC"),
        websub_hub=hub,
    )


@pytest.mark.parametrize("server", WRITERS)
def test_the_same_site_gives_the_same_text_whatever_the_order(server: str) -> None:
    moves = [Moved(old="/b/", new="/c/"), Moved(old="/a/", new="/c/"), Moved(old="/d/", new=None)]
    write = WRITERS[server]
    text = write(site(), output="/srv/tides", moved=moves)
    assert text == write(site(), output="/srv/tides/", moved=reversed(moves))
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("server", WRITERS)
def test_every_type_is_told(server: str) -> None:
    text = WRITERS[server](site(), output="/srv/tides", moved=())
    for ending, kind in TYPES.items():
        assert ending.removeprefix(".") in text
        assert f'"{kind}"' in text


@pytest.mark.parametrize("server", WRITERS)
def test_no_path_ends_a_word_early(server: str) -> None:
    moves = [Moved(old='/a" ; b {}/', new='/c"; d$e {f}/')]
    text = WRITERS[server](site(hub="https://hub.example/${x}"), output='/srv/"tides" here', moved=moves)
    assert '"/a\\" ; b {}"' in text
    assert '"/c%22;%20d%24e%20%7Bf%7D/"' in text
    assert '"/srv/\\"tides\\" here' in text
    assert "https://hub.example/%24%7Bx%7D" in text


def test_nothing_moved_leaves_no_empty_map() -> None:
    assert "map " not in caddy(site(), output="/srv/tides", moved=())
    assert "return 301" not in nginx(site(), output="/srv/tides", moved=())


@pytest.mark.parametrize("server", WRITERS)
def test_a_feed_names_the_host_of_the_site_and_no_hub_where_there_is_none(server: str) -> None:
    text = WRITERS[server](site("https://tides.example/notes"), output="/srv/tides", moved=())
    assert "<https://tides.example" in text
    assert 'rel=\\"hub\\"' not in text
    assert 'rel=\\"hub\\"' in WRITERS[server](site(hub="https://hub.example/"), output="/srv/tides", moved=())

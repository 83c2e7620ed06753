"""What `check` says of links and pictures that lead nowhere, and of none of the others."""

import pytest

from publisher.core.links import broken_links
from publisher.core.markdown import render_markdown
from publisher.core.model import Problem
from publisher.core.place import Place, Surroundings
from tests.core.readthrough import asset, site

ASSETS = {"pot.png": asset("pot.png")}
PATHS = {"a.md": "/2026/11/a/", "b.md": "/2026/11/b/"}
KNOWN = {"/2026/11/a/", "/2026/11/b/", "/pot.png"}


def look(body: str, *, head: str = "---\ndate: 2026-11-01\n---\n") -> list[Problem]:
    where = site()
    place = Place(Surroundings(where, ASSETS, PATHS), "https://example.org/2026/11/a/", "a.md")
    return broken_links(render_markdown(body), head + body, place, file="posts/a.md", known=KNOWN)


@pytest.mark.parametrize(
    "body",
    [
        "[b](b.md)",
        "![](pot.png)",
        "[b](../b/)",
        "[b](../b/#part)",
        "[somewhere](../nowhere/)",  # a folder may be another program's
        "[root](/nowhere.html)",  # so may any path from the root
        "[up](..)",
        "[here](.)",
        "[up](../..)",
        "[part](#part)",
        "[query](?q=1)",
        "[out](https://example.com/x.md)",
        "[mail](mailto:a@b.org)",
        "[own words](<>)",
        "`[code](nowhere.md)`",
    ],
)
def test_a_good_link_is_not_spoken_of(body: str) -> None:
    assert look(body) == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("[b](c.md)", "c.md leads to a post that is not there"),
        ("[b](deep/b.html#x)", "deep/b.html#x leads to a post that is not there"),
        ("![](pots.png)", "pots.png leads to a file that is not there"),
        ("[a file](../paper.pdf)", "../paper.pdf leads to a file that is not there"),
        ('<video src="x.mp4"></video>', "x.mp4 leads to a file that is not there"),
        ('<img srcset="pot.png 1x, no.png 2x">', "no.png leads to a file that is not there"),
        ('<a href="http://[bad">bad</a>', "http://[bad is no address"),
        ("[bad](https:///x)", "https:///x names no host"),
        ("[bad](http:)", "http: names no host"),
    ],
)
def test_a_bad_link_is_told_with_its_line(body: str, what: str) -> None:
    (problem,) = look(f"Words\n\nand {body}\n")
    assert (problem.file, problem.line, problem.severity) == ("posts/a.md", 6, "warning")
    assert problem.what == what
    assert problem.wanted.startswith("wanted is")


def test_a_bad_link_is_told_once_however_often_it_stands_there() -> None:
    assert [problem.what[:4] for problem in look("[a](x.md) [b](x.md) ![](y.png)")] == ["x.md", "y.pn"]


def test_a_link_that_is_written_otherwise_than_it_is_read_has_no_line() -> None:
    (problem,) = look("[a](x&amp;y.md)")
    assert problem.line is None

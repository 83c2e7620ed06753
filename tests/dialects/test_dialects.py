"""Posts as the site generators have them, read as they are."""

import json
import re
from typing import Any

import pytest

from tests.dialects.goldens import GENERATORS, made, path, sources

CODE = re.compile(r"<(pre|code|script)\b.*?</\1>|<!--.*?-->", re.DOTALL)
RAW = re.compile(r"\{%|%\}|\{\{<|\{\{%|\{:|\{filename\}|\{static\}|\|filename\||@/|\[TOC\]|^import .* from|</?[A-Z]\w+")
SHOWN_ON_PURPOSE = ("{{ ice }}", "{{ tide_chart() }}")


@pytest.fixture(scope="module", params=GENERATORS)
def generator(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def library(generator: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made(generator))
    return found


def test_the_posts_are_what_they_were(generator: str) -> None:
    assert made(generator) == path(generator).read_text(encoding="utf-8")


def test_no_tag_of_a_generator_reaches_a_reader_raw(library: dict[str, Any]) -> None:
    for post in library["posts"].values():
        html = CODE.sub("", "\n".join(post["html"]))
        assert not RAW.search(html)
        for text in SHOWN_ON_PURPOSE:
            html = html.replace(text, "")
        assert "{{ " not in html
        assert not RAW.search(post["summary"] + post["headline"])


def test_every_problem_names_a_line_that_is_there(generator: str, library: dict[str, Any]) -> None:
    lines = {
        f"posts/{source.path}": 1 + (source.data or b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        for source in sources(generator)
    }
    for problem in library["problems"]:
        found = re.match(r"(?:error|warning): (posts/[^:]+):(\d+): \S", problem)
        if found:
            assert 1 <= int(found[2]) <= lines[found[1]], problem
        else:
            assert "posts/name" in problem


def test_a_file_is_a_post_or_told_of_or_kept_back_by_its_own_word(generator: str, library: dict[str, Any]) -> None:
    told = "\n".join(library["problems"])
    silent = [
        str(source.path)
        for source in sources(generator)
        if str(source.path) not in library["posts"] and f"posts/{source.path}:" not in told
    ]
    assert (
        silent
        == {
            "jekyll": ["_drafts/unfinished.md", "about.md"],
            "hugo": ["posts/_index.md", "posts/later.md", "posts/old-news.md"],
            "zola": ["blog/_index.md", "blog/draft.md", "pages/about.md"],
            "eleventy": ["posts/not-written.md", "posts/sitemap.md"],
            "astro": ["blog/_hidden.md", "blog/is-draft.md"],
            "pelican": ["hidden.md", "pages/contact.md"],
            "odd": ["name\n.md"],
        }[generator]
    )

"""The stamp: what the last build said, for as long as it is true."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.disk.output import MANIFEST_NAME
from publisher.disk.stamp import (
    NAME,
    Seen,
    inputs_signature,
    outputs_signature,
    remove_stamp,
    settings_signature,
    write_stamp,
)
from tests.disk.folders import make

NOW, LATER = 1000.0, 2000.0
REPORT = {"posts": 1, "written": 0, "problems": [{"file": "posts/a\udcff.md", "what": "é"}]}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Built at NOW, with nothing to do until LATER."""
    make(tmp_path, "posts/a.md", "posts/.ids", "templates/post.html", "public/index.html", ".env", "var/build/x")
    make(tmp_path, f"public/{MANIFEST_NAME}", data=b"index.html\n")
    stamp(tmp_path)
    return tmp_path


def stamp(site: Path, output: str | None = None) -> None:
    places = {name: str(site / folder) for name, folder in PLACES.items()}
    signatures = {
        "settings": settings_signature(str(site)),
        "inputs": inputs_signature(places["posts"], places["templates"]),
        "outputs": outputs_signature(places["posts"], places["output"]),
    }
    lasts = {"from": NOW, "until": LATER, "asked_output": output}
    write_stamp(str(site), {**places, **signatures, **lasts, "report": REPORT})


PLACES = {"posts": "posts", "templates": "templates", "output": "public"}


def asked(site: Path, *, output: str | None = None, now: float = NOW) -> object:
    return Seen(str(site)).report(output, now)


def test_while_nothing_changes_it_says_what_the_build_said(site: Path) -> None:
    for now in (NOW, NOW + 1, LATER - 1):
        assert asked(site, now=now) == REPORT


def test_before_its_time_and_after_it_says_nothing(site: Path) -> None:
    assert asked(site, now=NOW - 1) is None
    assert asked(site, now=LATER) is None


def test_of_another_output_it_says_nothing(site: Path) -> None:
    assert asked(site, output="/elsewhere") is None
    stamp(site, "/elsewhere")
    assert asked(site) is None
    assert asked(site, output="/elsewhere") == REPORT


CHANGES: dict[str, Callable[[Path], object]] = {
    "a new post": lambda site: make(site, "posts/b.md"),
    "an edited post": lambda site: make(site, "posts/a.md", data=b"longer"),
    "a touched post": lambda site: os.utime(site / "posts/a.md"),
    "a post is gone": lambda site: (site / "posts/a.md").unlink(),
    "another name": lambda site: (site / "posts/a.md").rename(site / "posts/b.md"),
    "the ids": lambda site: make(site, "posts/.ids", data=b"longer"),
    "no ids": lambda site: (site / "posts/.ids").unlink(),
    "a template": lambda site: make(site, "templates/post.html", data=b"longer"),
    "a new template": lambda site: make(site, "templates/deep/own.html"),
    "a setting": lambda site: make(site, ".env", data=b"A=b"),
    "no settings": lambda site: (site / ".env").unlink(),
    "a generator's settings": lambda site: make(site, "_config.yml"),
    "a page that somebody wrote": lambda site: make(site, "public/index.html", data=b"longer"),
    "a page that somebody took away": lambda site: (site / "public/index.html").unlink(),
    "no list of pages": lambda site: (site / "public" / MANIFEST_NAME).unlink(),
    "no stamp": lambda site: remove_stamp(str(site)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_after_a_change_it_says_nothing(site: Path, change: Callable[[Path], object]) -> None:
    change(site)
    assert asked(site) is None


def test_a_setting_in_the_environment_counts_and_other_variables_do_not(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOTHER_PROGRAMS", "x")
    assert asked(site) == REPORT
    monkeypatch.setenv("PUBLISHER_SITE_TITLE", "x")
    assert asked(site) is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"null", b"\xff", b'{"asked_output": null}'])
def test_one_that_is_damaged_says_nothing(site: Path, data: bytes) -> None:
    (site / "var" / "build" / NAME).write_bytes(data)
    assert asked(site) is None


def test_what_was_left_out_of_posts_may_change(site: Path) -> None:
    make(site, "posts/_draft.md", "posts/a.md~", "posts/.a.swp", "public/foreign.html")
    assert asked(site) == REPORT


def test_to_take_it_away_twice_is_no_mistake(site: Path) -> None:
    remove_stamp(str(site))
    remove_stamp(str(site))
    assert asked(site) is None


def test_it_is_plain_json(site: Path) -> None:
    text = (site / "var" / "build" / NAME).read_text(encoding="utf-8", errors="surrogateescape")
    assert json.loads(text)["report"] == REPORT

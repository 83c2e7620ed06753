"""The nouns are pure: the same posts are the same bytes, whatever machine, zone, locale and day they are rendered on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
RENDER = """
import json, sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from publisher.actions.publish import publish
from publisher.app import open_workshop

workshop = open_workshop(Path(sys.argv[1]), environment={})
_, build = publish(workshop, datetime(2026, 11, 22, 8, tzinfo=UTC), lambda survey, is_news: None, is_full=True)
files = {"posts/.ids": workshop.folders.posts / ".ids"} | {
    path.relative_to(workshop.folders.output).as_posix(): path
    for path in workshop.folders.output.rglob("*") if path.is_file()
}
found = {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
print(json.dumps({"files": found, "problems": [str(problem) for problem in build.problems],
    "world": [str(datetime(2026, 11, 22, 12, tzinfo=UTC).astimezone()), hash("salt")]}))
"""
SETTINGS = """\
PUBLISHER_SITE_URL=https://example.org/notes
PUBLISHER_TIMEZONE=Europe/Berlin
PUBLISHER_AUTHOR_NAME=Ada
PUBLISHER_AUTHOR_EMAIL=ada@example.org
PUBLISHER_MAIL_TRANSPORT=file
PUBLISHER_SECRET_KEY=a key that is only good for tests, and only here
"""
WORLDS = {
    "here": {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
    "Apia": {"TZ": "Pacific/Apia", "LC_ALL": "C", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "1", "PYTHONUTF8": "0"},
}


def start(folder: Path, world: dict[str, str]) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PUBLISHER_", "PYTHON"))}
    command = [sys.executable, "-c", RENDER, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=kept | world, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, complaints = process.communicate()
    assert process.returncode == 0, complaints
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample posts and templates as they are now, for each world."""
    found = {name: tmp_path_factory.mktemp("site") for name in WORLDS}
    first, *others = found.values()
    shutil.copytree(ROOT / "posts", first / "posts", ignore=shutil.ignore_patterns(".ids"))
    shutil.copytree(ROOT / "templates", first / "templates")
    (first / ".env").write_text(SETTINGS)
    for other in others:
        shutil.copytree(first, other, dirs_exist_ok=True)
    return found


@pytest.fixture(scope="module")
def rendered(sites: dict[str, Path]) -> dict[str, dict[str, Any]]:
    running = {name: start(sites[name], world) for name, world in WORLDS.items()}
    return {name: finish(process) for name, process in running.items()}


def test_every_page_and_feed_is_the_same_on_every_machine(rendered: dict[str, dict[str, Any]]) -> None:
    here, there = rendered["here"], rendered["Apia"]
    assert here["world"] != there["world"]
    assert {"index.html", "rss.xml", "atom.xml", "feed.json", "sitemap.xml", "posts/.ids"} <= here["files"].keys()
    assert len(here["files"]) > 30
    assert here["files"] == there["files"]


def test_rendered_again_with_the_ids_of_the_first_time_it_is_the_same(
    sites: dict[str, Path], rendered: dict[str, dict[str, Any]]
) -> None:
    assert finish(start(sites["here"], WORLDS["Apia"]))["files"] == rendered["here"]["files"]


def test_nothing_is_wrong_with_the_sample_posts(rendered: dict[str, dict[str, Any]]) -> None:
    assert rendered["here"]["problems"] == []

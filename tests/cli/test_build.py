"""`publisher build` and `check`, and what all commands share: --site, --json, --now, usage."""

import fcntl
import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from publisher import __version__
from tests.site import POST, command, contents, environment, new_site, publisher

BAD_POSTS = {
    "no-date.md": ("---\ntitle: One\n---\nText.\n", "no date", "date"),
    "bad-date.md": ("---\ntitle: Two\ndate: 22 November\n---\nText.\n", "22 November", "2026-11-22"),
    "bad-yaml.md": ("---\ntitle: Three: four\ndate: 2026-11-01\n---\nText.\n", "bad YAML", 'title: "One: two"'),
    "no-end.md": ("---\ntitle: Four\ndate: 2026-11-01\n\nText.\n", "does not end", "---"),
    "twice.md": ("---\ntitle: Five\ntitle: Six\ndate: 2026-11-01\n---\nText.\n", "stands twice", "keep one"),
    "taken.md": (POST.replace("tags:", "slug: low-water\ntags:"), "/2026/11/low-water/", "another slug"),
    "latin.md": ("---\ntitle: Caf\u00e9\ndate: 2026-11-01\n---\n", "not UTF-8", "UTF-8"),
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return new_site(tmp_path / "site")


def test_the_second_build_writes_nothing_and_the_bytes_are_the_same(site: Path) -> None:
    first = publisher("build", "--json", cwd=site)
    assert (first.code, first.err) == (0, "")
    found = json.loads(first.out)
    assert set(found) >= {"posts", "written", "removed", "seconds", "problems"}
    assert (found["posts"], found["written"] > 5, found["removed"], found["problems"]) == (1, True, 0, [])
    before = contents(site / "public")
    times = {path: path.stat().st_mtime_ns for path in (site / "public").rglob("*")}
    second = publisher("build", cwd=site)
    assert re.fullmatch(
        rf"1 posts in {re.escape(str(site))}/public: 0 files written, 0 removed, [0-9.]+ s\n", second.out
    )
    assert contents(site / "public") == before
    assert {path: path.stat().st_mtime_ns for path in (site / "public").rglob("*")} == times


def test_another_machine_writes_the_same_bytes(site: Path, tmp_path: Path) -> None:
    publisher("build", "--output", tmp_path / "here", "--now", "2026-11-22T07:00:00Z", cwd=site)
    elsewhere = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        command("build", "--output", tmp_path / "there", "--now", "2026-11-23T09:00:00Z"),
        cwd=site,
        env=environment() | elsewhere,
        check=True,
        capture_output=True,
    )
    assert done.stderr == b""
    assert contents(tmp_path / "here") == contents(tmp_path / "there")
    assert not (site / "public").exists()


def test_bad_posts_are_told_with_file_line_and_mend_and_the_good_ones_come_out(site: Path) -> None:
    for name, (text, _, _) in BAD_POSTS.items():
        (site / "posts" / name).write_bytes(text.encode("latin-1"))
    (site / "posts" / "gone.md").symlink_to("nowhere")
    checked = publisher("check", cwd=site)
    assert (checked.code, checked.err) == (1, "")
    lines = checked.out.splitlines()
    for name, (_, what, wanted) in BAD_POSTS.items():
        (line,) = [line for line in lines if line.startswith(f"posts/{name}")]
        assert re.match(rf"posts/{name}(:\d+)?: .+, .+", line), line
        assert what in line, line
        assert wanted in line, line
    assert any(line.startswith("posts/gone.md: the file can't be read") for line in lines)
    assert len(lines) == len(BAD_POSTS) + 1
    assert not (site / "public").exists()
    built = publisher("build", "--json", cwd=site)
    assert built.code == 0
    assert built.err.splitlines() == lines
    problems = json.loads(built.out)["problems"]
    assert set(problems[0]) == {"file", "line", "what", "wanted", "severity"}
    assert len(problems) == len(lines)
    assert (site / "public" / "2026" / "11" / "low-water" / "index.html").is_file()
    strict = publisher("--site", site, "build", "--strict", cwd="/")
    assert strict.code == 1


def test_check_finds_nothing_wrong_and_changes_nothing(site: Path) -> None:
    done = publisher("check", "--json", cwd=site)
    assert (done.code, json.loads(done.out), done.err) == (0, [], "")
    assert sorted(path.name for path in site.iterdir()) == [".env", "posts", "var"]
    assert [path.name for path in (site / "posts").iterdir()] == ["low-water.md"]


def test_a_template_that_is_broken_is_told_with_its_line(site: Path) -> None:
    (site / "templates").mkdir()
    (site / "templates" / "post.html").write_text("<p>\n{% if %}\n")
    checked, built = publisher("check", cwd=site), publisher("build", cwd=site)
    assert (checked.code, built.code) == (1, 1)
    assert "templates/post.html:2: " in checked.out
    assert "mend the template, or delete it to have ours" in checked.out
    assert "templates/post.html:2: " in built.err
    assert len(built.err.splitlines()) == 1
    assert not (site / "public" / "rss.xml").exists()


def test_the_site_may_be_named_before_the_command_and_after_it(site: Path, tmp_path: Path) -> None:
    before = publisher("--site", "site", "--now", "2026-11-22", "status", "--json", cwd=tmp_path)
    after = publisher("status", f"--site={site}", "--json", "--now", "2026-11-22T00:00:00+00:00", cwd=tmp_path)
    assert (before.code, after.code) == (0, 0)
    assert before.out == after.out
    group = publisher(f"--site={site}", "subscribers", "list", "--json", cwd=tmp_path)
    assert (group.code, json.loads(group.out)) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["biuld"], "biuld"),
        (["build", "--outptu", "x"], "--outptu"),
        (["build", "--now", "tomorrow"], "2026-11-22T08:00:00Z"),
        (["serve", "--port", "99999"], "65535"),
        (["editions", "show", "one"], "number"),
        (["editions", "cancel", "1"], "--again"),
    ],
)
def test_what_is_typed_wrong_is_usage(site: Path, arguments: list[str], names: str) -> None:
    done = publisher(*arguments, cwd=site)
    assert (done.code, done.out) == (2, "")
    assert names in done.err
    assert "Traceback" not in done.err


def test_help_and_version_are_on_stdout(tmp_path: Path) -> None:
    done = publisher("--version", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, f"publisher {__version__}\n", "")
    shown = publisher("build", "--help", cwd=tmp_path)
    assert shown.code == 0
    assert {"--output", "--strict", "--json", "--now", "--site"} <= set(re.findall(r"--\w+", shown.out))


def test_a_second_build_waits_for_the_first(site: Path) -> None:
    (site / "var").mkdir()
    with (site / "var" / "build.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen(command("build"), cwd=site, env=environment(), stdout=subprocess.PIPE)
        time.sleep(2.5)
        assert waiting.poll() is None
    out, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, b"1 posts in" in out) == (0, True)

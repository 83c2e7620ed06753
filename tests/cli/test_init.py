"""`publisher init`: a new site, and never a changed old one."""

import stat
import sys
from pathlib import Path

import pytest

from publisher.config import read_settings
from tests.site import contents, publisher, python_m_publisher


def test_a_new_site_has_settings_with_a_key_of_its_own_and_a_first_post(tmp_path: Path) -> None:
    done = python_m_publisher("init", "my site", cwd=tmp_path)
    site = tmp_path / "my site"
    assert (done.code, done.out) == (0, "")
    assert stat.S_IMODE((site / ".env").stat().st_mode) == 0o600
    assert len(read_settings(site, {}).secret_key or "") >= 32
    assert (site / "posts" / "first-post.md").is_file()
    next_command = done.err.splitlines()[-1].removeprefix("Next: ")
    assert next_command == f"cd 'my site' && {sys.executable} -m publisher serve"
    built = python_m_publisher("build", cwd=site)
    assert (built.code, built.err) == (0, "")
    before = contents(site)
    again = publisher("init", "my site", cwd=tmp_path)
    assert again.code == 1
    assert "my site/.env: there is a site already" in again.err
    assert contents(site) == before


def test_in_a_folder_with_posts_they_stay_and_are_mailed_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "old.md").write_text("---\ntitle: Old\ndate: 2020-01-01\n---\nOld.\n")
    done = publisher("init", cwd=tmp_path)
    assert (done.code, done.err.splitlines()[-1]) == (0, "Next: publisher serve")
    assert [path.name for path in (tmp_path / "posts").glob("*.md")] == ["old.md"]
    ticked = publisher("tick", "--now", "2030-01-01T08:00:00Z", "--json", cwd=tmp_path)
    assert '"released": 0' in ticked.out


@pytest.mark.parametrize("text", ["PORT=3000\nKEY='a b'  # theirs", "PORT=3000\r\n\r\n", "# nothing yet\n", ""])
def test_another_programs_settings_stay_and_ours_follow(tmp_path: Path, text: str) -> None:
    settings = tmp_path / ".env"
    settings.write_bytes(text.encode())
    done = publisher("init", cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    written = settings.read_bytes().decode()
    assert written.startswith(text)
    assert written.removeprefix(text).lstrip("\n").startswith("# The settings of this site.")
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert len(read_settings(tmp_path, {}).secret_key or "") >= 32
    assert publisher("build", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        (b"PORT=3000\nPUBLISHER_SITE_TITLE=Mine\n", 1, ".env: there is a site already"),
        (b"#PUBLISHER_SITE_TITLE=Mine\n", 1, ".env: there is a site already"),
        (b"NAME=\xff\n", 1, ".env: the file can't be read (not UTF-8)"),
        (b"no setting\n", 78, ".env:1: this line can't be read"),
    ],
)
def test_nothing_is_written_beside_settings_of_ours_or_that_none_can_read(
    tmp_path: Path, text: bytes, code: int, what: str
) -> None:
    (tmp_path / ".env").write_bytes(text)
    done = publisher("init", cwd=tmp_path)
    assert done.code == code
    assert what in done.err
    assert contents(tmp_path) == {".env": text}

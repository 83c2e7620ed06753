"""`publisher init`: a new site, and never a changed old one."""

import stat
import sys
from pathlib import Path

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

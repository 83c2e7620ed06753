"""When something behind the web breaks: readers are told to come back, and no log shows who they are."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.site import served

ANN = "ann@example.org"


def test_a_database_that_fails_is_a_503_and_its_log_names_no_reader(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path / "site") as web:
        web.sign_up(ANN)
        path, leave, form = web.confirm_path(ANN), web.leave_path(ANN), web.get("/subscribe").form
        with closing(sqlite3.connect(tmp_path / "site" / "var" / "publisher.db")) as database:
            database.execute("ALTER TABLE subscribers RENAME TO mislaid")
        answers = [web.get(path), web.ask("POST", path), web.ask("POST", leave), web.press(form, email=ANN)]
        assert [answer.status for answer in answers] == [503] * 4
        assert answers[0].headers["Retry-After"] == "60"
        assert web.get("/").status == 200
    said = "".join(capfd.readouterr())
    assert said.count("web.unavailable") == 4
    assert "no such table" in said
    for secret in (ANN, path.rpartition("/")[2], leave.rpartition("/")[2]):
        assert secret not in said


def test_a_template_of_the_site_that_is_broken_is_a_503_that_names_file_and_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path / "site") as web:
        templates = tmp_path / "site" / "templates"
        templates.mkdir()
        (templates / "subscribe.html").write_text("<p>\n{{ page.nonsense }}\n")
        web.publication.templates.refresh()
        assert web.get("/subscribe").status == 503
    assert "templates/subscribe.html:2" in capfd.readouterr().err

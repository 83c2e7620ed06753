"""What is promised in words is there, and what is there is told in words."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from publisher.config import PREFIX, Settings, example
from tests.site import publisher

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_example_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert text == example()
    for setting in fields(Settings):
        assert re.search(rf"(?m)^#{PREFIX}{setting.name.upper()}={re.escape(setting.metadata['default'])}$", text)


def test_every_command_is_named_in_the_readme(readme: str, tmp_path: Path) -> None:
    shown = publisher("--help", cwd=tmp_path).out
    commands = re.findall(r"(?m)^  ([a-z]+) {2,}\S", shown.partition("Commands:")[2])
    assert len(commands) >= 11
    assert [name for name in commands if not re.search(rf"publisher {name}\b|`{name}\b", readme)] == []


def test_every_command_that_the_readme_names_is_there(readme: str, tmp_path: Path) -> None:
    shown = publisher("--help", cwd=tmp_path).out
    named = set(re.findall(r"(?m)(?:^|`|&& )publisher ([a-z]+)", readme))
    assert [name for name in sorted(named) if not re.search(rf"(?m)^  {name} ", shown)] == []


def test_every_setting_that_the_readme_names_is_there(readme: str) -> None:
    known = {PREFIX + setting.name.upper() for setting in fields(Settings)}
    named = set(re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", readme))
    assert {name for name in named - known if name.removesuffix("_FILE") not in known} == set()


def test_every_file_that_the_readme_links_to_or_maps_is_there(readme: str) -> None:
    links = {link for link in re.findall(r"\]\(([^)#\s]+)", readme) if not re.match(r"[a-z]+:|/", link)}
    tops = "publisher|tests|templates|posts"
    mapped = set(re.findall(rf"`((?:{tops})/[\w./-]*)`", readme))
    assert mapped, "the README maps the source"
    absent = {name for name in links | mapped if not (ROOT / name).exists()}
    assert absent == set()


def test_the_readme_knows_no_machine_but_the_readers(readme: str) -> None:
    assert (
        re.findall(r"(?:^|[\s`(\"'=])(/(?:work|root|home|tmp|Users)/[^\s`)]*)", readme.replace("/home/me/", "")) == []
    )

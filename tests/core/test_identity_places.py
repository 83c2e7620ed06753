"""Where posts stood on the web, and what becomes of those whose files are gone."""

import pytest

from publisher.core.identity import Register, parse_register
from tests.core.test_identity import GOOD, identify, places


def rows(register: Register) -> list[list[str]]:
    return [line.split("\t") for line in register.render().splitlines()[1:]]


def test_the_register_remembers_where_a_post_stood_the_newest_place_first() -> None:
    register = Register()
    for place in ("/a/", "/b/", "/c/", "/b/"):
        identify(register, web_path=place)
    ((_, _, file, _, stood),) = rows(register)
    assert (file, stood) == ("a.md", "/b/ /c/ /a/")
    assert dict(places(register)) == dict.fromkeys(("/a/", "/b/", "/c/"), "2026-11-22:a")


def test_a_post_that_moves_for_ever_keeps_its_last_places() -> None:
    register = Register()
    for number in range(100):
        identify(register, web_path=f"/{number}/")
    found = [path for path, _ in places(register)]
    assert found[0] == "/99/"
    assert 10 < len(found) < 30
    assert found == [f"/{number}/" for number in range(99, 99 - len(found), -1)]


def test_a_register_of_four_columns_is_read_and_gets_its_fifth() -> None:
    register = parse_register("2026-11-22:a\ttag:example.org,2026-11-22:a\ta.md\t0a\n")
    assert places(register) == []
    found = identify(register, web_path="/2026/a/")
    assert (found.key, found.id) == ("2026-11-22:a", "tag:example.org,2026-11-22:a")
    assert rows(register) == [["2026-11-22:a", "tag:example.org,2026-11-22:a", "a.md", "0a", "/2026/a/"]]


def test_a_post_whose_file_is_gone_is_marked_until_it_is_back() -> None:
    register = Register()
    identify(register, web_path="/a/")
    for _ in range(2):  # a mark is set once
        register.look_for(())
        assert rows(register)[0][4] == "- /a/"
        register = parse_register(register.render())
        assert places(register) == [("/a/", "2026-11-22:a")]
    assert identify(register, web_path="/a/").key == "2026-11-22:a"
    assert rows(register)[0][4] == "/a/"


def test_a_gone_post_that_never_had_a_place_is_read_back_as_gone() -> None:
    register = parse_register(GOOD)
    register.look_for(())
    assert rows(register)[0][4] == "-"
    assert parse_register(register.render()).render() == register.render()


def test_a_file_name_of_a_gone_post_is_a_new_post_on_another_day_and_resembles_the_old() -> None:
    register = Register()
    before = identify(register, "notes.md", slug="notes", web_path="/notes/")
    identify(register, "b.md", "bb", slug="b", web_path="/b/")  # the next build does not find notes.md
    register.look_for(("notes.md", "b.md"))
    asked = {"first_day": "2027-02-01", "slug": "notes", "present": ("notes.md", "b.md")}
    assert register.lookalike("notes.md", "cc", **asked) == "notes.md"  # type: ignore[arg-type]
    present = ("notes.md", "b.md")
    after = identify(register, "notes.md", "cc", day="2027-02-01", slug="notes", web_path="/n/", present=present)
    assert (after.key, after.id) == ("2027-02-01:notes", "tag:example.org,2027-02-01:notes")
    again = parse_register(register.render())
    assert identify(again, "notes.md", "dd", day="2027-02-01", slug="notes", present=present).key == after.key
    assert {key for _, key in places(again)} >= {before.key, after.key}


@pytest.mark.parametrize(
    ("content", "day"), [("cc", "2026-11-22"), ("0a", "2027-02-01")], ids=["of its day", "its text"]
)
def test_a_file_that_comes_back_with_its_day_or_its_text_is_the_old_post(content: str, day: str) -> None:
    register = Register()
    before = identify(register)
    register.look_for(())
    again = parse_register(register.render())
    again.look_for(("a.md",))
    assert again.lookalike("a.md", content, first_day=day, slug="a", present=("a.md",)) is None
    assert identify(again, "a.md", content, day=day).key == before.key


def test_an_edit_that_moves_the_day_of_a_file_that_never_went_keeps_the_post() -> None:
    register = Register()
    before = identify(register)
    again = parse_register(register.render())
    assert identify(again, content="ff", day="2027-02-01").key == before.key


def test_two_posts_of_one_file_name_in_the_register_the_one_that_is_there_counts() -> None:
    text = (
        "2026-11-22:a\ttag:example.org,2026-11-22:a\ta.md\t0a\t- /old/\n"
        "2027-02-01:a\ttag:example.org,2027-02-01:a\ta.md\t0b\t/new/\n"
    )
    for lines in (text.splitlines(), text.splitlines()[::-1]):
        register = parse_register("\n".join(lines))
        assert identify(register, content="0c", day="2027-02-01", web_path="/new/").key == "2027-02-01:a"


@pytest.mark.parametrize("host", ["example.org", "example.com", "localhost"])
def test_a_post_about_which_nothing_changed_is_known_at_once(host: str) -> None:
    register = Register()
    before = identify(register)
    assert register.settled("a.md", "0a", web_path="/a/", host=host) is before


@pytest.mark.parametrize(
    ("path", "content", "web_path"), [("b.md", "0a", "/a/"), ("a.md", "0b", "/a/"), ("a.md", "0a", "/b/")]
)
def test_one_that_changed_is_not(path: str, content: str, web_path: str) -> None:
    register = Register()
    identify(register)
    assert register.settled(path, content, web_path=web_path, host="example.org") is None


def test_nor_is_one_that_was_gone_or_has_an_id_of_its_owners_machine() -> None:
    register = Register()
    identify(register, host="localhost")
    assert register.settled("a.md", "0a", web_path="/a/", host="localhost") is not None
    assert register.settled("a.md", "0a", web_path="/a/", host="example.org") is None
    register.look_for(())
    assert register.settled("a.md", "0a", web_path="/a/", host="localhost") is None

"""The id register: a post stays the same post, whatever becomes of its file, title, date and address."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.errors import PublisherError
from publisher.core.identity import Identity, Register, is_loopback, parse_register

DAY = "2026-11-22"


def places(register: Register) -> list[tuple[str, str]]:
    """Every place on the web where a post stands or stood, with its key."""
    return [(path, identity.key) for identity in register for path in identity.web_paths]


def identify(
    register: Register,
    path: str = "a.md",
    content: str = "0a",
    *,
    day: str = DAY,
    slug: str = "a",
    host: str = "example.org",
    explicit: str = "",
    web_path: str = "/a/",
    present: tuple[str, ...] = (),
) -> Identity:
    """As a build does it: first what is there, then one post after the other."""
    there = present or (path,)
    register.look_for(there)
    return register.identify(
        path, content, first_day=day, slug=slug, host=host, explicit=explicit, web_path=web_path, present=there
    )


def test_a_new_post_gets_a_tag_uri_of_host_day_and_slug() -> None:
    found = identify(Register(), slug="first-light")
    assert found.key == "2026-11-22:first-light"
    assert found.id == "tag:example.org,2026-11-22:first-light"


def test_letters_beyond_ascii_are_quoted_in_the_id() -> None:
    assert identify(Register(), slug="שלום").id == "tag:example.org,2026-11-22:%D7%A9%D7%9C%D7%95%D7%9D"


@pytest.mark.parametrize(
    "change",
    [
        {"content": "ff"},
        {"slug": "another"},
        {"day": "2020-01-01"},
        {"host": "new.example"},
        {"path": "b.md"},
        {"path": "b.md", "slug": "b", "day": "2020-01-01"},
        {"content": "ff", "slug": "another", "host": "new.example"},
    ],
    ids=str,
)
def test_an_edit_a_rename_a_new_slug_day_or_host_keep_key_and_id(change: dict[str, object]) -> None:
    register = Register()
    before = identify(register)
    after = identify(register, **change)  # type: ignore[arg-type]
    assert (after.key, after.id) == (before.key, before.id)
    assert len(register) == 1


def test_an_edit_after_a_rename_keeps_them_too() -> None:
    register = Register()
    before = identify(register)
    identify(register, "b.md")
    assert register.knows("b.md")
    assert not register.knows("a.md")
    assert identify(register, "b.md", "ff").id == before.id


def test_a_copy_beside_its_original_is_another_post() -> None:
    register = Register()
    before = identify(register, present=("a.md", "b.md"))
    copy = identify(register, "b.md", present=("a.md", "b.md"))
    assert (copy.key, copy.id) != (before.key, before.id)


def test_of_two_renamed_copies_one_stays_the_old_post() -> None:
    register = Register()
    before = identify(register)
    found = [identify(register, path, present=("b.md", "c.md")) for path in ("b.md", "c.md")]
    assert [post.key for post in found] == [before.key, f"{before.key}-2"]


def test_a_new_file_with_new_content_is_a_new_post_though_its_name_was_had() -> None:
    register = Register()
    before = identify(register)
    identify(register, "b.md")
    after = identify(register, "a.md", "ff", present=("a.md", "b.md"))
    assert after.key == f"{before.key}-2"
    assert after.id != before.id


def test_a_post_that_vanished_is_remembered_when_it_returns() -> None:
    register = Register()
    before = identify(register)
    again = parse_register(register.render())
    assert identify(again, "elsewhere/a.md", present=("elsewhere/a.md",)).id == before.id


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "blog.localhost", "127.1.2.3"])
def test_an_id_of_a_loopback_site_is_minted_anew_at_the_first_public_one_and_never_again(host: str) -> None:
    register = Register()
    first = identify(register, host=host)
    assert first.id == f"tag:{host},2026-11-22:a"
    assert identify(register, host="localhost").id == first.id
    public = identify(register, host="example.org")
    assert public.id == "tag:example.org,2026-11-22:a"
    assert public.key == first.key
    for later in ("example.com", "localhost", "example.org"):
        assert identify(register, host=later).id == public.id


def test_an_edited_slug_and_day_do_not_reach_an_id_that_is_minted_anew() -> None:
    register = Register()
    identify(register, host="localhost")
    assert identify(register, slug="b", day="2020-01-01").id == "tag:example.org,2026-11-22:a"


@pytest.mark.parametrize(
    ("explicit", "expected"),
    [
        ("https://old.example/?p=12", "https://old.example/?p=12"),
        ("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"),
        ("tag:old.example,2020:x", "tag:old.example,2020:x"),
        ("12", "tag:example.org,2026-11-22:12"),
        ("my post", "tag:example.org,2026-11-22:my%20post"),
        ("a<b>:c", "tag:example.org,2026-11-22:a%3Cb%3E%3Ac"),
    ],
)
def test_an_id_that_the_post_asks_for_is_taken_or_made_into_a_uri(explicit: str, expected: str) -> None:
    register = Register()
    assert identify(register, explicit=explicit).id == expected
    assert identify(register, "b.md", explicit=explicit).id == expected


def test_an_explicit_uri_wins_over_a_minted_id_and_stays_when_it_is_taken_out() -> None:
    register = Register()
    identify(register)
    identify(register, content="1b", explicit="urn:x:1")
    assert identify(register, content="2c").id == "urn:x:1"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("example.org", False),
        ("localhost.example.org", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_no_other(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


identities = st.lists(
    st.builds(
        Identity,
        key=st.from_regex(r"2026-11-2[0-9]:[a-zé日-]{1,5}", fullmatch=True),
        id=st.from_regex(r"tag:[a-z]{1,5},2026-11-22:[a-z]{1,5}", fullmatch=True),
        path=st.from_regex(r"#?[a-zé日 ]{1,6}\.md", fullmatch=True),
        content_hash=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
        web_paths=st.lists(st.from_regex(r"/[a-z%0-9]{0,4}/", fullmatch=True), max_size=3, unique=True).map(tuple),
        is_gone=st.booleans(),
    ),
    max_size=6,
    unique_by=(lambda i: i.key, lambda i: i.path, lambda i: i.content_hash),
)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(identities, st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_the_register_comes_back_as_it_was_written_in_one_order(
    found: list[Identity], chance: object, end: str
) -> None:
    text = Register(found).render()
    again = parse_register(text.replace("\n", end))
    assert again.render() == text
    assert sorted(places(again)) == sorted((path, identity.key) for identity in found for path in identity.web_paths)
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Register(shuffled).render() == text
    rows = text.splitlines()[1:]
    assert rows == sorted(rows)
    assert text.startswith("# ")


GOOD = "k\ttag:example.org,2026-11-22:k\tk.md\t0a\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GOOD + "<<<<<<< HEAD\n", 2),
        ("# head\n\n" + GOOD + GOOD, 4),
        ("k\tid\tk.md\n", 1),
        ("k\tid\tk.md\thash\t/a/\tmore\n", 1),
        ("k\t\tk.md\thash\n", 1),
        ("k\t\tk.md\thash\t/a/\n", 1),
        ("\tid\tk.md\thash\n", 1),
        (GOOD + "half a li", 2),
    ],
)
def test_a_damaged_register_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(PublisherError, match=rf"^\.ids:{line}: "):
        parse_register(text)


def test_an_empty_register_and_comments_are_no_damage() -> None:
    assert len(parse_register("")) == 0
    assert len(parse_register("# head\n\n  \n" + GOOD)) == 1


@pytest.mark.parametrize(
    ("path", "content", "day", "slug", "gone", "expected"),
    [
        ("new.md", "h9", "2026-11-22", "other", True, "old.md"),  # of the same day
        ("2027-01-01-old.md", "h9", "2027-01-01", "old", True, "2026-11-22-old.md"),  # of the same name
        ("copy.md", "h1", "2027-01-01", "copy", False, "old.md"),  # the very text of one that is there
        ("new.md", "h1", "2026-11-22", "new", True, None),  # a plain rename
        ("new.md", "h9", "2027-01-01", "new", True, None),
        ("new.md", "h9", "2026-11-22", "new", False, None),  # the other one is still there
    ],
)
def test_a_new_file_that_resembles_a_post_is_told_apart(
    path: str, content: str, day: str, slug: str, gone: bool, expected: str | None
) -> None:
    old = "2026-11-22-old.md" if path.startswith("2027") else "old.md"
    register = Register()
    identify(register, old, "h1", slug="old")
    present = {path} if gone else {path, old}
    register.look_for(present)
    found = register.lookalike(path, content, first_day=day, slug=slug, present=present)
    assert found == expected


# -- places on the web, and posts that are gone


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

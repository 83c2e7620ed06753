"""The id register: a post stays the same post, whatever becomes of its file, title, date and address."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.errors import PublisherError
from publisher.core.identity import Identity, Register, is_loopback, joined, parse_register

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


def test_a_register_that_knows_all_of_a_restored_one_is_the_later_one_and_stays() -> None:
    restored = Register()
    identify(restored, "a.md", "0a", slug="a", web_path="/a/")
    here = parse_register(restored.render())
    there = ("moved.md", "b.md")
    identify(here, "moved.md", "0a", slug="a", web_path="/moved/", present=there)
    identify(here, "b.md", "0b", slug="b", web_path="/b/", present=there)
    assert joined(here, restored).render() == here.render()


def test_a_register_that_lacks_something_of_a_restored_one_only_adds_what_it_says_of_other_files() -> None:
    """It is older, or was made anew: what readers saw of a file counts, not what was thought up since."""
    restored, here = Register(), Register()
    there = ("a.md", "b.md", "c.md")
    known = [identify(restored, name, name, slug=name[0], present=there) for name in ("a.md", "b.md")]
    identify(here, "a.md", "changed", slug="other", present=there)
    new = identify(here, "c.md", "c.md", slug="c", present=there)
    assert set(joined(here, restored)) == {*known, new}
    assert joined(Register(), restored).render() == restored.render()

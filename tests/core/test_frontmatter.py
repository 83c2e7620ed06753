"""The head of a post: what is read, what is kept as it was written, and what is complained of, with its line."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.errors import FrontMatterError
from publisher.core.frontmatter import parse_date, parse_front_matter

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("source", "values", "body", "body_line"),
    [
        ("---\ntitle: A title\n---\nText\n", {"title": "A title"}, "Text\n", 4),
        ("---\ntitle: A\n...\nText", {"title": "A"}, "Text", 4),
        ("---\n---\nText", {}, "Text", 3),
        ("---\n\n---\nText", {}, "Text", 4),
        ("---\n# only a comment\n---\n", {}, "", 4),
        ("---\ntitle: A\n---", {"title": "A"}, "", 3),
        ("--- \ntitle: A\n--- \t\nText", {"title": "A"}, "Text", 4),
        ("Only text\n---\nmore", {}, "Only text\n---\nmore", 1),
        ("", {}, "", 1),
        ("---- not a fence\n", {}, "---- not a fence\n", 1),
        ("---\ntext: |\n  a\n  ---\n  b\n---\nText", {"text": "a\n---\nb"}, "Text", 7),
        ("---\ntitle: a --- b\n---\nText\n\n---\n", {"title": "a --- b"}, "Text\n\n---\n", 4),
    ],
)
def test_head_and_body_are_cut_apart(source: str, values: dict[str, Any], body: str, body_line: int) -> None:
    found = parse_front_matter(source)
    assert (found.values, found.body, found.body_line) == (values, body, body_line)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_make_no_difference(line_end: str, mark: str) -> None:
    found = parse_front_matter(mark + line_end.join(["---", "title: A", "tags: [b]", "---", "Text", ""]))
    assert found.values == {"title": "A", "tags": ["b"]}
    assert found.lines == {"title": 2, "tags": 3}
    assert (found.body, found.body_line) == ("Text\n", 5)


@pytest.mark.parametrize(
    "written",
    ["2026-11-22", "12:30", "1e3", "0x10", "007", "true", "no", "1_000", "=", "<<", ".inf", "2026-11-22 08:30"],
)
def test_a_plain_scalar_stays_the_text_it_was(written: str) -> None:
    assert parse_front_matter(f"---\nkey: {written}\n---\n").values == {"key": written}


@pytest.mark.parametrize("written", ["", "~", "null"])
def test_nothing_behind_a_key_is_none(written: str) -> None:
    assert parse_front_matter(f"---\nkey: {written}\n---\n").values == {"key": None}


def test_keys_are_in_lower_case_and_know_their_lines() -> None:
    found = parse_front_matter("---\n# a comment\n\nTitle: A\ntags:\n  - b\n  - c\nDraft: yes\n---\n")
    assert found.values == {"title": "A", "tags": ["b", "c"], "draft": "yes"}
    assert found.lines == {"title": 4, "tags": 5, "draft": 8}


@pytest.mark.parametrize(
    ("head", "line", "what", "wanted"),
    [
        ("title: One: two", 2, "bad YAML", "quotes"),
        ("a: b\n\ttitle: x", 3, "bad YAML", "tab"),
        ("a: b\nc: [d", 3, "bad YAML", "title: A title"),
        ('a: b\ntitle: "x', 3, "bad YAML", "title: A title"),
        ("a: b\nc: @d", 3, "bad YAML", "quotes"),
        ("a: b\nc: !!python/object:os.system x", 3, "bad YAML", ""),
        ("a: b\nc: &c [*c]", 3, "bad YAML", ""),
        ("a: b\nc: *nobody", 3, "bad YAML", ""),
        ("- a\n- b", 2, "no list of keys", "title: A title"),
        ("just words", 2, "no list of keys", "title: A title"),
        ("a: b\n? [c]\n: d", 3, "no plain word", "title: A title"),
        ("a: b\nc: d\nA: e", 4, "the key a stands twice", "first on line 2"),
        ("a: b\nc: !!bool maybe", 3, "c is no bool", "leave out the tag"),
        ("a: b\nc: !!timestamp soon", 3, "c is no timestamp", "leave out the tag"),
        ("a: b\nc: !!int ''", 3, "c is no int", "leave out the tag"),
        ("a: b\nc: !!float x", 3, "c is no float", "leave out the tag"),
        ("a: bäö\nc: d\x7fe", 3, "control characters", "delete"),
    ],
)
def test_a_bad_head_is_told_with_its_line_and_advice(head: str, line: int, what: str, wanted: str) -> None:
    with pytest.raises(FrontMatterError) as caught:
        parse_front_matter(f"---\n{head}\n---\nText\n")
    assert caught.value.line == line
    assert what in caught.value.what
    assert wanted in caught.value.wanted


@pytest.mark.parametrize("source", ["---\ntitle: A\n", "---", "---\ntitle: A\n ---\n", "---\ntitle: A\n----\n"])
def test_a_head_without_an_end_says_so(source: str) -> None:
    with pytest.raises(FrontMatterError, match="does not end") as caught:
        parse_front_matter(source)
    assert caught.value.line == 1


BOMB = "a0: &a0 [x, x, x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30))


@pytest.mark.parametrize(
    "head", ["x: " + "[" * 100_000, "x: " + "{a: " * 5_000, "x:\n " + "- " * 100_000 + "a", BOMB], ids=str.split
)
def test_what_nests_without_end_is_refused_and_not_followed(head: str) -> None:
    with pytest.raises(FrontMatterError, match="nests too deep"):
        parse_front_matter(f"---\n{head}\n---\n")


def test_many_brackets_are_no_nesting() -> None:
    tags = "[" + ", ".join("[a-b]" for _ in range(200)) + "]"
    assert parse_front_matter(f"---\ntags: {tags}\n---\n").values == {"tags": [["a-b"]] * 200}


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.text(st.characters() | st.sampled_from(":-[]{}#&*!|>'\"%@` \n\t"), max_size=60))
def test_any_head_is_read_or_refused_in_our_own_words(head: str) -> None:
    try:
        found = parse_front_matter(f"---\n{head}\n---\n")
    except FrontMatterError:
        return
    assert found.values.keys() == found.lines.keys()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("2026-7-1", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        (" 2026-11-22 08:30 ", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-11-22 8:30:15", datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)),
        ("2026-11-22T08:30:15.999Z", datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)),
        ("2026-11-22t08:30z", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("2026-11-22 08:30 UTC", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("2026-11-22 08:30:00 +0530", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("2026-11-22T08:30:00-05:00", datetime(2026, 11, 22, 13, 30, tzinfo=UTC)),
        ("2026-11-22T08:30+01", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_date_is_an_instant_in_the_zone_of_the_site(text: str, instant: datetime) -> None:
    found = parse_date(text, BERLIN)
    assert found == instant
    assert found.utcoffset() == instant.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "22.11.2026",
        "11/22/2026",
        "2026-13-01",
        "2026-02-30",
        "2026-11-22 24:00",
        "2026-11-22 08:60",
        "2026-11-22T08:30+99:99",
        "2026-11-22 08",
        "2026-11-22 and more",
        "0000-01-01",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:00Z",
    ],
)
def test_what_is_no_date_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="wanted is a date like 2026-11-22"):
        parse_date(text, BERLIN)

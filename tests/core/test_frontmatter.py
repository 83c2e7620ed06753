"""The head of a post: what is read, what is kept as it was written, and what is complained of, with its line."""

from contextlib import suppress
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.dialects.plainyaml import read_plain
from publisher.core.dialects.yamlhead import read_yaml
from publisher.core.errors import FrontMatterError
from publisher.core.frontmatter import parse_front_matter


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


USUAL = """\
layout: post
title: "A title: with a colon"
date: 2026-11-22 08:30:05 +0100
# a comment

tags: [one, two words, "three", 'four']
categories:
  - notes
  - "the telescope"
author: Ada Lovelace-Byron
url: https://example.org/a#b
summary: 'It was cold: and it was worth it.'
draft: false
extra:
language: C#"""


def test_a_usual_head_takes_the_short_way_and_says_the_same() -> None:
    assert read_plain(USUAL, 2) == read_yaml(USUAL, 2)


_WORD = st.sampled_from(
    ["a", "b c", "null", "Null", "~", "true", "2026-11-22 08:30", "a: b", "a #b", "a#b", "- a", "a:", "a:b", "C#", "C++", "=",
     "<<", "http://x/y", "[a]", "[a, b]", "[a,b,]", "[ a , 'b c', \"d\" ]", "[null]", "[a- b, c -]", "[a b-c]", "[]", "['']",
     "'x'", "''", "\"y z\"", '"\\u0041"', "'it''s'",
     "|", ">", "> a", "&a b", "*a", "!b", "@c", "%d", "`e", "? f", ", g",
     "é", "\u00a0x", "a\u2028b", "x\ty", "{}", "{a: b}", "...",
     "---", ".", "a\\b", "0x1F", "1e3", "a 'b' c", 'a "b" c'])  # fmt: skip
_ROW = st.one_of(
    st.builds("{}: {}".format, st.sampled_from(["a", "b", "Key", "key", "x-y", "_z", "null"]), _WORD),
    st.builds("{}:{}".format, st.sampled_from(["c", "d", "e f"]), st.sampled_from(["", " ", "  x", "x", " # y"])),
    st.builds("{}- {}".format, st.sampled_from(["", "  ", " "]), _WORD),
    st.sampled_from(["", "# note", "  # note", " ", "  more", "\tmore"]),
)


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(st.lists(_ROW, max_size=6).map("\n".join) | st.text(max_size=20))
def test_the_short_way_never_says_anything_else_than_pyyaml(head: str) -> None:
    if (found := read_plain(head, 2)) is not None:
        assert found == read_yaml(head, 2)


@pytest.mark.parametrize(
    "row", [f"a: {value}" for value in ("b", "'b'", '"b"', "[b, c d]", "[]", "b#c", "x:y", "é", "null")]
)
def test_the_short_way_is_taken(row: str) -> None:
    assert read_plain(row, 2) == read_yaml(row, 2)


@pytest.mark.parametrize("above", ["", "\n", "\n \n", "\ufeff\n"])
def test_a_head_may_stand_below_empty_lines(above: str) -> None:
    found = parse_front_matter(above + "---\ntitle: A\n---\nText\n")
    assert (found.values, found.body) == ({"title": "A"}, "Text\n")
    assert found.lines == {"title": above.count("\n") + 2}
    assert found.body_line == above.count("\n") + 4


@pytest.mark.parametrize("text", ["\n---\n\nText\n\n---\n", "\n---\nText\n---\n", "  ---\n", "\n\n---\n"])
def test_a_rule_below_an_empty_line_is_no_head(text: str) -> None:
    assert parse_front_matter(text).body == text


TOML = """\
+++
title = "A"
date = 2026-11-22T08:30:00+01:00
updated = 2026-11-23
time = 08:30:00
local = 2026-11-22 08:30:00
draft = false
weight = 1_0
"aliases" = ["/a/",
  "/b/"]
x.y = 1.5

[taxonomies]
tags = ["one"]

[extra]
title = "not this"
[[extra.more]]
+++
Text
"""


def test_toml_has_the_shape_of_yaml() -> None:
    found = parse_front_matter(TOML)
    assert found.values == {
        "title": "A",
        "date": "2026-11-22 08:30:00+01:00",
        "updated": "2026-11-23",
        "time": "08:30:00",
        "local": "2026-11-22 08:30:00",
        "draft": "false",
        "weight": "10",
        "aliases": ["/a/", "/b/"],
        "x": {"y": "1.5"},
        "taxonomies": {"tags": ["one"]},
        "extra": {"title": "not this", "more": [{}]},
    }
    assert found.lines == {
        "title": 2, "date": 3, "updated": 4, "time": 5, "local": 6, "draft": 7, "weight": 8, "aliases": 9, "x": 11,
        "taxonomies": 13, "extra": 16,
    }  # fmt: skip
    assert (found.body, found.body_line) == ("Text\n", 20)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{\n "Title": "A",\n "date": "2026-11-22",\n "draft": true, "n": 1.50, "x": null\n}\nText', None),
        (';;;\n"Title": "A",\n"date": "2026-11-22",\n"draft": true, "n": 1.50, "x": null\n;;;\nText', None),
        ('---json\n{"Title": "A",\n "date": "2026-11-22",\n "draft": true, "n": 1.50, "x": null}\n---\nText', None),
        ("---toml\na = 1\n---\nText", {"a": "1"}),
        ("---yaml\na: 1\n---\nText", {"a": "1"}),
        ("+++\n+++\nText", {}),
        (";;;\n;;;\nText", {}),
    ],
)
def test_json_and_named_fences_have_the_shape_of_yaml(text: str, values: dict[str, Any] | None) -> None:
    found = parse_front_matter(text)
    wanted = {"title": "A", "date": "2026-11-22", "draft": "true", "n": "1.50", "x": None}
    assert found.values == (wanted if values is None else values)
    assert found.body == "Text"
    if values is None:
        assert found.lines["date"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "{{< figure >}}\n\nText",
        "{% raw %}\n",
        "{: .x}\n",
        "{::comment}\n",
        '{"a": 1} is JSON\n',
        "{ set, of }\n",
        "{}\n",
    ],
)
def test_a_body_that_begins_with_a_brace_is_a_body(text: str) -> None:
    found = parse_front_matter(text)
    assert (found.values, found.body) == ({}, text)


@pytest.mark.parametrize(
    ("text", "line", "what", "wanted"),
    [
        ("+++\na = 1\ntitle = A title\n+++\n", 3, "bad TOML", "in quotes"),
        ("+++\ntitle: A\n+++\n", 2, "bad TOML", "stands between two lines of ---"),
        ("+++\na = 1\na = 2\n+++\n", 3, "bad TOML", 'title = "A title"'),
        ("+++\na = 1\n[b\n+++\n", 3, "bad TOML", 'title = "A title"'),
        ("+++\na = [1,\n+++\n", 2, "bad TOML", 'title = "A title"'),
        ("+++\nA = 1\na = 2\n+++\n", 3, "the key a stands twice", "first on line 2"),
        ("+++\na = " + "[" * 5000 + "\n+++\n", None, "bad TOML", 'title = "A title"'),
        ("+++\na = " + "9" * 5000 + "\n+++\n", None, "bad TOML", 'title = "A title"'),
        ("+++\ntitle = 1\n", 1, "does not end", "+++"),
        ("---\ntitle = 'A'\n---\n", 2, "no list of keys", "between two lines of +++"),
        ("---\na: b\ntitle = 'A'\n---\n", 3, "bad YAML", "between two lines of +++"),
        ('{\n "a": 1\n "b": 2\n}\n', 3, "bad JSON", "commas between them"),
        ('{\n "a": 1,\n', 2, "bad JSON", "commas between them"),
        ('{\n "a": 1,\n "A": 2\n}\n', 3, "the key a stands twice", "first on line 2"),
        ('{"a": ' + "[" * 100_000, 1, "nests too deep", "commas between them"),
        ("---js\n{title: 1}\n---\n", 1, "JavaScript can't be read", "YAML"),
        ("Title: A\ntitle: B\n\nText", 2, "the key title stands twice", "first on line 1"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_damaged_head_of_another_kind_has_its_line_and_advice(
    text: str, line: int | None, what: str, wanted: str
) -> None:
    with pytest.raises(FrontMatterError) as caught:
        parse_front_matter(text)
    assert caught.value.line == line
    assert what in caught.value.what
    assert wanted in caught.value.wanted


def test_pelicans_head_ends_at_the_first_empty_line() -> None:
    found = parse_front_matter(
        "Title: A: title\nDate: 2026-11-22 08:30\nTags: one, two words\nAuthors: Doyle, Ada; Bob\nAuthor: Doyle, Ada\n"
        "Category: Tea, coffee\nSummary: First\n    second\nModified:\nBase Header Level: 2\nLink:x\n\nText\n"
    )
    assert found.values == {
        "title": "A: title",
        "date": "2026-11-22 08:30",
        "tags": ["one", "two words"],
        "authors": ["Doyle, Ada", "Bob"],
        "author": ["Doyle, Ada"],
        "category": ["Tea, coffee"],
        "summary": "First\nsecond",
        "modified": None,
        "base_header_level": "2",
        "link": "x",
    }
    assert found.lines["modified"] == 9
    assert (found.body, found.body_line) == ("\nText\n", 12)


@pytest.mark.parametrize("end", ["\n\n", "\n---\n", "\n...\n", ""])
def test_a_head_without_an_opening_fence_may_have_a_closing_one(end: str) -> None:
    found = parse_front_matter(f"title: A\ndate: 2026/11/22{end}")
    assert found.values == {"title": "A", "date": "2026/11/22"}
    assert found.body.strip() == ""


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is prose.\n\nMore.\n",
        "Summary: I went home.\n\nMore.\n",
        "Title: a word\nthat begins a sentence.\n\nMore.\n",
        "Date: soon\n- a list\n\n",
        "url: https://example.org\n\nMore\n",
        "https://example.org\n\nMore\n",
        "Keywords: these\n",
        "What I like: tea\nTitle: x\n\n",
    ],
)
def test_prose_that_looks_like_a_head_loses_nothing(text: str) -> None:
    found = parse_front_matter(text)
    assert (found.values, found.body) == ({}, text)


@pytest.mark.parametrize(
    ("text", "values", "body", "body_line"),
    [
        (
            "A title\n#######\n\n:date: 2026-11-22\n:tags: a, b c\n:modified:\n:summary: One *two*\n   three\n\nText\n",
            {"title": "A title", "date": "2026-11-22", "tags": ["a", "b c"], "modified": None, "summary": "One two\nthree"},
            "\nText\n",
            9,
        ),
        (":date: 2026-11-22\n\n=======\nA title\n=======\nText\n", {"date": "2026-11-22", "title": "A title"}, "Text\n", 6),
        ("``A`` `b <c>`_\n===\n:author: C\\. Ada\n", {"title": "A b", "author": ["C. Ada"]}, "", 4),
        (".. -*- mode: rst -*-\n\nA\n===\n\n:a: b\n\n:c: d\n\nText", {"title": "A", "a": "b", "c": "d"}, "\nText", 9),
        ("A\n===\n\n:title: B\n", {"title": "B"}, "", 5),
        ("---\ntitle: A\n---\nText\n", {"title": "A"}, "Text\n", 4),
        ("Only text\n\nmore\n", {}, "Only text\n\nmore\n", 1),
        ("", {}, "", 1),
    ],
)  # fmt: skip
def test_restructuredtext_has_a_title_and_fields(text: str, values: dict[str, Any], body: str, body_line: int) -> None:
    found = parse_front_matter(text, ".rst")
    assert (found.values, found.body, found.body_line, found.markup) == (values, body, body_line, "rst")
    assert found.values.keys() == found.lines.keys()


@pytest.mark.parametrize(
    ("text", "values", "body", "body_line"),
    [
        (
            (
                "<!DOCTYPE html>\n<html>\n<head>\n<title>A &amp; b</title>\n<meta name='Date' content=\"2026-11-22\" />\n"
                '<meta name=tags contents=\'x\'>\n<meta contents=\'a, b\' name="tags">\n<meta name="viewport" content="x">\n'
                '</head>\n<body class="x">\n<p>Text</p>\n</body>\n</html>\n'
            ),
            {"title": "A & b", "date": "2026-11-22", "tags": ["a", "b"]},
            "<p>Text</p>\n",
            11,
        ),
        ("<title>A</title>\n<p>Text</p>\n", {"title": "A"}, "\n<p>Text</p>\n", 1),
        ("<html><head><title>A</title></head>\n<p>Text</p>", {"title": "A"}, "<p>Text</p>", 2),
        ("---\ntitle: A\n---\n<title>B</title>", {"title": "A"}, "<title>B</title>", 4),
        ("<p>Title: x</p>\n", {}, "<p>Title: x</p>\n", 1),
        ("Title: A\n\n<p>", {}, "Title: A\n\n<p>", 1),
    ],
)
def test_html_has_a_head_of_its_own(text: str, values: dict[str, Any], body: str, body_line: int) -> None:
    found = parse_front_matter(text, ".HTML")
    assert (found.values, found.body, found.body_line, found.markup) == (values, body, body_line, "html")
    assert found.values.keys() == found.lines.keys()


@pytest.mark.parametrize("suffix", [".md", ".markdown", ".mdx", ".txt", ""])
def test_all_else_is_markdown(suffix: str) -> None:
    assert parse_front_matter("Text", suffix).markup == "markdown"


_SIGNS = st.sampled_from("\n\n:-+;{}[]\"'=#<>/. \tab")
_TEXTS = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(["---\n", "+++\n", "{\"a\": ", ";;;\n", "Title: ", ":a: ", "<html><title>"]),
              st.text(_SIGNS | st.characters(), max_size=60), st.sampled_from(["", "\n---\n", "\n+++\n", "}", "\n\nText"])),
    st.text(max_size=80),
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(_TEXTS, st.sampled_from([".md", ".mdx", ".rst", ".html"]))
def test_any_file_is_read_or_refused_in_our_own_words(text: str, suffix: str) -> None:
    try:
        found = parse_front_matter(text, suffix)
    except FrontMatterError:
        return
    assert found.values.keys() == found.lines.keys()
    last = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= line <= last for line in [*found.lines.values(), found.body_line])
    if not found.values and suffix != ".html":
        assert len(found.body) <= len(text)


HEADS = ["---\n", "+++\n", '{"a":', ";;;\n", "Title: x\n", "<html>", ":a: b\n", ""]
ROWS = [
    "a: b\n", "a: [", "a: {", '"', "'", "a = [", "a = '", "[[a]]\n", "[a.b]\n", "- a\n", "a: \"", "&a b\n", "*a ", "# ",
    "<title>",
    "<title", "<meta ", "<meta name=\"a\" ", "<body", "<!--", "<!doctype ", "===\n", "x\n===\n", ":a: b\n", ":a", "a b c: d\n",
    " x\n", "\n", "\n ", "[", "{", "{\"a\":", "a.b=1\n", "x: [a, b, \"c\"", "``", "`a", "**a", "\\", "--- ", "\t",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".md", ".rst", ".html"])
@pytest.mark.parametrize("head", HEADS)
def test_no_head_is_looked_through_again_and_again(head: str, suffix: str) -> None:
    """Thirty thousand characters of anything take far less than what looking back each time would: seconds."""
    slow = {}
    for row in ROWS:
        for end in ("", "\n---\n"):
            text = head + row * (30_000 // len(row)) + end
            start = process_time()
            with suppress(FrontMatterError):
                parse_front_matter(text, suffix)
            if (spent := process_time() - start) > 1.5:
                slow[row + end] = spent
    assert slow == {}

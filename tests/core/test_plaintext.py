"""HTML as text that reads well without it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.markdown import render_markdown, sanitise
from publisher.core.plaintext import plain_text, shorten, summary_of

PIECES = [
    *("<p>", "</p>", "<li>", "</li>", "<ul>", "</ul>", "<ol>", "</ol>", "<pre>", "</pre>", "<br>", "<hr>", "<td>"),
    *("<blockquote>", "</blockquote>", "<a href='x'>", "</a>", "<sup class='footnote-ref'>", "</sup>"),
    *("[1", "words", "&amp;", "&gt;", "\n", " "),
]
quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def from_markdown(body: str) -> str:
    return plain_text(sanitise(render_markdown(body), lambda url: url))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("One\ntwo\n\nThree", "One two\n\nThree"),
        ("a\\\nb", "a\nb"),
        ("# Head\n\nText", "Head\n\nText"),
        ("- a\n- b\n", "- a\n- b"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("7. a\n8. b", "7. a\n8. b"),
        ("- a\n  - b\n", "- a\n  - b"),
        ("> q\n\nNext", "> q\n\nNext"),
        ("> > q\n\nNext", "> > q\n\nNext"),
        ("> q\n>\n> r", "> q\n>\n> r"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("    code\n      more\n", "    code\n      more"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("[words](https://example.org/a)", "words <https://example.org/a>"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("ada@example.org", "ada@example.org"),
        ("www.example.org", "www.example.org"),
        ("![A pot](a.png)", "[A pot]"),
        ("![](a.png)", ""),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("- [x] done\n- [ ] not", "- ☑ done\n- ☐ not"),
        ("~~a~~ *b* **c** `d`", "a b c d"),
        ("a &lt;b&gt; & c", "a <b> & c"),
        ("", ""),
    ],
)
def test_a_post_reads_as_plain_text(body: str, text: str) -> None:
    assert from_markdown(body) == text


def test_a_footnote_has_its_number_in_brackets_and_no_way_back() -> None:
    text = from_markdown("Sea[^a] and ice.\n\n[^a]: The note.")
    assert text.startswith("Sea[1] and ice.")
    assert "1. The note." in text
    assert "↩" not in text


def test_only_a_way_back_is_silent() -> None:
    assert plain_text('<p>a<br class="footnote-backref">b</p><p>c</p>') == "a\nb\n\nc"


@pytest.mark.parametrize(
    ("start", "text"), [("5", "5. a"), ("x", "1. a"), ("-3", "1. a"), ("²", "1. a"), ("9" * 5000, "1. a")]
)
def test_a_list_starts_where_it_says_if_that_is_a_number(start: str, text: str) -> None:
    assert plain_text(f'<ol start="{start}"><li>a</li></ol>') == text


@pytest.mark.parametrize(
    "html", ["</p></ul></li></a></pre>", "<li>a", "<a>b</a>", "<td>a<td>b", "<pre>a<pre>b", "<p>\x00a"]
)
def test_unfinished_markup_is_read_as_far_as_it_goes(html: str) -> None:
    assert "\x00" not in plain_text(html)


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ("# Head\n\nFirst words.\n\nMore.", "First words. More."),
        ("First[^1] words.\n\n[^1]: A note.", "First words."),
        ("```\ncode\n```\n\nText", "Text"),
        ("| a |\n|---|\n| 1 |\n\nText", "Text"),
        ("![A pot](a.png)\n\nText with [a link](https://example.org/).", "Text with a link."),
        ("- one\n- two", "- one - two"),
    ],
)
def test_the_summary_is_the_running_text(body: str, summary: str) -> None:
    assert summary_of(sanitise(render_markdown(body), lambda url: url)) == summary


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("one two", 7, "one two"),
        ("one two three", 10, "one two…"),
        ("one, two", 7, "one…"),
        ("abcdefghij", 5, "abcd…"),
        ("  a \n b  ", 5, "a b"),
        ("a bcdefghijklm", 8, "a bcdef…"),
    ],
)
def test_text_is_cut_at_a_word(text: str, length: int, short: str) -> None:
    assert shorten(text, length) == short


@quick
@given(st.text(), st.integers(2, 50))
def test_what_is_shortened_is_one_line_that_fits(text: str, length: int) -> None:
    found = shorten(text, length)
    assert len(found) <= length
    assert found == " ".join(found.split())
    assert found.endswith("…") or found == " ".join(text.split())


@quick
@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_markup_becomes_text_and_keeps_its_words(html: str) -> None:
    text = plain_text(html)
    assert text.count("words") == html.count("words")
    assert text == text.strip("\n")
    assert len(summary_of(html)) <= 280


PLAIN = [
    *(
        "<p>",
        "</p>",
        "</p>\n<p>",
        "<em>",
        "</em>",
        '<a href="https://example.org/?a=1&amp;b">',
        "</a>",
        "<code>",
        "</code>",
    ),
    *(
        "some words of a sentence. ",
        "a",
        "\n",
        "\N{NO-BREAK SPACE}",
        "&lt;",
        "&amp;amp;",
        "&#8217;",
        "&",
        "<br>",
        "<h2>x</h2>",
    ),
    *('<a href="#fn1" class="footnote-backref">', "<sup>1</sup>", '<img src="x" alt="y">', "<!-- a > b -->"),
]


@given(pieces=st.lists(st.sampled_from(PLAIN), max_size=60))
@settings(quick, max_examples=600)
def test_plain_paragraphs_have_the_summary_that_any_others_would_have(pieces: list[str]) -> None:
    """In a `<div>` they are no beginning of plain paragraphs, and are read word by word."""
    html = "<p>" + "".join(pieces) + "</p>"
    assert summary_of(html) == summary_of(f"<div>{html}</div>")

"""Blocks that only some generators' Markdown knows: none of their signs is shown, and no code is touched."""

import time

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from publisher.core.generated import expand
from publisher.core.markdown import render_markdown


def shown(body: str, suffix: str = ".md") -> str:
    """The HTML in one line."""
    text, _ = expand(body, suffix=suffix, file="posts/a.md", body_line=1, resolve=lambda name: None)
    return render_markdown(text).replace("\n", "")


QUOTE = "<blockquote><p><strong>{}</strong></p><p>{}</p></blockquote>"


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("> [!NOTE]\n> Ice.\n", QUOTE.format("Note", "Ice.")),
        ("> [!warning]- Thin *ice*\n> Ice.\n", QUOTE.format("Thin <em>ice</em>", "Ice.")),
        ("> Ice\n> [!NOTE]\n", "<blockquote><p>Ice[!NOTE]</p></blockquote>"),
        ('!!! note "Thin ice"\n    Ice.\n', QUOTE.format("Thin ice", "Ice.")),
        ("??? tip inline end\n    Ice.\n\nSnow.\n", QUOTE.format("Tip", "Ice.") + "<p>Snow.</p>"),
        ('!!! note ""\n    Ice.\n', "<blockquote><p>Ice.</p></blockquote>"),
        ("!!! note\n    > [!TIP]\n    > Ice.\n", QUOTE.format("Note", "{}").replace("<p>{}</p>", QUOTE.format("Tip", "Ice."))),
        ("!!! what a day\n\nIce.\n", "<p>!!! what a day</p><p>Ice.</p>"),
        (":::tip[Thin ice]\nIce.\n:::\n", "<p><strong>Thin ice</strong></p><p>Ice.</p>"),
        ("::: info\nIce.\n\n:::: danger Thaw {.x}\nSnow.\n::::\n:::\n", "<p>Ice.</p><p><strong>Thaw</strong></p><p>Snow.</p>"),
        (":::tip\nIce.\n", "<p>:::tipIce.</p>"),
        ("The HTML.\n\n*[HTML]: Hypertext\n*[W3C]: People\n", "<p>The HTML.</p>"),
        ('<div class="x" markdown="1">\n*Ice*\n</div>\n', '<div class="x"><p><em>Ice</em></p></div>'),
        ("<div markdown=1>*Ice*</div>\n", "<div><p><em>Ice</em></p></div>"),
        ('<p markdown="span">Ice</p>\n', "<p>Ice</p>"),
    ],
)  # fmt: skip
def test_blocks_become_what_everybody_can_read(body: str, html: str) -> None:
    assert shown(body) == html


@pytest.mark.parametrize(
    ("body", "terms", "definitions"),
    [
        ("Ice\n: Cold *water*\n: Hard\n", ["Ice"], ["<p>Cold <em>water</em></p>", "<p>Hard</p>"]),
        ("Ice\n\n:   Water\n\n    more\n\nSnow\n:   Light\n", ["Ice", "Snow"], ["<p>Water</p><p>more</p>", "<p>Light</p>"]),
        ("Ice\nSnow\n: Cold\n  water\n", ["Ice", "Snow"], ["<p>Coldwater</p>"]),
        ("Ice\n:\tTab\n", ["Ice"], ["<p>Tab</p>"]),
    ],
)  # fmt: skip
def test_a_list_of_definitions(body: str, terms: list[str], definitions: list[str]) -> None:
    html = shown(f"Before.\n\n{body}\nAfter.\n")
    assert html.startswith("<p>Before.</p><dl>")
    assert html.endswith("</dl><p>After.</p>")
    assert [part.partition("</dt>")[0] for part in html.split("<dt>")[1:]] == [f"<p>{term}</p>" for term in terms]
    assert [part.partition("</dd>")[0] for part in html.split("<dd>")[1:]] == definitions


@pytest.mark.parametrize(
    "body",
    [
        "# Ice\n: no term\n",
        "- ice\n: no term\n",
        "one\ntwo\nthree\nfour\n: no term\n",
        "At 10\n:30 it was cold.\n",
        "| a |\n|---|\n: x\n",
    ],
)
def test_what_is_no_list_of_definitions_stays(body: str) -> None:
    assert "<dl>" not in shown(body)


CODE = "> [!NOTE]\n!!! note\n    x\nTerm\n: Definition\n*[HTML]: x\n:::tip\n:::\n<div markdown=1>\n"


@pytest.mark.parametrize("fence", ["```\n{}```\n", "~~~ text\n{}~~~\n", "<pre>\n{}</pre>\n", "<!--\n{}-->\n"])
def test_code_is_let_be(fence: str) -> None:
    body = fence.format(CODE)
    assert expand(body, suffix=".md", file="a", body_line=1, resolve=lambda name: None)[0] == body
    indented = "Text:\n\n" + "".join(f"    {row}\n" for row in CODE.split("\n")[:-1])
    assert expand(indented, suffix=".md", file="a", body_line=1, resolve=lambda name: None)[0] == indented


def test_a_value_that_only_a_template_could_tell_is_left_out_and_told() -> None:
    for value in ('{{ "now" | date: "%Y" }}', "{{ 'a' + b }}", '{{ ns::fn(x="y") }}', '{{ a.b(c="d") }}'):
        text, problems = expand(f"It is {value}.", suffix=".md", file="a", body_line=1, resolve=lambda name: None)
        assert text == "It is ."
        assert len(problems) == 1


ROWS = st.sampled_from([
    "> [!NOTE]", "> x", "!!! note", '??? a "b"', "    x", "\ty", "", " ", "Term", ": d", ":\td", "  : e", "*[a]: b",
    ":::tip", ":::", "```", "~~~", "<pre>", "</pre>", "<!--", '<div markdown="1">', "</div>", "- a", "1. b", "    :::python",
    "    #!sh", "#!x", "```\n:::js", "# h", "---", "[^1]: n", "{: .x}",
])  # fmt: skip


@how(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(ROWS, max_size=14))
def test_whatever_stands_there_it_is_read(rows: list[str]) -> None:
    assert isinstance(shown("\n".join(rows)), str)


@pytest.mark.parametrize(
    "row",
    [
        "a\n: b\n\n",
        ": b\n",
        "a\n",
        "!!! note\n    x\n",
        ":::tip\n",
        "<pre>\n",
        "    :::python\n",
        "> [!NOTE]\n",
        "a\n\n    #!x\n\n",
    ],
)
def test_a_long_text_takes_no_more_than_its_share_of_time(row: str) -> None:
    body = row * (200_000 // len(row)) + "\n: x"
    start = time.perf_counter()
    expand(body, suffix=".md", file="a", body_line=1, resolve=lambda name: None)
    assert time.perf_counter() - start < 5


def test_admonitions_in_admonitions_without_end() -> None:
    body = "".join(f"{'    ' * depth}!!! note\n" for depth in range(400))
    assert "<blockquote>" in shown(body)

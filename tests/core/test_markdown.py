"""Markdown as it is promised, and HTML that can do no harm in a feed or a letter."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.core.markdown import cut_heading, heading_text, render_markdown, rewrite_urls, sanitise

BASE = "https://example.org/blog/2026/a/"


def absolute(url: str) -> str:
    try:
        return urljoin(BASE, url)
    except ValueError:
        return url


def clean(html: str) -> str:
    return sanitise(html, absolute)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("| a | b |\n|---|--:|\n| 1 | 2 |\n", '<td align="right">2</td>'),
        ("~~gone~~", "<del>gone</del>"),
        ("- [x] done\n- [ ] not", 'type="checkbox" checked="" disabled="" aria-label="done"'),
        ("- [x] done\n- [ ] not", 'type="checkbox" disabled="" aria-label="to do"'),
        ('"Quoted" -- it\'s -- so...', "“Quoted” – it’s – so…"),
        ("a---b", "a—b"),
        ("# A Title", '<h1 id="a-title">A Title</h1>'),
        ("## Same\n\n## Same", '<h2 id="same-1">Same</h2>'),
        ("See https://example.com/a?b=c.", '<a href="https://example.com/a?b=c">https://example.com/a?b=c</a>.'),
        ("See www.example.com", '<a href="http://www.example.com">www.example.com</a>'),
        ("Write to ada@example.org", '<a href="mailto:ada@example.org">ada@example.org</a>'),
        ('<div class="own">\n<b>raw</b>\n</div>', '<div class="own">\n<b>raw</b>\n</div>'),
        ("a <kbd>b</kbd> c", "a <kbd>b</kbd> c"),
        ("text[^1]\n\n[^1]: The note.", 'class="footnote-ref"'),
        ("text[^1]\n\n[^1]: The note.", "The note."),
        ("```python\na < b\n```", '<code class="language-python">a &lt; b'),
        ('`a -- "b"`', "<code>a -- &quot;b&quot;</code>"),
        ("> quote", "<blockquote>"),
        ("3. three\n4. four", '<ol start="3">'),
        ('![alt](a.png "title")', '<img src="a.png" alt="alt" title="title" />'),
        ("*a* **b** `c`", "<em>a</em> <strong>b</strong> <code>c</code>"),
        ("a\\\nb", "<br />"),
    ],
)
def test_markdown_has_the_feature(body: str, expected: str) -> None:
    assert expected in render_markdown(body)


def test_no_anchor_without_words_stands_in_a_heading() -> None:
    assert "anchor" not in render_markdown("# One\n\n## Two *words*")


@pytest.mark.parametrize("body", ["", "\n\n", "\x00", "a\r\nb", "[a]: b", "]](((", "<", "&", "\ud7ff"])
def test_odd_markdown_is_rendered_too(body: str) -> None:
    assert isinstance(render_markdown(body), str)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<script>alert(1)</script>a", "a"),
        ("<style>p{}</style>a", "a"),
        ("<iframe src=x>b</iframe>a", "a"),
        ("<object data=x>b</object>a", "a"),
        ("<noscript>b</noscript>a", "a"),
        ("<template>b</template>a", "a"),
        ("<form action=x><input name=a><button>b</button></form>", "b"),
        ("<embed src=x><link rel=x><meta charset=x><base href=x>a", "a"),
        ("<p onclick=\"x\" ONLOAD=y onmouseover = 'z'>a</p>", "<p>a</p>"),
        ('<p style="color:red">a</p>', "<p>a</p>"),
        ('<img src=x onerror="alert(1)">', f'<img src="{BASE}x">'),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="JaVaScRiPt:alert(1)">a</a>', "<a>a</a>"),
        ('<a href=" javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="java\nscript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="&#106;avascript&colon;alert(1)">a</a>', "<a>a</a>"),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>"),
        ('<a href="vbscript:x">a</a>', "<a>a</a>"),
        ('<img src="data:image/png;base64,x">', "<img>"),
        ("<svg><script>alert(1)</script></svg>a", "a"),
        ("<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>", ""),
        ("<!-- a --><?php b ?><![CDATA[c]]>", "c]]&gt;"),
        ("<p>a", "<p>a</p>"),
        ("a & b < c", "a &amp; b &lt; c"),
    ],
)
def test_the_sanitiser_takes_out_what_could_act(html: str, expected: str) -> None:
    found = clean(html)
    assert found in (expected, expected.replace("c]]&gt;", ""))


@pytest.mark.parametrize(
    "space", ["\xa0", "\x85", "\u2003", "\u2028", "\u3000", "\ufeff", "\u200b", "\x1f", "\x0b", "\x00"]
)
@pytest.mark.parametrize("attribute", ["a href", "img src", "video poster", "blockquote cite"])
def test_no_odd_space_hides_a_scheme_from_the_sanitiser(space: str, attribute: str) -> None:
    found = clean(f'<{attribute}="{space}javascript:alert(1)">x')
    assert not re.search(r'="javascript:', found)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="../b/">x</a>', '<a href="https://example.org/blog/2026/b/">x</a>'),
        ('<a href="/b/?c=d&amp;e">x</a>', '<a href="https://example.org/b/?c=d&amp;e">x</a>'),
        ('<a href="#part">x</a>', f'<a href="{BASE}#part">x</a>'),
        ('<a href="//cdn.example/x">x</a>', '<a href="https://cdn.example/x">x</a>'),
        ('<a href="mailto:a@b.org">x</a>', '<a href="mailto:a@b.org">x</a>'),
        ('<img src="a b.png" alt="c>d">', f'<img src="{BASE}a b.png" alt="c&gt;d">'),
        ("<img src='a.png'>", f'<img src="{BASE}a.png">'),
        (
            '<img srcset="a.png 1x, /b.png 2x,c.png">',
            f'<img srcset="{BASE}a.png 1x, https://example.org/b.png 2x,c.png">',
        ),
        (
            '<source srcset="a.png 100w, https://x.example/b.png 200w">',
            f'<source srcset="{BASE}a.png 100w, https://x.example/b.png 200w">',
        ),
        ('<video poster="p.jpg" src="v.mp4"></video>', f'poster="{BASE}p.jpg"'),
        ('<video poster="p.jpg" src="v.mp4"></video>', f'src="{BASE}v.mp4"'),
        ('<audio src="a.mp3" controls></audio>', f'src="{BASE}a.mp3"'),
        ('<blockquote cite="x">q</blockquote>', f'<blockquote cite="{BASE}x">'),
        ('<p title="href=&quot;b&quot;">x</p>', '<p title="href=&quot;b&quot;">x</p>'),
    ],
)
def test_every_address_becomes_absolute(html: str, expected: str) -> None:
    assert expected in clean(html)


def test_the_addresses_of_footnotes_are_absolute_too() -> None:
    found = clean(render_markdown("text[^1]\n\n[^1]: The note."))
    assert f'href="{BASE}#fn-1"' in found
    assert f'href="{BASE}#fnref-1"' in found


def test_boxes_become_signs_where_no_form_can_travel() -> None:
    found = clean(render_markdown("- [x] done\n- [ ] not"))
    assert "\N{BALLOT BOX WITH CHECK} done" in found
    assert "\N{BALLOT BOX} not" in found
    assert "<input" not in found


class Attributes(HTMLParser):
    """What a reader's program would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.found: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [(name, value or "") for name, value in attrs]


HOSTILE = [
    "<script>",
    "</script>",
    "<img src=",
    "<a href=",
    '<a href="',
    "<svg/onload=",
    " onerror=",
    "javascript:",
    "java\tscript:",
    "&#106;avascript:",
    "\xa0",
    '"',
    "'",
    ">",
    "<",
    "<!--",
    "-->",
    "<style>",
    "<math>",
    "<iframe srcdoc=",
    " srcset=",
    "<![CDATA[",
    "]]>",
    "<textarea>",
    "<noscript>",
    "<p title=",
    "http://[",
    "\x00",
    "alert(1)",
    "=",
    "/",
]
markup = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4), max_size=14).map("".join)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(markup)
@example('<a href="\xa0javascript:alert(1)">x</a>')
@example('<img src="x` `<script>alert(1)</script>"` `>')
@example('<p title="</p><img src=x onerror=alert(1)>">')
def test_nothing_that_acts_ever_comes_through(text: str) -> None:
    for html in (text, render_markdown(text)):
        found = clean(html)
        assert not re.search(r"<(script|style|iframe|object|embed|form|svg|math)\b", found, re.IGNORECASE)
        seen = Attributes(found)
        assert not [name for name, _ in seen.found if name.startswith("on") or name in ("style", "srcdoc")]
        urls = [value for name, value in seen.found if name in ("href", "src", "poster", "cite")]
        assert not [
            url for url in urls if re.sub(r"[\x00-\x20\x7f-\xa0]", "", unescape(url)).lower().startswith("javascript:")
        ]
        assert Attributes(clean(found)).tags == seen.tags


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(markup)
def test_addresses_that_stay_leave_every_byte_as_it_was(text: str) -> None:
    html = render_markdown(text)
    kept = rewrite_urls(html, lambda url: url)
    assert Attributes(kept).tags == Attributes(html).tags
    assert rewrite_urls(kept, lambda url: url) == kept


def test_addresses_in_the_values_of_other_attributes_are_left_alone() -> None:
    html = """<p data-x1="a href='b'" alt=" src=c">x</p>"""
    assert rewrite_urls(html, lambda url: "changed") == html


@pytest.mark.parametrize(
    "html", ["<a " * 20_000, "<h1>" * 5_000 + "x", "<img srcset='" + "," * 50_000 + "'>", "<" * 50_000]
)
def test_broken_markup_takes_no_endless_time(html: str) -> None:
    assert isinstance(rewrite_urls(html, absolute), str)
    assert cut_heading(html, None)[0] is None


@pytest.mark.parametrize(
    ("body", "title", "found", "starts"),
    [
        ("# One\n\nText", None, "One", "<p>Text"),
        ("Text\n\n## Two\n\nMore", None, "Two", "<p>Text"),
        ("Text", None, None, "<p>Text"),
        ("# One\n\nText", "One", "One", "<p>Text"),
        ("# It's *one*\n\nText", "It's one", "It’s one", "<p>Text"),
        ('# "A" -- b...\n\nText', '"A" -- b...', "“A” – b…", "<p>Text"),
        ("# One\n\nText", "Another", "Another", "<h1"),
        ("# A &amp; <b>b</b>\n\nText", None, "A & b", "<p>Text"),
        ("#\n\nText", None, None, "<p>Text"),
        ("", None, None, ""),
    ],
)
def test_the_first_heading_is_the_title_where_there_is_none(
    body: str, title: str | None, found: str | None, starts: str
) -> None:
    cut, rest = cut_heading(render_markdown(body), title)
    assert cut == found
    assert rest.startswith(starts)


def test_the_text_of_a_heading_is_plain() -> None:
    assert heading_text("a <em>b</em>\n &amp; <code>c</code>") == "a b & c"


LINKS = [
    *(
        "[a](https://example.org)",
        "<https://example.org/x>",
        "https://example.org",
        "(https://example.org/y)",
        "`http://a`",
    ),
    *(
        "[b](https://example.org/two words)",
        "![c](http://example.org/c.png)",
        "[d]",
        "[d]: https://example.org/d\n",
        "\n\n",
    ),
    *(
        '<a href="https://example.org/e">',
        "</a>",
        "www.example.org",
        "f@example.org",
        "ftp://example.org",
        " words ",
        "    ",
    ),
    *("](https://example.org)", "[g](/h 'https://x')", "&#58;//", '<i title="http://">', "http\\://i.org", "```\n"),
]


@given(pieces=st.lists(st.sampled_from(LINKS), max_size=8))
@settings(max_examples=600, deadline=None, derandomize=True, database=None)
def test_bare_links_are_found_whatever_else_stands_there(pieces: list[str]) -> None:
    """With an @ anywhere they are looked for in any case."""
    body = "".join(pieces)
    assert render_markdown(body) == render_markdown(f"<!-- @ -->\n\n{body}").removeprefix("<!-- @ -->\n")

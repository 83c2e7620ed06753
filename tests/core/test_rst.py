"""reStructuredText to HTML: what is rendered, what is told of, and what no post may reach."""

import pytest

from publisher.core.rst import render_rst


def rendered(body: str) -> tuple[str, list[tuple[int | None, str]]]:
    html, problems = render_rst(body, file="posts/a.rst", body_line=10)
    assert all(each.file == "posts/a.rst" and each.wanted for each in problems)
    return html, [(each.line, each.what) for each in problems]


@pytest.mark.parametrize(
    ("body", "html"),
    [
        (
            "One *two* `three <https://x.example>`_\n",
            '<a class="reference external" href="https://x.example">three</a>',
        ),
        ("Title\n=====\n\nText\n", "<h2>Title</h2>\n<p>Text</p>"),
        (".. code-block:: python\n\n   a < b\n", '<pre class="code python literal-block"><code>a &lt; b</code></pre>'),
        (".. contents:: Of this\n   :depth: 2\n\nText\n", "<p>Text</p>"),
        (".. raw:: html\n\n   <b>raw</b>\n", "<b>raw</b>"),
        ('A :abbr:`HTML (Hyper & "T")`\n', '<abbr title="Hyper &amp; &quot;T&quot;">HTML</abbr>'),
        (".. image:: /a.png\n   :alt: A\n   :scale: 50\n", '<img alt="A" src="/a.png" />'),
        (":math:`x^2`\n", "<msup>"),
        (".. youtube:: w7Ft2ymGmfc\n   :width: 9\n\nText\n", 'href="https://www.youtube.com/watch?v=w7Ft2ymGmfc"'),
        ("", ""),
    ],
)
def test_the_usual_is_rendered_without_a_word(body: str, html: str) -> None:
    found, problems = rendered(body)
    assert problems == []
    assert html in found
    assert "Contents" not in found


def test_what_is_wrong_is_told_with_its_line_and_never_shown() -> None:
    html, problems = rendered("Text |x|\n\n.. admonition2:: abc\n\nA `bad\n")
    assert (12, 'Unknown directive type "admonition2"') in problems
    assert (14, "Inline interpreted text or phrase reference start-string without end-string") in problems
    assert 'Undefined substitution referenced: "x"' in [what for _, what in problems]
    assert "system-message" not in html
    assert "Unknown directive" not in html
    assert "Text |x|" in html


@pytest.mark.parametrize(
    "body",
    [
        ".. include:: /etc/hostname\n",
        ".. raw:: html\n   :file: /etc/hostname\n",
        ".. raw:: html\n   :url: file:///etc/hostname\n",
        ".. csv-table::\n   :file: /etc/hostname\n",
    ],
)
def test_no_file_of_the_machine_is_read(body: str) -> None:
    html, problems = rendered(body)
    assert html == ""
    assert len(problems) == 1
    assert problems[0][0] == 10


def test_what_docutils_fails_at_is_shown_as_it_stands_and_is_an_error() -> None:
    html, problems = render_rst("- " * 3000 + "<x>", file="posts/a.rst", body_line=10)
    assert html.startswith("<pre>- - ")
    assert html.endswith("&lt;x&gt;</pre>")
    assert [(each.line, each.severity) for each in problems] == [(10, "error")]

"""Templates: a site's own wins, and what is wrong in it is told with file and line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.core import pages
from publisher.core.errors import TemplateBroken
from publisher.core.model import Site
from publisher.templates import Templates, size

SITE = Site(
    url="https://example.org",
    service_url="https://example.org",
    title="A <b>title</b>",
    description="",
    language="en",
    timezone=ZoneInfo("UTC"),
)
PAGE = pages.not_found_page(SITE)


def templates(folder: Path, **files: str) -> Templates:
    for name, text in files.items():
        (folder / f"{name}.html").write_text(text)
    return Templates(SITE, folder)


def test_a_template_of_the_site_wins_and_the_others_are_ours(tmp_path: Path) -> None:
    own = templates(tmp_path, message="mine: {{ page.title }}")
    assert own.page("message.html", page=PAGE) == "mine: Nothing here"
    assert "<!DOCTYPE html>" in Templates(SITE, tmp_path / "none").page("message.html", page=PAGE)


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    found = templates(tmp_path, message="{{ site.title }}")
    (tmp_path / "letter.txt").write_text("{{ site.title }}")
    assert found.page("message.html", page=PAGE) == "A &lt;b&gt;title&lt;/b&gt;"
    assert found.letter_text("letter.txt") == "A <b>title</b>"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("one\n{{ page.headline }}", 2, "has no attribute 'headline'"),
        ("one\ntwo\n{{ nothing }}", 3, "'nothing' is undefined"),
        ("{% if %}", 1, "Expected an expression"),
        ("one\n{{ page.title + 1 }}", 2, "can only concatenate str"),
        ("{% include 'gone.html' %}", 1, "gone.html"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    with pytest.raises(TemplateBroken) as told:
        templates(tmp_path, message=text).page("message.html", page=PAGE)
    assert told.value.file == str(tmp_path / "message.html")
    assert told.value.line == line
    assert what in told.value.what


def test_a_changed_template_is_read_anew_when_asked(tmp_path: Path) -> None:
    found = templates(tmp_path, message="old")
    assert found.page("message.html", page=PAGE) == "old"
    (tmp_path / "message.html").write_text("new")
    found.refresh()
    assert found.page("message.html", page=PAGE) == "new"


def test_styles_are_inlined_and_media_queries_kept(tmp_path: Path) -> None:
    (tmp_path / "l.html").write_text(
        "<html><head><style>p { color: red }</style><style data-css-inline='keep'>@media print { p { color: blue } }</style>"
        "</head><body><p>Hello</p></body></html>"
    )
    html = Templates(SITE, tmp_path).letter_html("l.html")
    assert '<p style="color: red;">' in html
    assert html.count("<style") == 1
    assert "@media print" in html


@pytest.mark.parametrize(("length", "shown"), [(812, "812 bytes"), (24_400, "24 KB"), (3_140_000, "3.1 MB")])
def test_sizes_are_told_in_words(length: int, shown: str) -> None:
    assert size(length) == shown

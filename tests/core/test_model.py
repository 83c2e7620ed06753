"""Addresses made of words, text that XML may hold, and what the values derive from themselves."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from publisher.core.media import media_type
from publisher.core.model import (
    Image,
    Post,
    Problem,
    Reply,
    Site,
    direction,
    is_one_line,
    is_plain,
    is_printable,
    one_line,
    printable,
    slug,
    tag_slug,
)

AT = datetime(2026, 11, 22, tzinfo=UTC)
quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def post(key: str = "k", **changes: object) -> Post:
    made = Post(
        key=key,
        id=f"tag:example.org,2026-11-22:{key}",
        source=f"{key}.md",
        path=f"/{key}/",
        url=f"https://example.org/{key}/",
        title="A title",
        headline="A title",
        published_at=AT,
        updated_at=AT,
        summary="Text",
        reading_minutes=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("First light", "first-light"),
        ("  --A__b.c--  ", "a-b-c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("Straße", "strasse"),
        ("שלום עולם", "שלום-עולם"),
        ("日本語 の題", "日本語-の題"),
        ("ภาษาไทย", "ภาษาไทย"),
        ("../../etc/passwd", "etc-passwd"),
        ("¡¿?!", ""),
        ("", ""),
        ("👩‍👩‍👧", ""),
    ],
)
def test_a_slug_holds_letters_and_digits_of_any_script(text: str, name: str) -> None:
    assert slug(text) == name


def test_vowel_signs_stay_so_that_words_stay_apart() -> None:
    assert slug("हिन्दी काम") == "हिन्दी-काम"
    assert slug("काम") != slug("किम")


def test_composed_and_decomposed_letters_share_an_address() -> None:
    assert slug("Cafe\u0301") == slug("Café") == "café"


@quick
@given(st.text(max_size=300))
def test_no_slug_escapes_its_folder_or_is_too_long_for_one(text: str) -> None:
    for name in (slug(text), tag_slug(text or "x")):
        assert "/" not in name
        assert not name.startswith(".")
        assert len(name.encode()) <= 200
        assert slug(name) == name
    assert tag_slug(text or "x")


@pytest.mark.parametrize("text", ["界" * 300, "!" * 300, "ab " * 300, "é" * 300])
def test_a_long_name_still_is_a_name_of_a_folder(text: str) -> None:
    assert 0 < len(tag_slug(text).encode()) <= 200


@quick
@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc"])))
def test_printable_text_is_what_xml_takes(text: str) -> None:
    kept = printable(text)
    assert is_printable(kept)
    assert is_printable(text) == (kept == text)
    element = etree.Element("a")
    element.text = kept
    assert etree.fromstring(etree.tostring(element)).tag == "a"


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\tb", "a\x85b", "a\u2028b", "a\x1cb", "a\x7fb", "a\udcffb", "a\x00"]
)
def test_what_would_break_a_line_is_known(text: str) -> None:
    assert not is_one_line(text)
    assert is_one_line(one_line(text))
    assert len(one_line(text)) == len(text)


@pytest.mark.parametrize("text", ["", "a b", "é", "a\u200db", "日本語"])
def test_what_is_one_line_stays_as_it_is(text: str) -> None:
    assert is_one_line(text)
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("tag", "way"), [("en", "ltr"), ("he", "rtl"), ("AR-EG", "rtl"), ("de-AT", "ltr"), ("", "ltr")]
)
def test_the_direction_of_a_language(tag: str, way: str) -> None:
    assert direction(tag) == way


@pytest.mark.parametrize(
    ("url", "root", "host"),
    [
        ("https://example.org", "", "example.org"),
        ("https://example.org/blog", "/blog", "example.org"),
        ("http://[::1]:8000/a/b", "/a/b", "::1"),
        ("https://Example.ORG", "", "example.org"),
    ],
)
def test_a_site_knows_its_root_and_host(url: str, root: str, host: str) -> None:
    site = Site(url=url, service_url=url, title="T", description="", language="en", timezone=ZoneInfo("UTC"))
    assert (site.root, site.host) == (root, host)
    assert site.href("/a/") == f"{root}/a/"
    assert site.absolute("/a/") == f"{url}/a/"


def test_a_problem_reads_as_file_line_what_and_wanted() -> None:
    problem = Problem(file="posts/a.md", line=3, what="no", wanted="yes")
    assert str(problem) == "posts/a.md:3: no, yes"
    assert str(replace(problem, line=None)) == "posts/a.md: no, yes"


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(code=250, enhanced="2.0.0", text="ok"), "250 2.0.0 ok"),
        (Reply(code=421, enhanced=None, text=""), "421"),
    ],
)
def test_a_reply_reads_as_the_server_said_it(reply: Reply, text: str) -> None:
    assert str(reply) == text


@pytest.mark.parametrize("is_note", [True, False])
def test_a_post_comes_back_from_another_process_as_it_was(is_note: bool) -> None:
    made = post(title=None if is_note else "A title", tags=("a", "b"), image=Image(url="https://example.org/a.png"))
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert hash(again) == hash(made)
    assert again.image == Image(url="https://example.org/a.png")


@quick
@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore")))
def test_what_bytes_tell_to_be_plain_is_printable(data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    assert is_printable(text) or not is_plain(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"a b\tc\r\n", True), ("é 日本".encode(), True), (b"\x07", False), (b"a\x7f", False), (b"\xc2\x85", False)],
)
def test_most_files_are_told_to_be_plain_from_their_bytes(data: bytes, expected: bool) -> None:
    assert is_plain(data) is expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PNG", "image/png"),
        ("a.mp3", "audio/mpeg"),
        ("atom.xml", "application/atom+xml; charset=utf-8"),
        ("rss.xml", "application/rss+xml; charset=utf-8"),
        ("a.xyz", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_media_type_goes_by_the_ending(name: str, kind: str) -> None:
    assert media_type(PurePosixPath("x") / name) == kind

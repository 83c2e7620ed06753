"""What a post says of itself, in our words, with a complaint for each value that can't be used."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.core.frontmatter import parse_front_matter
from publisher.core.head import Head, Unfit


def head(text: str, zone: str = "UTC") -> Head:
    return Head(parse_front_matter(f"---\n{text}\n---\nBody\n"), "posts/a.md", ZoneInfo(zone))


@pytest.mark.parametrize(
    ("written", "is_draft"),
    [
        ("title: A", False),
        ("draft: true", True),
        ("draft: Yes", True),
        ("draft: on", True),
        ("draft: 1", True),
        ("draft: 'true'", True),
        ("draft: false", False),
        ("draft: off", False),
        ("draft:", False),
        ("published: false", True),
        ("published: No", True),
        ("published: true", False),
        ("published: 2026-11-22", False),
        ("status: draft", True),
        ("status: Hidden", True),
        ("status: private", True),
        ("status: published", False),
        ("draft: false\nstatus: draft", True),
    ],
)
def test_a_draft_is_known_by_any_of_its_signs(written: str, is_draft: bool) -> None:
    assert head(written).is_draft() is is_draft


@pytest.mark.parametrize("written", ["draft: maybe", "draft: [true]", "draft: {a: b}", "draft: ''"])
def test_an_unclear_flag_keeps_the_post_back(written: str) -> None:
    with pytest.raises(Unfit) as caught:
        head(f"title: A\n{written}").is_draft()
    problem = caught.value.problem
    assert (problem.file, problem.line, problem.severity) == ("posts/a.md", 3, "error")
    assert "draft: true or draft: false" in problem.wanted


@pytest.mark.parametrize(
    ("written", "in_name", "instant"),
    [
        ("date: 2026-11-22", None, datetime(2026, 11, 22, tzinfo=UTC)),
        ("published: 2026-11-21 10:00", None, datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("published: true", "2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("title: A", "2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("date: 2026-11-22\npublished: 2026-11-21", "2026-11-20", datetime(2026, 11, 22, tzinfo=UTC)),
        ("date:", "2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_the_date_is_the_posts_own_else_the_names(written: str, in_name: str | None, instant: datetime) -> None:
    assert head(written).published_at(in_name) == instant


@pytest.mark.parametrize(
    ("written", "in_name", "line", "what"),
    [
        ("title: A", None, 1, "the post has no date"),
        ("title: A\ndate: soon", "2026-11-20", 3, "date is 'soon'"),
        ("title: A\ndate: [2026]", None, 3, "date is"),
        ("title: A", "2026-13-01", None, "date is '2026-13-01'"),
    ],
)
def test_no_date_and_a_bad_date_are_problems_and_no_guess(
    written: str, in_name: str | None, line: int | None, what: str
) -> None:
    with pytest.raises(Unfit) as caught:
        head(written).published_at(in_name)
    assert caught.value.problem.line == line
    assert what in caught.value.problem.what
    assert "2026-11-22" in caught.value.problem.wanted


PUBLISHED = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("key", ["updated", "lastmod", "modified", "last_modified_at"])
def test_an_update_is_read_under_each_of_its_names(key: str) -> None:
    assert head(f"{key}: 2026-11-22").updated_at(PUBLISHED) == datetime(2026, 11, 22, tzinfo=UTC)


def test_an_update_is_never_before_the_publication() -> None:
    assert head("updated: 2020-01-01").updated_at(PUBLISHED) == PUBLISHED
    assert head("title: A").updated_at(PUBLISHED) == PUBLISHED


def test_a_bad_update_is_a_warning_and_the_next_name_is_tried() -> None:
    found = head("updated: soon\nlastmod: 2026-11-22")
    assert found.updated_at(PUBLISHED) == datetime(2026, 11, 22, tzinfo=UTC)
    (problem,) = found.problems
    assert (problem.line, problem.severity, problem.what) == (2, "warning", "updated is 'soon'")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("tags: [One, two]", ("One", "two")),
        ("tags: one, two ,, three", ("one", "two", "three")),
        ("tags:\n - one\n - ' two  words '", ("one", "two words")),
        ("tags: [One, one, ONE]", ("One",)),
        ("tags: one\ncategories: [two, ONE]", ("one", "two")),
        ("category: three", ("three",)),
        ("tags: [{name: Ada, url: x}, Bob]", ("Ada", "Bob")),
        ("tags: {name: Ada}", ("Ada",)),
        ("tags:", ()),
        ("tags: []", ()),
        ("tags: [2026, 1.0]", ("2026", "1.0")),
    ],
)
def test_words_are_read_from_lists_and_from_commas(written: str, words: tuple[str, ...]) -> None:
    found = head(written)
    assert found.words("tags", "categories", "category") == words
    assert found.problems == []


@pytest.mark.parametrize("written", ["tags: [one, [two]]", "tags: [one, {a: b}]"])
def test_a_word_that_is_none_is_warned_of_and_left_out(written: str) -> None:
    found = head(written)
    assert found.words("tags") == ("one",)
    assert [(problem.line, problem.severity) for problem in found.problems] == [(2, "warning")]


def test_a_mapping_is_no_word() -> None:
    found = head("tags: {a: b}")
    assert found.words("tags") == ()
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("title: A  title", "A title"),
        ("title: >\n  two\n  lines", "two lines"),
        ("title: ''", None),
        ("title: '  '\nname: B", "B"),
        ('title: "a\\u0007b\\u0085c"', "ab c"),
        ("other: x", None),
    ],
)
def test_text_is_one_line_of_what_can_be_printed(written: str, text: str | None) -> None:
    assert head(written).text("title", "name") == text


def test_text_that_is_a_list_is_a_warning_and_no_text() -> None:
    found = head("title: [a]")
    assert found.text("title") is None
    assert str(found.problems[0]) == "posts/a.md:2: title is no text, wanted is title: some words"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("image: a.png", ("image", {"url": "a.png"})),
        ("cover: ' a.png '", ("cover", {"url": "a.png"})),
        ("image: {URL: a.png, alt: A pot, width: }", ("image", {"url": "a.png", "alt": "A pot"})),
        ("other: x", ("image", {})),
        ("image: [a.png]\ncover: b.png", ("cover", {"url": "b.png"})),
    ],
)
def test_a_picture_is_one_text_or_a_small_mapping(written: str, parts: tuple[str, dict[str, str]]) -> None:
    assert head(written).parts("image", "cover") == parts

"""What a post says of itself, in our words, with a complaint for each value that can't be used."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publisher.core.frontmatter import parse_front_matter
from publisher.core.head import Head, Unfit, name_of


def head(text: str, path: str = "a.md") -> Head:
    place = PurePosixPath(path)
    found = parse_front_matter(f"---\n{text}\n---\nBody\n", place.suffix)
    return Head(found, f"posts/{path}", ZoneInfo("UTC"), place)


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
        ("status: skip", True),
        ("hidden: true", True),
        ("isDraft: true", True),
        ("permalink: false", True),
        ("permalink: /a/", False),
    ],
)
def test_a_draft_is_known_by_any_of_its_signs(written: str, is_draft: bool) -> None:
    assert head(written).is_draft() is is_draft


@pytest.mark.parametrize("path", ["_drafts/a.md", "drafts/2026/a.md", "x/Drafts/a.md"])
def test_what_lies_among_drafts_is_one(path: str) -> None:
    assert head("title: A", path).is_draft()
    assert not head("title: A", "a-drafts/drafts.md").is_draft()


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
        ("pubDate: 2026-11-22", None, datetime(2026, 11, 22, tzinfo=UTC)),
        ("date: 2026-11-22\npublishDate: 2026-11-23", "2026-11-20", datetime(2026, 11, 23, tzinfo=UTC)),
        ("date: 2026-11-22\npublishDate: 2026-11-21", "2026-11-20", datetime(2026, 11, 22, tzinfo=UTC)),
        ("publishDate: 2026-11-21", "2026-11-20", datetime(2026, 11, 21, tzinfo=UTC)),
        ("date: 2026-11-22", None, datetime(2026, 11, 22, tzinfo=UTC)),
        ("published: 2026-11-21 10:00", None, datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("published: true", "2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("title: A", "2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("date: 2026-11-22\npublished: 2026-11-21", "2026-11-20", datetime(2026, 11, 22, tzinfo=UTC)),
        ("date:", "2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_the_date_is_the_posts_own_else_the_names(written: str, in_name: str | None, instant: datetime) -> None:
    assert head(written, f"{in_name}-a.md" if in_name else "a.md").published_at() == instant


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
        head(written, f"{in_name}-a.md" if in_name else "a.md").published_at()
    assert caught.value.problem.line == line
    assert what in caught.value.problem.what
    assert "2026-11-22" in caught.value.problem.wanted


PUBLISHED = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("key", ["updated", "lastmod", "modified", "last_modified_at", "updatedDate", "modDatetime"])
def test_an_update_is_read_under_each_of_its_names(key: str) -> None:
    assert head(f"{key}: 2026-11-22").updated_at(PUBLISHED) == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("key", ["expiryDate", "unpublishdate"])
def test_a_post_may_end(key: str) -> None:
    assert head(f"{key}: 2026-11-22").expires_at() == datetime(2026, 11, 22, tzinfo=UTC)
    bad = head(f"{key}: soon")
    assert bad.expires_at() is None
    assert [problem.severity for problem in bad.problems] == ["warning"]
    assert head("title: A").expires_at() is None


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
    ("path", "day", "name"),
    [
        ("2026-11-22-a-title.md", "2026-11-22", "a-title"),
        ("2026-11-22_a_title.md", "2026-11-22", "a_title"),
        ("2026-11-22 a title.md", "2026-11-22", "a title"),
        ("2026-1-2-a.md", "2026-01-02", "a"),
        ("20261122-a.md", "2026-11-22", "a"),
        ("20261122_a.md", "2026-11-22", "a"),
        ("20261122.md", None, "20261122"),
        ("2026-11-22.md", "2026-11-22", "2026-11-22"),
        ("2026/11/22/a.md", "2026-11-22", "a"),
        ("blog/2026/11/22/a/index.md", "2026-11-22", "a"),
        ("2026/11/a.md", None, "a"),
        ("2026/a/index.md", None, "a"),
        ("2026-11-22-a/index.md", "2026-11-22", "a"),
        ("a/index.de.md", None, "a.de"),
        ("a/_index.md", None, "a"),
        ("index.md", None, "index"),
        ("a.de.md", None, "a.de"),
        ("2026-11-22-v1.2.md", "2026-11-22", "v1.2"),
        ("2026-11-22a.md", None, "2026-11-22a"),
        ("_posts/2026-11-22-a.markdown", "2026-11-22", "a"),
    ],
)
def test_the_names_of_file_and_folders_say_the_day_and_the_slug(path: str, day: str | None, name: str) -> None:
    assert name_of(PurePosixPath(path)) == (day, name)


@pytest.mark.parametrize(
    ("written", "path", "is_page"),
    [
        ("title: A", "a.md", False),
        ("layout: page", "a.md", True),
        ("layout: page\ndate: 2026-11-22", "a.md", True),
        ("layout: page", "2026-11-22-a.md", False),
        ("layout: post", "a.md", False),
        ("type: page", "a.md", True),
        ("template: page.html", "a.md", True),
        ("template: page.html\ndate: 2026-11-22", "a.md", False),
        ("title: A", "pages/a.md", True),
        ("title: A", "blog/pages/a.md", False),
        ("title: A", "pages.md", False),
        ("title: A", "blog/_index.md", True),
        ("title: A", "_hidden.md", True),
        ("title: A", "_posts/2026-11-22-a.md", False),
        ("title: A", "_layouts/post.html", True),
        ("title: A", "index.md", True),
        ("title: A", "404.html", True),
        ("date: 2026-11-22", "index.md", False),
        ("title: A", "a/index.md", False),
        ("eleventyExcludeFromCollections: true\ndate: 2026-11-22", "a.md", True),
    ],
)
def test_a_page_among_posts_is_known(written: str, path: str, is_page: bool) -> None:
    assert head(written, path).is_page() is is_page


DAY = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("permalink: /a/b/", "/a/b/"),
        ("permalink: a/b", "/a/b/"),
        ("permalink: /a.html", "/a.html"),
        ("permalink: /a/index.html", "/a/"),
        ("permalink: /myindex.html", "/myindex.html"),
        ("permalink: /v1.2", "/v1.2/"),
        ("permalink: /:year/:month/:day/:title/", "/2026/01/02/name/"),
        ("permalink: /:short_year/:i_month/:i_day/:slug.html", "/26/1/2/name.html"),
        ("permalink: /:categories/:title\ncategories: [Web Dev, b]", "/web-dev/b/name/"),
        ("permalink: /:categories/:title/", "/name/"),
        ("permalink: date\ncategory: c", "/c/2026/01/02/name.html"),
        ("permalink: pretty", "/2026/01/02/name/"),
        ("permalink: none", "/name.html"),
        ("permalink: '/blog/{{ page.fileSlug }}/'", "/blog/name/"),
        ('title: My Title\npermalink: "/{{ title | slugify }}/index.html"', "/my-title/"),
        ("url: https://example.org/x/y?", None),
        ("url: https://example.org/x/y", "/x/y/"),
        ("path: foo/bar", "/foo/bar/"),
        ("permalink: /größe/ä b/", "/gr%C3%B6%C3%9Fe/%C3%A4%20b/"),
        ("permalink: /gr%C3%B6%C3%9Fe/", "/gr%C3%B6%C3%9Fe/"),
        ("permalink: /100%/", "/100%25/"),
        ("permalink: //a//b", None),
        ("permalink: /a//b", "/a/b/"),
        ("permalink: /", "/"),
        ("title: A", None),
    ],
)
def test_a_post_may_say_where_it_stands(written: str, path: str | None) -> None:
    found = head(written).permalink(DAY, "name", "example.org")
    assert (found and found[1]) == path


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("permalink: /../a/", "leads out"),
        ("permalink: /a/%2e%2e/b/", "leads out"),
        ('permalink: "/a\\u0007/"', "leads out"),
        ("permalink: '/a\\b/'", "leads out"),
        ("permalink: /a?b=c", "no ? and no #"),
        ("permalink: /a#b", "no ? and no #"),
        ("permalink: /:year/:nothing/", ":nothing is not known"),
        ("permalink: ordinal", "counts days"),
        ("permalink: '/{{ page.date | date: \"%Y\" }}/'", "templates can't be run"),
        ("permalink: ftp://example.org/a", "no place on this site"),
        ("permalink: https://elsewhere.example/a", "no place on this site"),
        ("permalink: /%ff/", "wanted is a path"),
        ("permalink: /" + "a" * 300, "too long"),
        ("permalink: [a]", "wanted is a path"),
        ("permalink: true", "wanted is a path"),
        ("permalink: http://[/", "it is no address"),
    ],
)
def test_a_place_that_can_not_be_is_warned_of_and_not_followed(written: str, what: str) -> None:
    found = head(f"title: A\n{written}")
    assert found.permalink(DAY, "name", "example.org") is None
    (problem,) = found.problems
    assert (problem.line, problem.severity) == (3, "warning")
    assert what in f"{problem.what} {problem.wanted}"


def test_the_next_place_is_taken_where_one_is_bad() -> None:
    assert head("permalink: /../\nurl: /b/").permalink(DAY, "name") == ("url", "/b/")


@pytest.mark.parametrize(
    ("written", "aliases"),
    [
        ("aliases: [/a/, b, /c.html, /d.php, https://example.org/e]", ("/a/", "/b/", "/c.html", "/d.php", "/e/")),
        ("redirect_from: /a/", ("/a/",)),
        ("redirect_from:\n  - /a/\n  - /a/\naliases: [/b/]", ("/b/", "/a/")),
        ("aliases: []", ()),
        ("aliases:", ()),
    ],
)
def test_old_places_are_kept(written: str, aliases: tuple[str, ...]) -> None:
    found = head(written)
    assert found.aliases() == aliases
    assert found.problems == []


def test_an_old_place_that_can_not_be_is_warned_of() -> None:
    found = head("aliases: [/a/, /../b, {c: d}, '/e?f']")
    assert found.aliases() == ("/a/",)
    assert len(found.problems) == 3


@pytest.mark.parametrize(
    ("written", "path", "tags"),
    [
        ("tags: [One, two]\ncategories: [three, ONE]\ncategory: four", "a.md", ("One", "two", "three", "four")),
        ("tags: one two", "a.md", ("one two",)),
        ("tags: one two", "2026-11-22-a.md", ("one two",)),
        ("layout: post\ntags: one two", "2026-11-22-a.md", ("one", "two")),
        ("layout: post\ntags: one two, three", "2026-11-22-a.md", ("one two", "three")),
        ("layout: post\ncategory: one two", "2026-11-22-a.md", ("one two",)),
        ("layout: post\ntags: one two", "a.md", ("one two",)),
        ("taxonomies: {tags: [one], categories: [two], authors: [Ada]}", "a.md", ("one", "two")),
        ("categories: [[one, two], [one, three]]", "a.md", ("one", "two", "three")),
        ("tags:\n- 2026\n- null\n- ''", "a.md", ("2026",)),
        ("keywords: a, b", "a.md", ()),
    ],
)
def test_tags_are_found_wherever_generators_put_them(written: str, path: str, tags: tuple[str, ...]) -> None:
    found = head(written, path)
    assert found.tags() == tags
    assert found.problems == []


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("author: Ada", ("Ada",)),
        ("authors: [Ada, {name: Bob, link: x}]", ("Ada", "Bob")),
        ("author: {name: Ada, email: a@example.org}", ("Ada",)),
        ("author: Ada <ada@example.org>", ("Ada",)),
        ("author: <ada@example.org>", ("<ada@example.org>",)),
        ("author: Ada, Bob", ("Ada", "Bob")),
        ("taxonomies: {authors: [Ada]}", ("Ada",)),
        ("author:", ()),
    ],
)
def test_authors_are_names(written: str, authors: tuple[str, ...]) -> None:
    found = head(written)
    assert found.authors() == authors
    assert found.problems == []


@pytest.mark.parametrize(
    ("written", "key", "parts"),
    [
        ("image: a.png", "image", {"url": "a.png"}),
        ("image: a.png\nimage_alt: A pot", "image", {"url": "a.png", "alt": "A pot"}),
        ("image: {path: a.png, alt: A pot, width: 5}", "image", {"url": "a.png", "path": "a.png", "alt": "A pot", "width": "5"}),
        ("image:\n  feature: a.png", "image", {"url": "a.png", "feature": "a.png"}),
        ("cover:\n  image: a.png\n  relative: true", "cover", {"url": "a.png", "image": "a.png", "relative": "true"}),
        ("header:\n  teaser: a.png", "header", {"url": "a.png", "teaser": "a.png"}),
        ("header:\n  overlay_color: '#333'\nimage: b.png", "image", {"url": "b.png"}),
        ("image: {src: {url: a.png}}", "image", {"url": "a.png"}),
        ("images: [a.png, b.png]", "images", {"url": "a.png"}),
        ("images: [{src: a.png}]", "images", {"url": "a.png", "src": "a.png"}),
        ("heroImage: a.png\nheroImageAlt: A pot", "heroimage", {"url": "a.png", "alt": "A pot"}),
        ("featured_image: a.png", "featured_image", {"url": "a.png"}),
        ("extra: {image: a.png}", "image", {"url": "a.png"}),
        ("image: false", "image", {}),
        ("image: ''\ncover: b.png", "cover", {"url": "b.png"}),
        ("image: []", "image", {}),
        ("image: {}", "image", {}),
    ],
)  # fmt: skip
def test_a_picture_is_found_in_each_of_its_shapes(written: str, key: str, parts: dict[str, str]) -> None:
    found = head(written)
    assert found.image() == (key, parts)
    assert found.problems == []


@pytest.mark.parametrize("written", ["image: [[[]]]", "image: {a: b}", "image: [{a: b}]"])
def test_a_picture_without_an_address_is_none(written: str) -> None:
    assert head(written).image()[1] == {}


def test_a_picture_that_names_none_where_it_should_is_warned_of() -> None:
    found = head("image: {url: [{a: {src: {}}}]}")
    assert found.image() == ("image", {})


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("enclosure: a.mp3", {"url": "a.mp3"}),
        ("audio: a.mp3", {"url": "a.mp3"}),
        (
            "enclosure: {url: a.mp3, length: 12, type: audio/mpeg}",
            {"url": "a.mp3", "length": "12", "type": "audio/mpeg"},
        ),
        ("enclosure:\n- |\n  a.mp3\n  12\n  audio/mpeg", {"url": "a.mp3", "length": "12", "type": "audio/mpeg"}),
        ("podcast: {file: a.mp3}", {"url": "a.mp3", "file": "a.mp3"}),
    ],
)
def test_a_recording_is_found_in_each_of_its_shapes(written: str, parts: dict[str, str]) -> None:
    assert head(written).enclosure()[1] == parts


@pytest.mark.parametrize(
    ("written", "body", "above"),
    [
        ("title: A", "One<!--more-->two", "One"),
        ("title: A", "One <!-- MORE --> two", "One "),
        ("title: A", "One<!-- excerpt -->two", "One"),
        ("title: A", "One<!-- PELICAN_END_SUMMARY -->two", "One"),
        ("title: A", "One<!-- more of this -->two", None),
        ("excerpt_separator: <!--cut-->", "One<!--cut-->two<!--more-->", "One"),
    ],
)
def test_a_mark_ends_the_summary(written: str, body: str, above: str | None) -> None:
    found = head(written).end_of_summary().search(body)
    assert (body[: found.start()] if found else None) == above


HEADS = [
    "{}: {}",
    "{}: [{}]",
    "{}: {{a: {}}}",
    "{}: [[{}]]",
]


@pytest.mark.parametrize("shape", HEADS)
@pytest.mark.parametrize("value", ["x", "2026-11-22", "true", "null", "''", "-1", "[]", "{}"])
@pytest.mark.parametrize(
    "key",
    [
        "title", "date", "published", "updated", "expiryDate", "draft", "status", "mail", "slug", "permalink", "url", "path",
        "aliases", "tags", "categories", "category", "taxonomies", "author", "authors", "summary", "image", "cover", "header",
        "images", "enclosure", "audio", "lang", "id", "layout", "type", "template", "extra", "excerpt_separator",
        "eleventyExcludeFromCollections",
    ],
)  # fmt: skip
def test_any_value_under_any_key_is_used_or_complained_of(key: str, value: str, shape: str) -> None:
    found = head("w: x\n" + shape.format(key, value))
    asked: list[Any] = [
        found.aliases(),
        found.tags(),
        found.authors(),
        found.image(),
        found.enclosure(),
        found.summary(),
    ]
    asked += [found.permalink(DAY, "name"), found.updated_at(PUBLISHED), found.expires_at(), found.end_of_summary()]
    for ask in (found.is_draft, found.is_page, found.published_at):
        try:
            asked.append(ask())
        except Unfit as unfit:
            found.problems.append(unfit.problem)
    assert all(problem.line in (1, 3) and problem.wanted for problem in found.problems)

"""A folder of posts, good and bad, as the Library of one moment."""

import random
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.identity import Register, parse_register
from publisher.core.model import Problem
from tests.core.readthrough import NOW, Files, arranged, one, read, site

GOOD = "---\ndate: 2026-11-01\ntitle: Good\n---\nA good post.\n"


def complaint(text: str | bytes | None, *, path: str = "bad.md") -> Problem:
    """What is said of a bad post, which never stops a good one."""
    found = read({path: text, "good.md": GOOD})
    assert [post.title for post in found.posts] == ["Good"]
    (problem,) = found.problems
    assert problem.severity == "error"
    return problem


def test_a_post_has_what_its_file_says() -> None:
    text = (
        "---\ntitle: First light\ndate: 2026-11-01 08:30\nupdated: 2026-11-02\ntags: [a, b]\nauthor: Bob\n"
        "summary: In short\nlang: de\nexternal_url: https://example.com/x\nnothing: known\n---\n\nText.\n"
    )
    found = read({"notes/2026-10-31-first.md": text})
    ((post, body),) = found.stories
    assert found.problems == ()
    assert (post.title, post.headline, post.summary) == ("First light", "First light", "In short")
    assert post.published_at == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert post.updated_at == datetime(2026, 11, 1, 23, 0, tzinfo=UTC)
    assert (post.path, post.url) == ("/2026/11/first/", "https://example.org/2026/11/first/")
    assert (post.tags, post.authors, post.language) == (("a", "b"), ("Bob",), "de")
    assert (post.source, post.external_url) == ("notes/2026-10-31-first.md", "https://example.com/x")
    assert (body.html, body.content_html, body.text) == ("<p>Text.</p>\n", "<p>Text.</p>", "Text.")
    assert post.key == "2026-11-01:first"
    assert post.id == "tag:example.org,2026-11-01:first"
    assert [placed.entry.mail for placed in found.library.placed] == [True]


def test_posts_stand_newest_first() -> None:
    found = read({f"{day:02}.md": f"---\ndate: 2026-11-{day:02}\n---\nText" for day in (3, 1, 20, 7)})
    assert [post.published_at.astimezone(ZoneInfo("Europe/Berlin")).day for post in found.posts] == [20, 7, 3, 1]


def test_drafts_are_left_out_in_silence_whatever_else_they_lack() -> None:
    found = read(
        {
            "a.md": "---\ndraft: true\n---\n",
            "b.md": "---\ndate: 2026-11-01\npublished: false\n---\n",
            "c.md": "---\nstatus: draft\ndate: soon\n---\n",
        }
    )
    assert (found.posts, found.problems, found.library.next_at) == ((), (), None)


def test_a_future_post_is_absent_until_its_time() -> None:
    posts: Files = {
        "a.md": "---\ndate: 2026-11-22 09:00\n---\nA",
        "b.md": "---\ndate: 2026-11-22 09:00:01\n---\nB",
        "c.md": "---\ndate: 2099-01-01\n---\nC",
    }
    found = read(posts)
    assert found.sources == ["a.md"]
    assert found.library.next_at == NOW + timedelta(seconds=1)
    later = read(posts, now=NOW + timedelta(seconds=1))
    assert later.sources == ["b.md", "a.md"]
    assert later.library.next_at == datetime(2098, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("---\ntitle: One: two\n---\n", 2, "bad YAML"),
        ("---\ndate: 2026-11-01\ntags: [a\n---\n", 3, "bad YAML"),
        ("---\ndate: 2026-11-01\nText", 1, "does not end"),
        ("---\ntitle: A\n---\nText", 1, "the post has no date"),
        ("No head at all", 1, "the post has no date"),
        ("", 1, "the post has no date"),
        ("---\ntitle: A\ndate: yesterday\n---\n", 3, "date is 'yesterday'"),
        ("---\ndate: 2026-11-31\n---\n", 2, "date is '2026-11-31'"),
        ("---\ndate: 0001-01-01T00:00:00Z\n---\n", 2, "date is"),
        ("---\ndate: 2026-11-01\ndraft: perhaps\n---\n", 3, "draft is 'perhaps'"),
        ("---\ndate: 2026-11-01\nmail: perhaps\n---\n", 3, "mail is 'perhaps'"),
        ("---\ndate: 2026-11-01\ntitle: A\ntitle: B\n---\n", 4, "stands twice"),
        ("---\ndate: 2026-11-01\nx: !!bool maybe\n---\n", 3, "x is no bool"),
        ("---\ndate: 2026-11-01\nx: " + "[" * 100_000 + "\n---\n", 3, "nests too deep"),
        (b"---\ndate: 2026-11-01\n---\nGr\xfc\xdfe", 4, "the file is not UTF-8"),
        ("---\ndate: 2026-11-01\n---\n".encode("utf-16"), 1, "the file is not UTF-8"),
        (None, None, "the file can't be read"),
    ],
)
def test_a_bad_post_is_told_with_file_and_line_and_stops_no_other(
    text: str | bytes | None, line: int | None, what: str
) -> None:
    problem = complaint(text)
    assert (problem.file, problem.line) == ("posts/bad.md", line)
    assert what in problem.what


@pytest.mark.parametrize("name", ["a\tb.md", "a\nb.md", "a\u2028b.md", "a\x85b.md", "a\udcff.md", "x\n/a.md"])
def test_a_name_that_would_break_the_register_is_a_problem(name: str) -> None:
    problem = complaint("---\ndate: 2026-11-01\n---\n", path=name)
    assert "the file's name" in problem.what
    assert str(problem).encode().decode().count("\n") == 0


@pytest.mark.parametrize(
    "head",
    [
        "image: 'http://[bad/x.png'",
        "enclosure: 'http://[bad/x.mp3'",
        "enclosure: {url: 'https://e.org/a.mp3', length: '" + "9" * 5000 + "'}",
        "tags: ['" + "!" * 500 + "', '" + "界" * 300 + "']",
        "slug: '" + "界" * 300 + "'",
        "slug: ../../../etc/passwd",
        "title: '<script>alert(1)</script>'",
        "lang: '\"><script>'",
        "id: '<>'",
        "updated: 9998-12-31T23:59:59-12:00",
        "image: {a: [b, {c: d}]}",
        "author: {name: Jo}",
    ],
)
def test_odd_values_stop_nothing(head: str) -> None:
    found = read({"odd.md": f"---\ndate: 2026-11-02\n{head}\n---\nText", "good.md": GOOD})
    assert found.sources == ["odd.md", "good.md"]
    for post in found.posts:
        assert all(len(unquote(part).encode()) <= 255 for part in post.path.split("/"))
        assert ".." not in post.path


@pytest.mark.parametrize(
    "body",
    [
        '<ol start="' + "9" * 5000 + '"><li>a</li></ol>',
        "<script>alert(1)</script>",
        "[a](<http://[bad>) ![b](<//[>)",
        "<" * 5000,
        "[" * 20_000,
        "*a **b " * 5_000,
        "<a " * 20_000,
        "\ufffe\x00\x07",
    ],
    ids=range(8),
)
def test_a_hostile_body_stops_nothing(body: str) -> None:
    found = read({"odd.md": f"---\ndate: 2026-11-02\n---\nText {body}", "good.md": GOOD})
    assert found.sources == ["odd.md", "good.md"]
    assert "<script" not in found.stories[0].body.content_html


def test_control_characters_are_left_out_and_told_with_their_line() -> None:
    found = read({"a.md": "---\ndate: 2026-11-01\ntitle: A\x07b\n---\nText\x00"})
    ((post, body),) = found.stories
    assert (post.title, body.text) == ("Ab", "Text")
    (problem,) = found.problems
    assert (problem.file, problem.line, problem.severity) == ("posts/a.md", 3, "warning")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_make_no_difference(end: str, mark: str) -> None:
    text = mark + "---\ndate: 2026-11-01\n---\n# Head\n\nText\n\n- a\n".replace("\n", end)
    ((post, body),) = read({"a.md": text}).stories
    assert (post.title, body.content_html) == ("Head", "<p>Text</p>\n<ul>\n<li>a</li>\n</ul>")


def test_the_first_heading_is_the_title() -> None:
    post, body = one("lang: en", "# Head *line*\n\nText\n")
    assert (post.title, post.headline, body.content_html) == ("Head line", "Head line", "<p>Text</p>")
    assert one("title: Own", "# Head\n\nText\n").post.title == "Own"
    assert "<h1" in one("title: Own", "# Head\n\nText\n").body.html
    assert one("title: Don't", "# Don't\n\nText\n").body.content_html == "<p>Text</p>"


@pytest.mark.parametrize(
    ("body", "headline"),
    [
        ("Only a few words.", "Only a few words."),
        ("word " * 50, "word " * 12 + "word…"),
        ("![A pot](images/a%20b.png)", "[A pot]"),
        ("", "2026-10-31"),
        ("***", "* * *"),
    ],
)
def test_a_note_has_no_title_and_a_headline_of_its_first_words(body: str, headline: str) -> None:
    post = one("lang: en", body).post
    assert post.title is None
    assert post.headline == headline
    assert len(post.headline) <= 70


def test_mail_false_keeps_a_post_out_of_letters_alone() -> None:
    wishes = {"a.md": "mail: false\n", "b.md": "mail: true\n", "c.md": ""}
    library = arranged({name: f"---\ndate: 2026-11-01\n{wish}---\nText" for name, wish in wishes.items()})
    assert {post.source: post.entry.mail for post in library.placed} == {"a.md": False, "b.md": True, "c.md": True}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a-post.md", "/2026/11/a-post/"),
        ("2026-10-31-a-post.md", "/2026/11/a-post/"),
        ("2026-10-31_a post.markdown", "/2026/11/a-post/"),
        ("2026-10-31.md", "/2026/11/2026-10-31/"),
        ("deep/er/A Post.md", "/2026/11/a-post/"),
        ("bundle/index.md", "/2026/11/bundle/"),
        ("2026-10-31-bundle/index.md", "/2026/11/bundle/"),
        ("index.md", "/2026/11/index/"),
        ("日本.md", "/2026/11/%E6%97%A5%E6%9C%AC/"),
        ("!!!.md", "/2026/11/post/"),
    ],
)
def test_the_address_comes_from_the_name_of_the_file_or_its_folder(path: str, expected: str) -> None:
    assert one("lang: en", path=path).post.path == expected


def test_the_slug_of_the_front_matter_wins_in_the_address_and_not_in_the_key() -> None:
    post = one("slug: Better Name", path="worse.md").post
    assert (post.path, post.key) == ("/2026/11/better-name/", "2026-11-01:worse")


def test_the_day_in_the_name_is_the_date_where_none_is_given() -> None:
    (post,) = read({"2026-10-31-a.md": "Text"}).posts
    assert post.published_at == datetime(2026, 10, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("permalink", "path"),
    [("/{slug}/", "/a/"), ("/{year}/{month}/{day}/{slug}/", "/2026/11/01/a/"), ("/blog/{slug}/", "/blog/a/")],
)
def test_the_permalink_is_the_owners(permalink: str, path: str) -> None:
    assert one("lang: en", where=site(permalink=permalink)).post.path == path


@pytest.mark.parametrize("name", ["tags", "archive", "subscribe", "confirm", "u", "api", "dev", "owner", "editions"])
def test_no_post_takes_an_address_of_the_site_itself(name: str) -> None:
    found = read({f"{name}.md": GOOD}, where=site(permalink="/{slug}/"))
    assert found.posts == ()
    assert found.problems[0].wanted == "wanted is another slug"


def test_of_two_posts_with_one_address_the_one_that_had_it_keeps_it() -> None:
    register = Register()
    read({"b.md": "---\ndate: 2026-11-01\nslug: same\n---\n"}, register=register)
    posts: Files = {
        "a.md": "---\ndate: 2026-11-01\ntitle: A\nslug: same\n---\n",
        "b.md": "---\ndate: 2026-11-01\nslug: same\n---\n",
    }
    found = read(posts, register=register)
    assert found.sources == ["b.md"]
    (problem,) = found.problems
    assert (problem.file, problem.line) == ("posts/a.md", 4)
    assert problem.what == "the address /2026/11/same/ is that of b.md"
    assert read(posts).sources == ["a.md"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("id: urn:x:1", "id: urn:x:1"),
        ("guid: '12'", "uuid: '12'"),
        ("id: b", "title: B"),
        ("id: tag:example.org,2026-11-01:b", "title: B"),
        ("id: '12'", "id: tag:example.org,2026-11-01:12"),
    ],
)
def test_no_two_posts_have_one_id(first: str, second: str) -> None:
    posts: Files = {
        f"{name}.md": f"---\ndate: 2026-11-01\n{head}\n---\n" for name, head in (("a", first), ("b", second))
    }
    found = read(posts)
    assert found.sources == ["a.md"]
    (problem,) = found.problems
    assert problem.file == "posts/b.md"
    assert "is that of a.md" in problem.what


def test_ids_that_the_posts_ask_for_are_kept_as_they_are() -> None:
    assert one("guid: https://old.example/?p=12").post.id == "https://old.example/?p=12"
    assert one("uuid: 6e8bc430").post.id == "tag:example.org,2026-11-01:6e8bc430"


def test_a_renamed_re_dated_re_titled_post_is_the_same_post() -> None:
    register = Register()
    (before,) = read({"a.md": GOOD}, register=register).posts
    again = parse_register(register.render())
    (moved,) = read({"old/b.md": GOOD}, register=again).posts
    assert (moved.key, moved.id) == (before.key, before.id)
    assert moved.url != before.url
    edited = GOOD.replace("2026-11-01", "2026-11-05").replace("Good", "Better")
    (later,) = read({"old/b.md": edited}, register=again, where=site("http://example.com")).posts
    assert (later.key, later.id, later.title) == (before.key, before.id, "Better")


def test_posts_that_are_not_public_are_not_remembered() -> None:
    register = Register()
    read({"a.md": "---\ndraft: true\n---\n", "b.md": "---\ndate: 2099-01-01\n---\n", "c.md": "bad"}, register=register)
    assert len(register) == 0


def test_tags_are_read_under_all_names_and_spellings_that_share_a_page_are_one() -> None:
    found = read(
        {
            "a.md": "---\ndate: 2026-11-02\ntags: [Sea Ice, sea]\ncategories: weather\n---\n",
            "b.md": "---\ndate: 2026-11-01\ncategory: sea-ice, SEA\n---\n",
        }
    )
    assert [(tag, [post.source for post in posts]) for tag, posts in found.library.tags] == [
        ("sea", ["a.md", "b.md"]),
        ("Sea Ice", ["a.md", "b.md"]),
        ("weather", ["a.md"]),
    ]


def test_who_writes_is_the_posts_author_else_the_sites() -> None:
    assert one("authors: [Bob, Eve]").post.authors == ("Bob", "Eve")
    assert one("lang: en").post.authors == ("Ada",)
    assert one("lang: en", where=site(author_name=None)).post.authors == ()


def test_the_page_keeps_the_authors_own_html_and_the_feed_does_not() -> None:
    body = one("lang: en", 'Text\n\n<div style="color:red"><script>x()</script>own</div>\n').body
    assert "<script>x()</script>" in body.html
    assert body.content_html == "<p>Text</p>\n<div>own</div>"
    assert "x()" not in body.text


def test_the_summary_is_the_writers_else_the_first_words() -> None:
    assert one("description: Short", "Long text").post.summary == "Short"
    assert one("lang: en", "# Head\n\nFirst words.\n").post.summary == "First words."


POSTS: Files = {
    "a.md": GOOD,
    "b/index.md": "---\ndate: 2026-11-01\nimage: pot.png\n---\n# B\n\n![](pot.png) text[^1]\n\n[^1]: note\n",
    "2026-10-01-c.md": "A note, *really*.",
    "d.md": "---\ndate: 2026-11-01\nslug: a\n---\n",
    "e.md": b"\xff",
    "f.md": "---\ntags: [x\n---\n",
    "g.md": "---\ndate: 2099-01-01\n---\n",
}


@pytest.mark.parametrize("seed", range(5))
def test_the_same_files_in_any_order_are_the_same_library_and_register(seed: int) -> None:
    order = list(POSTS)
    random.Random(seed).shuffle(order)
    first, second = Register(), Register()
    assert read(POSTS, register=first) == read({path: POSTS[path] for path in order}, register=second)
    assert first.render() == second.render()
    assert read(POSTS, register=first) == read(POSTS)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: f"---\ndate: 2026-11-02\n{text}\n---\n{text}".encode())
    | st.text(max_size=60).map(lambda text: f"---\ndate: 2026-11-02\n---\n{text}".encode())
)
def test_no_file_whatever_is_in_it_stops_a_good_post(data: bytes) -> None:
    register = Register()
    found = read({"any.md": data, "good.md": GOOD}, register=register)
    assert "good.md" in found.sources
    assert {post.source for post in found.posts} | {p.file.removeprefix("posts/") for p in found.problems} <= {
        "any.md",
        "good.md",
    }
    assert parse_register(register.render()).render() == register.render()
    assert read({"any.md": data, "good.md": GOOD}, register=register) == found

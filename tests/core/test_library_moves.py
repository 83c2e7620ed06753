"""Posts that move, go, come back, or want what another has: what becomes of their old addresses and of their identity."""

from datetime import UTC, datetime

import pytest

from publisher.core.identity import parse_register
from tests.core.readthrough import Files, arranged, one, read, site

GOOD = "---\ndate: 2026-11-01\n---\nText\n"


def head(*lines: str, date: str = "2026-11-01", body: str = "Text") -> str:
    return "---\n" + "".join(f"{line}\n" for line in (f"date: {date}", *lines)) + f"---\n{body}\n"


class Site:
    """A folder over several builds, its register written and read each time."""

    def __init__(self) -> None:
        self.text = ""

    def build(self, files: Files, **changes: object) -> dict[str, str | None]:
        """Returns what moved."""
        register = parse_register(self.text)
        self.library = arranged(files, register=register, **changes)  # type: ignore[arg-type]
        self.text = register.render()
        return dict(self.library.moved)

    @property
    def sources(self) -> list[str]:
        return [post.source for post in self.library.placed]

    @property
    def complaints(self) -> list[str]:
        return [problem.what for problem in self.library.problems]


# -- old addresses


def test_nothing_has_moved_at_first() -> None:
    assert Site().build({"a.md": GOOD}) == {}


def test_an_old_address_leads_to_the_new_one_through_every_move() -> None:
    found = Site()
    found.build({"a.md": head("slug: one")})
    assert found.build({"a.md": head("slug: two")}) == {"/2026/11/one/": "/2026/11/two/"}
    assert found.build({"b.md": head("slug: two")}) == {"/2026/11/one/": "/2026/11/two/"}
    assert found.build({"b.md": head("slug: three")}) == {
        "/2026/11/one/": "/2026/11/three/",
        "/2026/11/two/": "/2026/11/three/",
    }
    assert found.build({"b.md": head("slug: one")}) == {
        "/2026/11/two/": "/2026/11/one/",
        "/2026/11/three/": "/2026/11/one/",
    }


@pytest.mark.parametrize(
    ("after", "old"),
    [
        ({}, {"/2026/11/a/": None}),
        ({"a.md": head("draft: true")}, {"/2026/11/a/": None}),
        ({"a.md": head("expiryDate: 2026-11-20")}, {"/2026/11/a/": None}),
        ({"a.md": head(date="2099-01-01")}, {}),
        ({"a.md": "---\ndate: soon\n---\n"}, {}),
        ({"a.md": None}, {}),
    ],
    ids=["deleted", "a draft", "expired", "in the future", "broken", "unreadable"],
)
def test_a_post_that_was_withdrawn_is_gone_and_one_with_a_mistake_is_only_missing(after: Files, old: object) -> None:
    found = Site()
    found.build({"a.md": GOOD, "b.md": head(date="2026-11-02")})
    (before,) = (post for post in found.library.placed if post.source == "a.md")
    assert found.build({"b.md": head(date="2026-11-02"), **after}) == old
    assert found.build({"a.md": GOOD, "b.md": head(date="2026-11-02")}) == {}
    (again,) = (post for post in found.library.placed if post.source == "a.md")
    assert (again.key, again.id) == (before.key, before.id)


def test_another_post_may_take_the_address_of_one_that_moved() -> None:
    found = Site()
    found.build({"a.md": head("slug: same")})
    files = {"a.md": head("slug: other"), "b.md": head("slug: same", date="2026-11-03")}
    assert found.build(files) == {}
    assert [post.entry.path for post in found.library.placed] == ["/2026/11/same/", "/2026/11/other/"]


def test_another_pattern_of_addresses_moves_every_post() -> None:
    found = Site()
    found.build({"a.md": GOOD, "b/c.md": GOOD})
    moved = found.build({"a.md": GOOD, "b/c.md": GOOD}, where=site(permalink="/{section}/{slug}.html"))
    assert moved == {"/2026/11/a/": "/a.html", "/2026/11/c/": "/b/c.html"}


def test_posts_name_the_addresses_that_they_had_elsewhere() -> None:
    files = {
        "a.md": head("aliases: [/old/a/, /blog/a.html, relative]"),
        "b.md": head("redirect_from: /2026/11/a/", date="2026-11-02"),  # where a post stands now nothing leads away
    }
    moved = Site().build(files)
    assert moved["/old/a/"] == moved["/blog/a.html"] == "/2026/11/a/"
    assert moved["/relative/"] == "/2026/11/a/"
    assert "/2026/11/a/" not in moved


def test_an_alias_wins_over_a_post_that_is_gone() -> None:
    found = Site()
    found.build({"a.md": head("slug: old")})
    assert found.build({"b.md": head("aliases: [/2026/11/old/]", date="2026-10-02", body="New")}) == {
        "/2026/11/old/": "/2026/10/b/"
    }


# -- time


def test_a_post_expires_at_its_time_and_that_is_known_before() -> None:
    files = {"a.md": head("expiryDate: 2026-11-22T09:30:00Z"), "b.md": head(date="2026-11-23 12:00")}
    found = Site()
    found.build(files)
    assert (found.sources, found.library.next_at) == (["a.md"], datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    found.build(files, now=datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    assert (found.sources, found.library.next_at) == ([], datetime(2026, 11, 23, 11, tzinfo=UTC))
    found.build(files, now=datetime(2026, 11, 23, 11, tzinfo=UTC))
    assert (found.sources, found.library.next_at) == (["b.md"], None)


# -- who has it keeps it


def test_who_has_an_address_keeps_it_for_ever_and_then_the_other_gets_it() -> None:
    found = Site()
    found.build({"b.md": head("slug: same")})
    both = {"a.md": head("slug: same", body="Another"), "b.md": head("slug: same")}
    for _ in range(2):
        assert found.build(both) == {}
        assert found.sources == ["b.md"]
        assert found.complaints == ["the address /2026/11/same/ is that of b.md"]
    found.build({"a.md": both["a.md"]})
    assert found.sources == ["a.md"]


@pytest.mark.parametrize(
    ("had", "wants"), [("id: urn:x:1", "id: urn:x:1"), ("guid: '12'", "uuid: '12'"), ("id: b", "id: b")]
)
def test_who_has_an_id_keeps_it_for_ever_and_then_the_other_gets_it(had: str, wants: str) -> None:
    found = Site()
    found.build({"b.md": head(had)})
    (before,) = found.library.placed
    both = {"a.md": head(wants, body="Another"), "b.md": head(had)}
    for _ in range(3):
        found.build(both)
        assert found.sources == ["b.md"]
        assert len(found.complaints) == 1
        assert "is that of b.md" in found.complaints[0]
    assert found.library.placed[0].id == before.id


def test_a_post_that_takes_over_the_id_that_another_was_given_waits() -> None:
    found = Site()
    found.build({"b.md": GOOD})
    both = {"a.md": head("id: tag:example.org,2026-11-01:b", body="Another"), "b.md": GOOD}
    for _ in range(3):
        found.build(both)
        assert found.sources == ["b.md"]
        assert found.complaints == ["the id tag:example.org,2026-11-01:b is that of b.md"]


# -- posts that resemble others


def test_a_new_file_of_a_vanished_posts_day_waits_once_and_says_so() -> None:
    found = Site()
    found.build({"a.md": head(body="One")})
    found.build({"b.md": head(body="Rewritten at once")})
    assert found.complaints == ["this may be a.md under another name"]
    assert [post.is_doubtful for post in found.library.placed] == [True]
    found.build({"b.md": head(body="Rewritten at once")})
    assert found.complaints == []


def test_a_file_name_of_another_year_is_another_post() -> None:
    found = Site()
    found.build({"notes.md": head(body="One")})
    found.build({})
    found.build({"notes.md": head(date="2026-11-20", body="Two")})
    assert [(post.key, post.is_doubtful) for post in found.library.placed] == [("2026-11-20:notes", True)]
    assert found.complaints == ["this may be notes.md under another name"]


# -- what else a library tells


@pytest.mark.parametrize(
    ("path", "permalink", "expected"),
    [
        ("a.md", "/{section}/{slug}/", "/a/"),
        ("notes/deep/a.md", "/{section}/{slug}/", "/notes/a/"),
        ("_posts/2026-11-01-a.md", "/{section}/{slug}.html", "/a.html"),
        ("a.md", "/{categories}/{year}/{slug}.html", "/sea-ice/b/2026/a.html"),
        ("my notes/a.md", "/{section}/{slug}/", "/my%20notes/a/"),
        ("2026-10-31-Own_Name.md", "/{name}/", "/2026-10-31-Own_Name/"),
        ("a.md", "/{title}/", "/a/"),
    ],
)
def test_addresses_can_hold_the_folder_and_the_categories(path: str, permalink: str, expected: str) -> None:
    assert one("categories: [Sea Ice, b]", path=path, where=site(permalink=permalink)).post.path == expected


@pytest.mark.parametrize("key", ["permalink", "url"])
def test_the_address_of_the_front_matter_is_the_posts(key: str) -> None:
    assert one(f"{key}: /blog/old.html").post.path == "/blog/old.html"
    assert one(f"{key}: /blog/old/").post.url == "https://example.org/blog/old/"


def test_authors_have_lists_as_tags_have() -> None:
    files = {
        "a.md": head("author: Bob", date="2026-11-03"),
        "b.md": head("authors: [bob, Eve]", date="2026-11-02"),
        "c.md": GOOD,
    }
    authors = arranged(files).authors
    assert [(name, [post.source for post in posts]) for name, posts in authors] == [
        ("Ada", ["c.md"]),
        ("Bob", ["a.md", "b.md"]),
        ("Eve", ["b.md"]),
    ]


def test_a_post_in_html_is_read_as_it_is() -> None:
    text = '---\ndate: 2026-11-01\n---\n<h1>A head</h1>\n<p>One *star* <img src="pot.png"></p>\n'
    ((post, body),) = read({"bundle/index.html": text}).stories
    assert post.title == "A head"
    assert body.html.strip() == '<p>One *star* <img src="/bundle/pot.png"></p>'
    assert '<img src="https://example.org/bundle/pot.png">' in body.content_html


@pytest.mark.parametrize("key", ["image", "enclosure"])
def test_a_path_from_the_root_that_is_no_file_of_ours_is_believed(key: str) -> None:
    post = one(f"{key}: /elsewhere/x.png").post
    found = post.image if key == "image" else post.enclosure
    assert found is not None
    assert found.url == "https://example.org/elsewhere/x.png"


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (345, 2), (460, 2), (2300, 10)])
def test_reading_takes_a_minute_at_least(words: int, minutes: int) -> None:
    assert one("lang: en", "word " * words).post.reading_minutes == minutes


def test_links_between_posts_lead_to_where_they_stand_now() -> None:
    files = {
        "a.md": head(body="[b](b.md) {% post_url 2026-11-02-c %}"),
        "b.md": head("slug: bee"),
        "2026-11-02-c.md": "C",
    }
    bodies = {story.post.source: story.body for story in read(files).stories}
    assert 'href="/2026/11/bee/"' in bodies["a.md"].html
    assert 'href="https://example.org/2026/11/bee/"' in bodies["a.md"].content_html
    assert "/2026/11/c/" in bodies["a.md"].html

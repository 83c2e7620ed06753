"""What stands in a letter, and how it gets shorter until mail programs show all of it."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.digest import HTML_BUDGET_BYTES, Digest, Story, digest, shortened
from publisher.core.model import Body, Post, Site

AT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
SITE = Site(
    url="https://example.org",
    service_url="https://example.org",
    title="T",
    description="",
    language="en",
    timezone=ZoneInfo("Europe/Berlin"),
)


def story(name: str, size: int = 10, summary: str = "A summary") -> Story:
    post = Post(
        key=name,
        id=f"tag:example.org,2026-11-22:{name}",
        source=f"{name}.md",
        path=f"/{name}/",
        url=f"https://example.org/{name}/",
        title=name,
        headline=name,
        published_at=AT,
        updated_at=AT,
        summary=summary,
        reading_minutes=3,
    )
    return Story(post, Body(html="", content_html="x" * size, text="words"))


def extents(found: Digest | None) -> str:
    assert found is not None
    return " ".join(item.extent for item in found.items)


@pytest.mark.parametrize(
    ("names", "subject", "preheader", "has_contents"),
    [
        (["One"], "One", "A summary", False),
        (["One", "Two"], "One, and 1 more", "Two", False),
        (["One", "Two", "Three"], "One, and 2 more", "Two, Three", True),
    ],
)
def test_the_subject_names_the_first_post_and_counts_the_rest(
    names: list[str], subject: str, preheader: str, has_contents: bool
) -> None:
    found = digest(SITE, [story(name) for name in names])
    assert (found.subject, found.preheader, found.has_contents) == (subject, preheader, has_contents)
    assert [item.headline for item in found.items] == names


def test_an_item_is_the_post_with_its_day_in_the_zone_of_the_site() -> None:
    one = story("One")
    made = replace(one.post, title=None, tags=("a",), authors=("Ada",), language="de")
    (item,) = digest(SITE, [Story(made, one.body)]).items
    assert item.is_note
    assert item.published_at.isoformat() == "2026-11-22T00:30:00+01:00"
    assert (item.url, item.tags, item.authors, item.language) == (made.url, ("a",), ("Ada",), "de")
    assert item.reading_minutes == 3
    assert (item.content_html, item.text, item.summary) == ("x" * 10, "words", "A summary")


def test_the_owner_may_want_summaries_only() -> None:
    assert extents(digest(SITE, [story("a"), story("b")])) == "full full"
    assert extents(digest(replace(SITE, digest_content="summary"), [story("a"), story("b")])) == "excerpt excerpt"


def test_the_longest_full_text_becomes_an_excerpt_first() -> None:
    steps = []
    smaller = shortened(digest(SITE, [story("a", 100), story("b", 900), story("c", 500)]), 1)
    while smaller:
        steps.append(extents(smaller))
        smaller = shortened(smaller, 1)
    assert steps == [
        "full excerpt full",
        "full excerpt excerpt",
        "excerpt excerpt excerpt",
        "excerpt excerpt headline",
        "excerpt headline headline",
        "headline headline headline",
    ]


@pytest.mark.parametrize(
    ("excess", "expected"),
    [
        (1, "full excerpt full"),
        (900, "full excerpt full"),
        (901, "full excerpt excerpt"),
        (1400, "full excerpt excerpt"),
        (1401, "excerpt excerpt excerpt"),
        (10**9, "excerpt excerpt excerpt"),
    ],
)
def test_as_many_become_shorter_as_the_excess_wants(excess: int, expected: str) -> None:
    found = digest(SITE, [story("a", 100), story("b", 900), story("c", 500)])
    assert extents(shortened(found, excess)) == expected


def test_no_excerpt_becomes_a_headline_while_a_full_text_is_left() -> None:
    first = shortened(digest(SITE, [story("a", 1, "s" * 280), story("b", 900, "s" * 280)]), 1)
    assert extents(first) == "full excerpt"
    assert first is not None
    assert extents(shortened(first, 10**6)) == "excerpt excerpt"


def test_size_counts_in_bytes_not_in_letters() -> None:
    one = story("b")
    found = digest(SITE, [story("a", 300), Story(one.post, replace(one.body, content_html="日" * 200))])
    assert extents(shortened(found, 1)) == "full excerpt"


def test_only_the_extent_changes() -> None:
    found = digest(SITE, [story("a"), story("b")])
    smaller = shortened(found, 1)
    assert smaller is not None
    assert [replace(item, extent="full") for item in smaller.items] == list(found.items)
    assert (smaller.subject, smaller.preheader) == (found.subject, found.preheader)


sizes = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 280)), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(sizes, st.integers(1, 5000))
def test_shortening_ends_with_headlines_and_each_step_is_shorter(weights: list[tuple[int, int]], excess: int) -> None:
    found: Digest | None = digest(SITE, [story(f"p{n}", full, "s" * part) for n, (full, part) in enumerate(weights)])
    order = {"headline": 0, "excerpt": 1, "full": 2}
    last, steps = 3 * len(weights), 0
    while found:
        left = sum(order[item.extent] for item in found.items)
        assert left < last
        last, found, steps = left, shortened(found, excess), steps + 1
    assert last == 0
    assert steps <= 2 * len(weights) + 1


def test_the_budget_leaves_room_below_the_place_where_gmail_cuts() -> None:
    assert HTML_BUDGET_BYTES <= 90_000

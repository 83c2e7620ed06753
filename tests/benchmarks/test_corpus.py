"""The benchmarks' posts are the same for everybody."""

from collections import Counter
from hashlib import sha256

from tests.benchmarks.corpus import LARGEST_BYTES, SMALLEST_BYTES, TAG_COUNT, TAGS, edited, make_posts

COUNT = 150


def digest(count: int, seed: int) -> str:
    return sha256("".join(post.with_yaml_head() for post in make_posts(count, seed)).encode()).hexdigest()


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    assert digest(50, 1) == digest(50, 1)
    assert digest(50, 1) != digest(50, 2)


def test_every_file_has_the_size_of_a_post() -> None:
    sizes = [
        len(text.encode()) for post in make_posts(COUNT) for text in (post.with_yaml_head(), post.with_plain_head())
    ]
    assert min(sizes) >= SMALLEST_BYTES
    assert max(sizes) <= LARGEST_BYTES
    assert max(sizes) > 3 * min(sizes)


def test_posts_differ_in_place_and_time_and_share_sixty_tags() -> None:
    entries = [post.entry for post in make_posts(COUNT)]
    assert len({entry.path for entry in entries}) == COUNT
    assert entries == sorted(entries, key=lambda entry: entry.published_at)
    assert len({entry.published_at for entry in entries}) == COUNT
    tags = Counter(tag for entry in entries for tag in entry.tags)
    assert tags.keys() == {*TAGS}
    assert len(tags) == TAG_COUNT
    assert all(len({*entry.tags}) == 3 for entry in entries)
    assert {entry.summary is None for entry in entries} == {True, False}


def test_posts_hold_what_posts_hold() -> None:
    text = "\n".join(post.body for post in make_posts(30))
    assert all(
        mark in text for mark in ("\n## ", "\n- ", "\n1. ", "\n```python\n", "\n|---", "](https://", "**", "\n> ")
    )


def test_both_heads_stand_above_the_same_body_that_ends_in_its_closing_line() -> None:
    for post in make_posts(20):
        assert post.with_yaml_head().endswith(post.body)
        assert post.with_plain_head().endswith(f"\n\n{post.body}")
        assert post.body.endswith(f"\n\n{post.entry.closing}\n")


def test_an_edit_changes_the_closing_line_alone() -> None:
    (post,) = make_posts(1)
    once = edited(post, 1)
    twice = edited(once, 2)
    assert once.entry.path == post.entry.path
    assert once.body != post.body
    assert once.body.removesuffix(f"{once.entry.closing}\n") == post.body.removesuffix(f"{post.entry.closing}\n")
    assert twice == edited(post, 2)

"""Who is owed what: what a scan changes, what gets a number, what stands in a letter, and what is held."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.ledger import (
    Judgement,
    PostState,
    Release,
    Seen,
    Turn,
    judge,
    releasable,
    scanned,
    why_held,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(key: str = "a", fingerprint: str = "1", *, is_mailable: bool = True) -> Seen:
    return Seen(key=key, fingerprint=fingerprint, is_mailable=is_mailable)


def state(key: str = "a", **changes: object) -> PostState:
    made = PostState(
        key=key,
        number=None,
        is_public=True,
        is_mailable=True,
        public_since=NOW - HOUR,
        revision=1,
        fingerprint="1",
        is_waiting=False,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def scan(known: list[PostState], *posts: Seen, is_first: bool = False, burst: int = 10) -> list[PostState]:
    return scanned({post.key: post for post in known}, posts, NOW, is_first=is_first, burst=burst)


def test_what_is_there_at_the_first_scan_is_history() -> None:
    found = scan([], seen("a"), seen("b", is_mailable=False), is_first=True, burst=1)
    assert [(post.key, post.number, post.is_waiting) for post in found] == [("a", 0, False), ("b", 0, False)]
    assert releasable(found, NOW + HOUR, HOUR) == []


def test_a_post_found_later_waits_for_its_hold_and_then_for_its_number() -> None:
    (found,) = scan([], seen())
    assert (found.number, found.public_since, found.revision, found.is_waiting) == (None, NOW, 1, False)
    assert releasable([found], NOW + HOUR - timedelta(seconds=1), HOUR) == []
    assert releasable([found], NOW + HOUR, HOUR) == [found]


def test_nothing_changed_is_no_change() -> None:
    assert scan([state()], seen()) == []
    assert scan([state(is_public=False)]) == []


def test_an_edit_is_a_revision_and_does_not_start_the_hold_anew() -> None:
    assert scan([state()], seen(fingerprint="2")) == [state(revision=2, fingerprint="2")]


def test_a_withdrawn_post_keeps_its_number_and_has_its_hold_again_when_it_returns() -> None:
    (gone,) = scan([state(number=4)])
    assert gone == state(number=4, is_public=False)
    (back,) = scan([gone], seen())
    assert back == state(number=4, public_since=NOW)


def test_a_clock_that_was_ahead_does_not_hold_for_ever() -> None:
    (found,) = scan([state(public_since=NOW + HOUR)], seen())
    assert found.public_since == NOW


def test_a_number_that_was_given_stays_whatever_is_edited() -> None:
    (found,) = scan([state(number=4)], seen(fingerprint="2", is_mailable=False))
    assert (found.number, found.is_mailable, found.revision) == (4, False, 2)


@pytest.mark.parametrize(
    "change", [{"is_public": False}, {"is_mailable": False}, {"number": 3}, {"number": 0}, {"is_waiting": True}]
)
def test_who_gets_no_number(change: dict[str, object]) -> None:
    assert releasable([replace(state(), **change)], NOW, timedelta(0)) == []  # type: ignore[arg-type]
    assert releasable([state()], NOW, timedelta(0)) == [state()]


@pytest.mark.parametrize(("count", "is_waiting"), [(1, False), (3, False), (4, True), (50, True)])
def test_more_new_posts_than_the_burst_wait_for_the_owner(count: int, is_waiting: bool) -> None:
    found = scan([state("old")], seen("old"), *(seen(str(n)) for n in range(count)), burst=3)
    assert [post.is_waiting for post in found] == [is_waiting] * count


def test_posts_that_are_never_mailed_make_no_burst_and_do_not_wait() -> None:
    quiet = [seen(f"q{n}", is_mailable=False) for n in range(20)]
    assert not any(post.is_waiting for post in scan([], *quiet, seen("a"), burst=1))
    loud = scan([], *quiet, seen("a"), seen("b"), burst=1)
    assert {post.key for post in loud if post.is_waiting} == {"a", "b"}


def test_waiting_posts_go_on_waiting_at_the_next_scan() -> None:
    waiting = [state(str(n), is_waiting=True) for n in range(4)]
    assert scan(waiting, *(seen(str(n)) for n in range(4)), burst=3) == []


def release(number: int) -> Release:
    return Release(number=number, post=f"p{number}", kind="post", revision=1)


def turn(cursor: int, *arrears: int) -> Turn:
    return Turn(cursor=cursor, arrears=arrears, due_at=NOW, last_letter_at=None, count=1)


@pytest.mark.parametrize(
    ("cursor", "arrears", "newest", "public", "letter", "owed"),
    [
        (0, (), 0, "", [], ()),
        (0, (), 3, "123", [1, 2, 3], ()),
        (2, (), 3, "123", [3], ()),
        (3, (), 3, "123", [], ()),
        (3, (1,), 3, "123", [1], ()),
        (2, (1,), 4, "134", [1, 3, 4], ()),
        (2, (1,), 4, "4", [4], (1, 3)),
        (0, (), 3, "13", [1, 3], (2,)),
        (3, (2, 1), 3, "12", [1, 2], ()),
        (1, (3,), 3, "123", [2, 3], ()),
    ],
)
def test_a_letter_holds_what_is_ahead_and_in_arrears_in_order_of_number(
    cursor: int, arrears: tuple[int, ...], newest: int, public: str, letter: list[int], owed: tuple[int, ...]
) -> None:
    releases = {n: release(n) for n in range(1, 5)}
    found = judge(turn(cursor, *arrears), releases, newest, {f"p{n}" for n in public})
    assert found == Judgement(letter=tuple(release(n) for n in letter), arrears=owed)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 8), st.sets(st.integers(1, 8)), st.integers(0, 8), st.sets(st.integers(1, 8)))
def test_every_release_owed_ends_in_exactly_one_place(
    cursor: int, arrears: set[int], newest: int, public: set[int]
) -> None:
    releases = {n: release(n) for n in range(1, 9)}
    found = judge(turn(cursor, *arrears), releases, newest, {f"p{n}" for n in public})
    in_letter = [made.number for made in found.letter]
    assert in_letter == sorted(in_letter)
    assert sorted([*in_letter, *found.arrears]) == sorted(arrears | set(range(cursor + 1, newest + 1)))
    assert set(in_letter) <= public
    assert not public & set(found.arrears)


@pytest.mark.parametrize(
    ("late", "is_restored", "reason"),
    [
        (timedelta(0), False, None),
        (timedelta(hours=72), False, None),
        (timedelta(hours=72, seconds=1), False, "stale"),
        (timedelta(0), True, "restored"),
        (timedelta(days=9), True, "restored"),
        (timedelta(days=-1), False, None),
    ],
)
def test_a_digest_is_held_when_it_is_stale_or_restored(late: timedelta, is_restored: bool, reason: str | None) -> None:
    found = why_held(due_at=NOW - late, now=NOW, stale_after=timedelta(hours=72), is_restored=is_restored)
    assert found == reason

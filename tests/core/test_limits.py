"""Letters leave no faster than their rate, whoever asks how often for how many; and none waits for ever."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.limits import SHUT_FOR, Rate, grant, shut

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
_AHEAD_MS = 50

rates = st.builds(
    Rate,
    letters=st.floats(0.001, 999_999, allow_nan=False),
    per=st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)]),
)
askings = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 64)), min_size=1, max_size=60)
"""How many milliseconds after the last one, and how many letters."""


@given(rate=rates, asked=askings)
def test_over_no_span_of_time_there_are_more_letters_than_the_rate_allows(
    rate: Rate, asked: list[tuple[int, int]]
) -> None:
    """One that is due, and what may leave ahead of its time, come on top."""
    free_at, sent = 0, list[tuple[int, int]]()
    for now, (_, wanted) in zip(accumulate(after for after, _ in asked), asked, strict=True):
        found = grant(rate, free_at_ms=free_at, now_ms=now, wanted=wanted)
        free_at = found.free_at_ms
        sent.append((now, found.letters))
    on_top = max(_AHEAD_MS / rate.interval_ms, 1) + 1
    for first, (begin, _) in enumerate(sent):
        letters = 0
        for end, count in sent[first:]:
            letters += count
            assert letters <= (end - begin) / rate.interval_ms + on_top + 1e-6


@given(rate=rates, wanted=st.integers(1, 64), late=st.integers(-10_000, 10_000))
def test_who_comes_again_when_told_gets_a_letter_through(rate: Rate, wanted: int, late: int) -> None:
    free_at, now, left = late, 0, wanted
    for _ in range(wanted * 2):
        found = grant(rate, free_at_ms=free_at, now_ms=now, wanted=left)
        left, free_at = left - found.letters, found.free_at_ms
        if not left:
            assert found.wait_ms == 0
            return
        assert found.wait_ms > 0
        assert found.wait_ms <= max(rate.interval_ms, 1) + max(0, late) + 2
        now += found.wait_ms
    raise AssertionError(f"{left} letters never left")


@pytest.mark.parametrize(
    ("letters", "per", "wanted", "taken"),
    [
        (20, 1, 100, 1),  # 50 ms apart: one ahead of its time is the next one
        (1000, 1, 100, 50),
        (999_999, 1, 64, 64),
        (1, 3600, 10, 1),
        (0.001, 3600, 10, 1),
    ],
)
def test_what_leaves_at_once_after_a_rest(letters: float, per: int, wanted: int, taken: int) -> None:
    rate = Rate(letters=letters, per=timedelta(seconds=per))
    assert grant(rate, free_at_ms=0, now_ms=10**12, wanted=wanted).letters == taken


@pytest.mark.parametrize("wanted", [1, 3, 8])
@pytest.mark.parametrize("letters", [0.5, 7, 30, 400, 700, 900])
def test_asked_all_the_time_it_comes_to_the_rate(letters: float, wanted: int) -> None:
    """Also where letters are no whole number of milliseconds apart."""
    rate, free_at, sent = Rate(letters=letters), 0, 0
    for now in range(20_000):
        found = grant(rate, free_at_ms=free_at, now_ms=now, wanted=wanted)
        free_at, sent = found.free_at_ms, sent + found.letters
    assert letters * 20 * 0.5 <= sent <= letters * 20 + max(_AHEAD_MS / rate.interval_ms, 1) + 1


def test_a_rest_saves_nothing_up() -> None:
    rate = Rate(letters=10)
    rested = grant(rate, free_at_ms=0, now_ms=10**12, wanted=1000)
    assert rested.letters == grant(rate, free_at_ms=10**12, now_ms=10**12, wanted=1000).letters


def test_a_refusal_lasts_longer_each_time() -> None:
    waits = [shut(refusals, NOW) - NOW for refusals in range(1, 8)]
    assert waits == sorted(waits)
    assert waits[:4] == [*SHUT_FOR]
    assert waits[4:] == [SHUT_FOR[-1]] * 3

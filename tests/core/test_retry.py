"""Every row of the table: what becomes of a letter after each answer of a mail server."""

from datetime import UTC, datetime, timedelta

import pytest

from publisher.core.model import Reply
from publisher.core.retry import BACK_OFF, GIVE_UP_AFTER, Answer, Outcome, Stage, outcome

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FIVE_MINUTES = NOW + timedelta(minutes=5)


def after(stage: Stage, code: int | None, enhanced: str | None = None, **values: object) -> Outcome:
    reply = None if code is None else Reply(code=code, enhanced=enhanced, text="so it is")
    known: dict[str, object] = {"attempts": 1, "first_attempt_at": NOW, "now": NOW, "jitter": lambda: 0.0}
    return outcome(Answer(stage=stage, reply=reply), **(known | values))  # type: ignore[arg-type]


SENT, FAILED = Outcome(state="sent"), Outcome(state="failed")
AGAIN, LATER = Outcome(state="pending"), Outcome(state="deferred", next_attempt_at=FIVE_MINUTES)
DEAD, TOO_BIG = Outcome(state="failed", fault="recipient"), Outcome(state="failed", fault="message")
OURS = Outcome(state="deferred", next_attempt_at=FIVE_MINUTES, fault="ours")


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "expected"),
    [
        # accepted
        ("data", 250, "2.0.0", SENT),
        ("data", 250, None, SENT),
        ("data", 251, None, SENT),
        # for a while: tried again, counted
        ("mail", 451, "4.3.0", LATER),
        ("rcpt", 450, "4.2.1", LATER),
        ("rcpt", 451, "4.7.1", LATER),
        ("rcpt", 452, "4.2.2", LATER),
        ("data", 451, None, LATER),
        ("data", 452, "4.3.1", LATER),
        # the connection, not the letter: on a fresh one, not counted
        ("connect", None, None, AGAIN),
        ("mail", None, None, AGAIN),
        ("rcpt", None, None, AGAIN),
        ("connect", 421, "4.3.2", AGAIN),
        ("mail", 421, None, AGAIN),
        ("rcpt", 421, "4.7.0", AGAIN),
        ("data", 421, None, AGAIN),
        ("connect", 454, "4.7.0", AGAIN),
        ("connect", 554, None, Outcome(state="pending", fault="ours")),
        ("connect", 535, "5.7.8", Outcome(state="pending", fault="ours")),
        # lost after the letter had left: nobody knows
        ("data", None, None, Outcome(state="uncertain")),
        # the address is dead, and suppressed
        ("rcpt", 550, "5.1.1", DEAD),
        ("rcpt", 550, "5.1.2", DEAD),
        ("rcpt", 553, "5.1.3", DEAD),
        ("rcpt", 550, "5.1.10", DEAD),
        ("rcpt", 550, "5.2.1", DEAD),
        # only its own RCPT says that of an address
        ("data", 550, "5.1.1", FAILED),
        ("data", 550, "5.2.1", FAILED),
        ("rcpt", 550, None, FAILED),
        ("rcpt", 550, "5.4.1", FAILED),
        ("rcpt", 550, "5.11.1", FAILED),
        ("rcpt", 550, "5.2.10", FAILED),
        ("data", 554, None, FAILED),
        ("data", 554, "5.6.0", FAILED),
        # a full mailbox may be emptied
        ("rcpt", 552, "5.2.2", LATER),
        ("data", 552, "5.2.2", LATER),
        ("rcpt", 550, "5.2.2", LATER),
        # policy is our fault: nobody is suppressed
        ("rcpt", 550, "5.7.1", OURS),
        ("rcpt", 554, "5.7.26", OURS),
        ("data", 550, "5.7.1", OURS),
        ("mail", 530, "5.7.0", OURS),
        ("mail", 550, None, OURS),
        ("mail", 553, "5.1.8", OURS),
        # so is our own address, whenever somebody says so
        ("rcpt", 550, "5.1.8", OURS),
        ("rcpt", 550, "5.1.7", OURS),
        ("rcpt", 550, "5.1.0", FAILED),
        ("mail", 552, "5.3.4", TOO_BIG),
        ("rcpt", 530, None, OURS),
        ("rcpt", 535, None, OURS),
        # too big
        ("data", 552, None, TOO_BIG),
        ("data", 552, "5.3.4", TOO_BIG),
        ("rcpt", 552, "5.3.4", TOO_BIG),
        ("data", 554, "5.3.4", TOO_BIG),
    ],
)
def test_what_becomes_of_the_letter(stage: Stage, code: int | None, enhanced: str | None, expected: Outcome) -> None:
    assert after(stage, code, enhanced) == expected


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 5), (2, 15), (3, 60), (4, 240), (5, 720), (6, 720), (7, 720), (100, 720)]
)
def test_each_try_waits_longer_than_the_one_before(attempts: int, minutes: int) -> None:
    found = after("rcpt", 450, attempts=attempts)
    assert found.next_attempt_at == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize("jitter", [0.0, 0.25, 1.0])
def test_jitter_spreads_a_try_by_a_tenth(jitter: float) -> None:
    found = after("rcpt", 450, attempts=3, jitter=lambda: jitter)
    assert found.next_attempt_at == NOW + timedelta(minutes=60 + 6 * jitter)


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(0), "deferred"),
        (GIVE_UP_AFTER - timedelta(seconds=1), "deferred"),
        (GIVE_UP_AFTER, "failed"),
        (GIVE_UP_AFTER + timedelta(days=30), "failed"),
    ],
)
@pytest.mark.parametrize(("code", "enhanced"), [(450, None), (550, "5.7.1"), (552, "5.2.2")])
def test_after_three_days_it_is_given_up(age: timedelta, state: str, code: int, enhanced: str | None) -> None:
    found = after("rcpt", code, enhanced, attempts=9, first_attempt_at=NOW - age)
    assert found.state == state
    assert (found.next_attempt_at is None) == (state == "failed")
    assert found.fault != "recipient"


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt"])
def test_a_connection_that_breaks_before_the_letter_is_not_counted_but_not_tried_for_ever(stage: Stage) -> None:
    assert after(stage, None, attempts=99, first_attempt_at=NOW - timedelta(days=2)).state == "pending"
    assert after(stage, None, attempts=1, first_attempt_at=NOW - timedelta(days=3)).state == "failed"


def test_the_table_is_the_one_that_is_promised() -> None:
    assert [wait.total_seconds() / 60 for wait in BACK_OFF] == [5, 15, 60, 240, 720]
    assert timedelta(days=3) == GIVE_UP_AFTER

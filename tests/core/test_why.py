"""Verdicts from facts that only long or broken histories bring about; the others are tested through the actions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.core.ledger import PostState
from publisher.core.subscription import Subscriber, Suppression
from publisher.core.why import Facts, History, Tracked, Why, explain

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
READER = Subscriber(
    id=1,
    handle="a" * 16,
    address="ann@example.org",
    standing="active",
    cursor=5,
    next_due_at=NOW + DAY,
    last_letter_at=None,
    source="form",
    created_at=NOW - 9 * DAY,
    confirmed_at=NOW - 9 * DAY,
    left_at=None,
)
POST = PostState(
    key="2026-02-27:ebb",
    number=5,
    is_public=True,
    is_mailable=True,
    public_since=NOW - 2 * DAY,
    revision=1,
    fingerprint="f",
    is_waiting=False,
)
HISTORY = History(
    subscriber=READER,
    suppression=None,
    post=POST,
    released_at=NOW - 2 * DAY,
    is_in_arrears=False,
    letters=(),
    in_front=None,
)
FACTS = Facts(
    address="ann@example.org",
    history=HISTORY,
    presence="public",
    public_at=None,
    is_mailable=True,
    baseline_at=NOW - 9 * DAY,
    hold=timedelta(minutes=10),
    limits={},
    has_rate=False,
    has_mail=True,
    trouble="",
    now=NOW,
    zone=ZoneInfo("Europe/Berlin"),
)
SENT = Tracked(
    edition=3,
    edition_state="sent",
    held_because=None,
    state="sent",
    address="ann@example.org",
    attempts=1,
    doubts=0,
    next_attempt_at=NOW - DAY,
    finished_at=NOW - DAY,
    last_reply="250 ok\n  queued",
    relay="mx:25",
)


def why(*, facts: Facts = FACTS, reader: Subscriber | None = READER, **history: object) -> Why:
    return explain(replace(facts, history=replace(HISTORY, subscriber=reader, **history)))  # type: ignore[arg-type]


def test_times_are_those_of_the_publications_zone_and_answers_stand_on_one_line() -> None:
    assert why(letters=(SENT,)).text == (
        "It was sent in edition 3: accepted `250 ok queued` by mx:25 at 2026-02-28 09:00 CET, at the first attempt."
    )


def test_two_letters_that_were_both_sent_are_both_told() -> None:
    found = why(letters=(SENT, replace(SENT, edition=4)))
    assert found.text.startswith("It was sent in edition 4: ")
    assert found.text.endswith(" It was sent before in edition 3.")


@pytest.mark.parametrize("later", ["failed", "skipped", "cancelled", "pending", "uncertain"])
def test_what_was_sent_is_had_whatever_became_of_a_later_letter(later: str) -> None:
    assert why(letters=(SENT, replace(SENT, edition=4, state=later))).case == "sent"  # type: ignore[arg-type]


def test_a_bounce_after_the_letter_was_accepted_is_told_beside_it() -> None:
    stopped = Suppression(address_key=READER.address, reason="bounced", detail="550 gone", created_at=NOW)
    found = why(letters=(SENT,), suppression=stopped)
    assert found.case == "sent"
    assert found.text.endswith(" Besides, mail to it is stopped since 2026-03-01 09:00 CET: bounced, `550 gone`.")


def test_a_release_below_the_cursor_without_a_trace_is_settled() -> None:
    assert why().case == "settled"


@pytest.mark.parametrize("is_in_arrears", [True, False])
def test_what_is_owed_waits_for_mail_to_be_set_up(is_in_arrears: bool) -> None:
    found = why(facts=replace(FACTS, has_mail=False), reader=replace(READER, cursor=4), is_in_arrears=is_in_arrears)
    assert (found.case, "PUBLISHER_SMTP_HOST" in found.text) == ("no_mail", True)


def test_a_post_on_hold_keeps_its_time_when_the_reader_has_left() -> None:
    post = replace(POST, number=None, public_since=NOW)
    found = why(reader=replace(READER, standing="gone", left_at=NOW), post=post)
    assert (found.case, found.until) == ("on_hold", NOW + FACTS.hold)
    assert found.text.endswith(" Besides, they left at 2026-03-01 09:00 CET.")


def test_a_line_that_broke_before_the_letter_began_waits_without_an_attempt() -> None:
    letter = replace(
        SENT,
        state="pending",
        attempts=0,
        finished_at=None,
        next_attempt_at=NOW + DAY,
        last_reply="the connection broke",
    )
    found = why(letters=(letter,))
    assert (found.case, found.until) == ("waiting", NOW + DAY)
    assert found.text.startswith(
        "In edition 3 it was not taken: `the connection broke` by mx:25. The next attempt is at "
    )

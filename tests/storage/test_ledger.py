"""Who gets what: the ledger's rules one by one, through the real actions, on both databases."""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from publisher.actions.compose import compose
from publisher.actions.editions import approve, cancel, overview, retry
from publisher.actions.publication import Publication
from publisher.actions.release import answer_waiting, release_due
from publisher.actions.subscribe import confirm, find, forget_unconfirmed, leave, sign_up, undo_leave
from publisher.core.ledger import Edition
from publisher.core.subscription import Subscriber
from publisher.storage import Storage
from tests.storage.worlds import (
    ACCEPTED,
    BROKEN,
    BUSY,
    REFUSED,
    START,
    UNKNOWN,
    CuedRelay,
    Pieces,
    counted,
    headlines,
    library,
    post,
    publication,
    scan,
    send,
    with_rules,
)

DAY = timedelta(days=1)
EIGHT = START + timedelta(hours=8)


@pytest.fixture
def relay() -> CuedRelay:
    return CuedRelay()


@pytest.fixture
def site(storage: Storage, tmp_path: Path, relay: CuedRelay) -> Publication:
    """A publication whose baseline is taken: post 0 is history."""
    found = publication(storage, tmp_path, relay)
    scan(found, library(post(0)), START)
    return found


def join(site: Publication, address: str, now: datetime = START) -> Subscriber:
    sign_up(site, address, sha256(address.encode()).hexdigest()[:16], now)
    confirm(site, find(site, address), now)
    return find(site, address)


def tick(site: Publication, posts: Pieces, now: datetime, *, is_sent: bool = True) -> None:
    scan(site, posts, now)
    release_due(site, posts.library, now)
    compose(site, posts.library, now)
    if is_sent:
        send(site, now)


def digests(relay: CuedRelay, address: str) -> list[list[str]]:
    return [found for envelope in relay.letters(address) if (found := headlines(envelope))]


def newest(site: Publication) -> Edition:
    return overview(site)[0].edition


def test_a_post_reaches_each_reader_once_however_often_we_tick(site: Publication, relay: CuedRelay) -> None:
    readers = [f"reader{n}@example.org" for n in range(5)]
    for address in readers:
        join(site, address)
    posts = library(post(0), post(1))
    tick(site, posts, START + timedelta(hours=1))
    for hours in range(2, 100, 7):
        tick(site, posts, START + timedelta(hours=hours))
    assert {address: digests(relay, address) for address in readers} == {
        address: [["Headline-1"]] for address in readers
    }


def test_history_and_mail_false_reach_nobody(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1, mail=False))
    tick(site, posts, START)
    tick(site, posts, EIGHT + DAY)
    assert digests(relay, "reader@example.org") == []


def test_nothing_owed_nothing_frozen(site: Publication) -> None:
    join(site, "reader@example.org")
    tick(site, library(post(0)), EIGHT + DAY)
    assert overview(site) == []


def test_the_hold_keeps_a_post_back_and_an_edit_does_not_restart_it(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    slow = with_rules(site, hold=timedelta(hours=12))
    tick(slow, library(post(0), post(1)), START)
    tick(slow, library(post(0), post(1, text="edited")), EIGHT)
    assert digests(relay, "reader@example.org") == []
    tick(slow, library(post(0), post(1, text="edited")), EIGHT + DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_a_post_withdrawn_within_the_hold_is_mailed_to_nobody(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    tick(site, library(post(0), post(1)), START)
    tick(site, library(post(0)), START + timedelta(minutes=30))
    tick(site, library(post(0)), EIGHT + DAY)
    assert digests(relay, "reader@example.org") == []


def test_a_released_post_that_is_withdrawn_stays_owed_until_it_is_back(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1), post(2))
    tick(site, posts, START)
    scan(site, posts, START + timedelta(hours=2))
    release_due(site, posts.library, START + timedelta(hours=2))
    tick(site, library(post(0), post(2)), EIGHT)
    assert digests(relay, "reader@example.org") == [["Headline-2"]]
    tick(site, library(post(0), post(2)), EIGHT + DAY)
    tick(site, posts, EIGHT + 2 * DAY)
    assert digests(relay, "reader@example.org") == [["Headline-2"], ["Headline-1"]]


def test_a_new_reader_gets_what_comes_after_confirming_and_nothing_before(site: Publication, relay: CuedRelay) -> None:
    tick(site, library(post(0), post(1)), START)
    tick(site, library(post(0), post(1)), START + timedelta(hours=2))
    join(site, "late@example.org", START + timedelta(hours=3))
    tick(site, library(post(0), post(1), post(2)), START + timedelta(hours=3))
    tick(site, library(post(0), post(1), post(2)), EIGHT)
    assert digests(relay, "late@example.org") == [["Headline-2"]]


def test_a_first_confirmation_brings_the_welcome_posts_a_return_does_not(site: Publication, relay: CuedRelay) -> None:
    posts = library(post(0), post(1), post(2), post(3))
    tick(site, posts, START)
    tick(site, posts, START + timedelta(hours=2))
    welcoming = with_rules(site, welcome_posts=2)
    reader = join(welcoming, "new@example.org", START + timedelta(hours=3))
    tick(welcoming, posts, EIGHT)
    assert digests(relay, "new@example.org") == [["Headline-2", "Headline-3"]]
    leave(welcoming, reader, EIGHT)
    confirm(welcoming, find(welcoming, "new@example.org"), EIGHT)
    tick(welcoming, posts, EIGHT + DAY)
    assert len(digests(relay, "new@example.org")) == 1


def test_who_leaves_between_freeze_and_send_gets_nothing_and_after_an_undo_everything(
    site: Publication, relay: CuedRelay
) -> None:
    reader = join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    tick(site, posts, EIGHT, is_sent=False)
    leave(site, reader, EIGHT)
    send(site, EIGHT)
    assert digests(relay, "reader@example.org") == []
    assert overview(site)[0].tally == {"skipped": 1}
    undo_leave(site, find(site, "reader@example.org"), EIGHT)
    tick(site, posts, EIGHT + DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_who_comes_back_by_signing_up_starts_anew(site: Publication, relay: CuedRelay) -> None:
    reader = join(site, "reader@example.org")
    leave(site, reader, START)
    posts = library(post(0), post(1))
    tick(site, posts, START)
    tick(site, posts, EIGHT)
    join(site, "reader@example.org", EIGHT + DAY)
    tick(site, library(post(0), post(1), post(2)), EIGHT + DAY)
    tick(site, library(post(0), post(1), post(2)), EIGHT + 2 * DAY)
    assert digests(relay, "reader@example.org") == [["Headline-2"]]


def test_undo_makes_nobody_active_who_never_confirmed(site: Publication) -> None:
    sign_up(site, "stranger@example.org", "0" * 16, START)
    undo_leave(site, find(site, "stranger@example.org"), START)
    leave(site, find(site, "stranger@example.org"), START)
    undo_leave(site, find(site, "stranger@example.org"), START)
    assert find(site, "stranger@example.org").standing == "pending"


def test_a_refused_letter_is_owed_again_at_the_next_turn(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    relay.cue = lambda _: REFUSED
    tick(site, posts, EIGHT)
    assert newest(site).state == "sent_with_errors"
    relay.cue = lambda _: ACCEPTED
    tick(site, posts, EIGHT + DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_a_dead_address_is_suppressed_and_a_suppression_wins_for_ever(site: Publication, relay: CuedRelay) -> None:
    join(site, "Dead@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    relay.cue = lambda _: UNKNOWN
    tick(site, posts, EIGHT)
    relay.cue = lambda _: ACCEPTED
    tick(site, library(post(0), post(1), post(2)), EIGHT + DAY)
    tick(site, library(post(0), post(1), post(2)), EIGHT + 2 * DAY)
    assert digests(relay, "Dead@example.org") == []
    with site.storage.read() as tx:
        stopped = tx.suppressions.find("dead@EXAMPLE.org")
    assert stopped is not None
    assert stopped.reason == "bounced"
    assert "5.1.1" in stopped.detail


def test_a_busy_server_delays_and_then_gets_it_once(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    relay.cue = lambda _: BUSY
    tick(site, posts, EIGHT)
    assert overview(site)[0].tally == {"deferred": 1}
    relay.cue = lambda _: ACCEPTED
    send(site, EIGHT + timedelta(minutes=4))
    assert digests(relay, "reader@example.org") == []
    send(site, EIGHT + timedelta(minutes=6))
    send(site, EIGHT + timedelta(minutes=60))
    assert digests(relay, "reader@example.org") == [["Headline-1"]]
    assert newest(site).state == "sent"


def test_after_three_days_of_trying_the_post_is_owed_not_lost(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    relay.cue = lambda _: BUSY
    tick(site, posts, EIGHT)
    for hours in range(8, 96, 6):
        send(site, START + timedelta(hours=hours))
    assert overview(site)[0].tally == {"failed": 1}
    relay.cue = lambda _: ACCEPTED
    tick(site, posts, EIGHT + 4 * DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


@pytest.mark.parametrize(("policy", "copies"), [("resend", 2), ("leave", 1)])
def test_in_doubt_the_policy_decides_and_a_repeat_is_the_same_letter(
    site: Publication, relay: CuedRelay, policy: str, copies: int
) -> None:
    told = with_rules(site, uncertain=policy)
    join(told, "reader@example.org")
    posts = library(post(0), post(1))
    tick(told, posts, START)
    answers = [BROKEN]
    relay.cue = lambda _: answers.pop() if answers else ACCEPTED
    tick(told, posts, EIGHT)
    send(told, EIGHT + timedelta(hours=1))
    tick(told, posts, EIGHT + DAY)
    letters = [envelope for envelope in relay.letters("reader@example.org") if headlines(envelope)]
    assert len(letters) == copies
    assert len({envelope.message for envelope in letters}) == 1
    state = "sent" if policy == "resend" else "uncertain"
    assert overview(told)[0].tally == {state: 1}


def test_days_without_a_tick_make_one_letter_and_a_stale_one_is_held(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1), post(2))
    tick(site, posts, START)
    late = EIGHT + timedelta(hours=73)
    tick(site, posts, late)
    assert (newest(site).state, newest(site).held_because) == ("held", "stale")
    tick(site, library(*posts.posts, post(3)), late + timedelta(hours=2))
    tick(site, library(*posts.posts, post(3)), late + 2 * DAY)
    assert digests(relay, "reader@example.org") == []
    approve(site, 1, late + 2 * DAY)
    send(site, late + 2 * DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1", "Headline-2"]]
    tick(site, library(*posts.posts, post(3)), late + 4 * DAY)
    assert counted(relay.arrived) == {"Headline-1": 1, "Headline-2": 1, "Headline-3": 1}


@pytest.mark.parametrize(("is_owed_again", "expected"), [(True, [["Headline-1"]]), (False, [])])
def test_a_cancelled_edition_is_owed_again_or_dropped(
    site: Publication, relay: CuedRelay, is_owed_again: bool, expected: list[list[str]]
) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    tick(site, posts, EIGHT, is_sent=False)
    assert cancel(site, 1, is_owed_again=is_owed_again, now=EIGHT) == 1
    tick(site, posts, EIGHT + DAY)
    assert digests(relay, "reader@example.org") == expected


def test_retry_makes_those_due_at_once_who_did_not_get_it(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    relay.cue = lambda _: REFUSED
    tick(site, posts, EIGHT)
    relay.cue = lambda _: ACCEPTED
    assert retry(site, 1, EIGHT) == 1
    tick(site, posts, EIGHT + timedelta(minutes=1))
    assert digests(relay, "reader@example.org") == [["Headline-1"]]
    assert retry(site, 1, EIGHT) == 0


@pytest.mark.parametrize(("is_history", "expected"), [(False, 12), (True, 0)])
def test_a_burst_of_posts_waits_for_the_owners_word(
    site: Publication, relay: CuedRelay, is_history: bool, expected: int
) -> None:
    careful = with_rules(site, release_burst=10)
    join(careful, "reader@example.org")
    posts = library(*(post(n) for n in range(13)))
    tick(careful, posts, START)
    tick(careful, posts, EIGHT)
    assert digests(relay, "reader@example.org") == []
    assert len(answer_waiting(careful, is_history=is_history)) == 12
    tick(careful, posts, EIGHT + DAY)
    assert counted(relay.arrived).total() == expected


def test_a_burst_that_comes_in_slices_waits_as_well(site: Publication) -> None:
    careful = with_rules(site, release_burst=10)
    for count in (5, 10, 15):
        found = library(*(post(n) for n in range(count)))
        tick(careful, found, START + timedelta(minutes=count))
    tick(careful, found, EIGHT)
    with site.storage.read() as tx:
        assert tx.releases.newest() == 0
    assert len(answer_waiting(careful, is_history=False)) == 14


@pytest.mark.parametrize("is_register_lost", [False, True])
def test_a_post_that_may_be_an_old_one_waits_for_the_owners_word(
    site: Publication, relay: CuedRelay, is_register_lost: bool
) -> None:
    join(site, "reader@example.org")
    doubtful = library(post(0), post(1, is_doubtful=not is_register_lost))
    scan(site, doubtful, START, is_register_lost=is_register_lost)
    scan(site, library(post(0), post(1)), START)
    tick(site, library(post(0), post(1)), EIGHT)
    assert digests(relay, "reader@example.org") == []
    assert answer_waiting(site, is_history=False) == [post(1).key]
    tick(site, library(post(0), post(1)), EIGHT + DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_a_server_that_never_answers_the_last_byte_gets_a_letter_five_times_and_no_more(
    site: Publication, relay: CuedRelay
) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    relay.cue = lambda _: BROKEN
    tick(site, posts, EIGHT)
    assert len(digests(relay, "reader@example.org")) == 1
    for hours in range(9, 72):
        tick(site, posts, START + timedelta(hours=hours))
    assert len(digests(relay, "reader@example.org")) == 5
    assert overview(site)[0].tally == {"uncertain": 1}


def test_a_hold_that_began_in_a_future_that_never_came_ends(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    scan(site, posts, START + timedelta(days=30))
    for hours in range(1, 40, 3):
        now = START + timedelta(hours=hours)
        release_due(site, posts.library, now)  # no scan: no file changed
        compose(site, posts.library, now)
        send(site, now)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_an_edition_that_was_open_in_a_backup_leaves_when_it_is_approved(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    tick(site, posts, EIGHT, is_sent=False)
    (site.folders.state / "high-water").write_text("7\n")
    tick(site, posts, EIGHT)
    assert digests(relay, "reader@example.org") == []
    approve(site, 1, EIGHT)
    tick(site, posts, EIGHT)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_who_asks_again_before_the_week_is_over_has_a_week_from_then(site: Publication) -> None:
    sign_up(site, "slow@example.org", "5" * 16, START)
    sign_up(site, "slow@example.org", "6" * 16, START + 6 * DAY)
    forget_unconfirmed(site, START + 8 * DAY)
    assert find(site, "slow@example.org").standing == "pending"
    forget_unconfirmed(site, START + 14 * DAY)
    with site.storage.read() as tx:
        assert tx.subscribers.by_address("slow@example.org") is None


def test_another_hour_moves_those_whose_slot_has_not_come(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    noon = with_rules(
        site, slots=type(site.rules.slots)(at=(START + timedelta(hours=12)).time(), zone=site.rules.slots.zone)
    )
    tick(noon, posts, START + timedelta(hours=2))
    tick(noon, posts, EIGHT + timedelta(hours=1))
    assert digests(relay, "reader@example.org") == []
    tick(noon, posts, START + timedelta(hours=12))
    assert digests(relay, "reader@example.org") == [["Headline-1"]]


def test_a_clock_that_ran_ahead_delays_nobody_when_it_is_set_back(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    ahead = START + timedelta(days=400)
    tick(site, library(post(0), post(1)), START)
    tick(site, library(post(0), post(1)), ahead)
    approve_all(site, ahead)
    send(site, ahead)
    tick(site, library(post(0), post(1), post(2)), START + DAY)
    tick(site, library(post(0), post(1), post(2)), EIGHT + 2 * DAY)
    tick(site, library(post(0), post(1), post(2)), EIGHT + 3 * DAY)
    assert counted(relay.arrived) == {"Headline-1": 1, "Headline-2": 1}


def test_letters_that_were_put_off_by_a_clock_ahead_leave_when_it_is_set_back(
    site: Publication, relay: CuedRelay
) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    ahead = START + timedelta(days=400)
    tick(site, posts, START)
    tick(site, posts, ahead, is_sent=False)
    approve_all(site, ahead)
    sign_up(site, "new@example.org", "9" * 16, ahead)
    tick(site, posts, START + DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"]]
    assert len(relay.letters("new@example.org")) == 1


def approve_all(site: Publication, now: datetime) -> None:
    for view in overview(site):
        if view.edition.state == "held":
            approve(site, view.edition.number, now)


def test_a_database_that_is_behind_stops_whoever_looks_at_it_first(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    scan(site, posts, EIGHT)
    release_due(site, posts.library, EIGHT)
    compose(site, posts.library, EIGHT)
    (site.folders.state / "high-water").write_text("7\n")
    send(site, EIGHT)
    assert relay.letters("reader@example.org") == []
    assert (newest(site).state, newest(site).held_because) == ("held", "restored")


def test_a_restored_backup_holds_instead_of_sending_again(site: Publication, relay: CuedRelay) -> None:
    join(site, "reader@example.org")
    posts = library(post(0), post(1))
    tick(site, posts, START)
    site.folders.state.mkdir(parents=True, exist_ok=True)
    (site.folders.state / "high-water").write_text("7\n")
    tick(site, posts, EIGHT)
    assert (newest(site).number, newest(site).state, newest(site).held_because) == (8, "held", "restored")
    approve(site, 8, EIGHT)
    tick(site, posts, EIGHT + timedelta(minutes=1))
    assert digests(relay, "reader@example.org") == [["Headline-1"]]
    tick(site, library(*posts.posts, post(2)), EIGHT + timedelta(hours=2))
    tick(site, library(*posts.posts, post(2)), EIGHT + DAY)
    assert digests(relay, "reader@example.org") == [["Headline-1"], ["Headline-2"]]

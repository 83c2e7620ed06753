"""Why a reader had a post, or did not: each case that the ledger can be in, through the real actions, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from publisher.actions.compose import compose
from publisher.actions.editions import approve, cancel
from publisher.actions.explain import explain_to
from publisher.actions.publication import Publication
from publisher.actions.release import answer_waiting, release_due
from publisher.actions.subscribe import add, confirm, find, leave, sign_up
from publisher.core.errors import PublisherError, RelayDown
from publisher.core.limits import Rate
from publisher.core.model import Reply
from publisher.core.retry import Answer
from publisher.core.why import Why, explain
from publisher.storage import Storage
from tests.storage.worlds import (
    ACCEPTED,
    BROKEN,
    BUSY,
    REFUSED,
    START,
    UNKNOWN,
    CuedRelay,
    Piece,
    library,
    post,
    publication,
    scan,
    send,
    with_rules,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
TEN_PAST, EIGHT = START + 10 * MINUTE, START + 8 * HOUR
ANN, BEN = "ann@example.org", "ben@example.org"
POLICY = Answer(stage="rcpt", reply=Reply(code=550, enhanced="5.7.1", text="not from you"))


class World:
    """Post 0 is history. Ann reads from the start; post 1 came out after that, and is due at eight."""

    def __init__(self, site: Publication, relay: CuedRelay) -> None:
        self.site, self.relay = site, relay
        self.posts: tuple[Piece, ...] = (post(0),)
        self.scan(START)
        self.join(ANN, START)
        self.posts = (post(0), post(1))

    def scan(self, now: datetime) -> None:
        scan(self.site, library(*self.posts), now)

    def join(self, address: str, now: datetime) -> None:
        sign_up(self.site, address, sha256(address.encode()).hexdigest()[:16], now)
        confirm(self.site, find(self.site, address), now)

    def release(self, now: datetime = TEN_PAST) -> None:
        """At least an hour later, which is the hold."""
        self.scan(now)
        self.tick(now + HOUR, is_sent=False)

    def tick(self, now: datetime, *, is_sent: bool = True) -> None:
        found = library(*self.posts).library
        self.scan(now)
        release_due(self.site, found, now)
        compose(self.site, found, now)
        if is_sent:
            send(self.site, now)

    def answer(self, *answers: Answer) -> None:
        """In this order, and then the last one for ever."""
        left = list(answers)
        self.relay.cue = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def withdraw(self, number: int) -> None:
        self.posts = tuple(piece for piece in self.posts if piece.number != number)
        (self.site.folders.posts / post(number).source).unlink()

    def write(self, name: str, head: str) -> None:
        (self.site.folders.posts / name).write_text(f"---\ntitle: {name}\n{head}\n---\ntext\n")

    def why(self, now: datetime = EIGHT, name: str = "p1", address: str = ANN) -> Why:
        return explain_to(self.site, address, name, now).why


@pytest.fixture
def world(storage: Storage, tmp_path: Path) -> World:
    relay = CuedRelay()
    return World(publication(storage, tmp_path, relay), relay)


def test_sent_tells_edition_time_relay_and_answer(world: World) -> None:
    world.release()
    world.tick(EIGHT)
    assert world.why(EIGHT + DAY) == Why(
        case="sent",
        text="It was sent in edition 1: accepted `250 2.0.0 ok` by cued at 2026-03-01 08:00 UTC, at the first attempt.",
    )


def test_sent_after_a_deferral_tells_the_attempts(world: World) -> None:
    world.release()
    world.answer(BUSY, ACCEPTED)
    world.tick(EIGHT)
    deferred = world.why()
    assert (deferred.case, deferred.until and deferred.until - EIGHT >= 5 * MINUTE) == ("deferred", True)
    assert deferred.text.startswith(
        "In edition 1 it was not taken after one attempt: `451 4.3.0 later` by cued. The next attempt is at 2026-03-01 08:05"
    )
    world.tick(EIGHT + HOUR)
    assert world.why().text.endswith("at 2026-03-01 09:00 UTC, after 2 attempts.")


def test_a_letter_that_was_in_doubt_and_resent_may_have_arrived_twice(world: World) -> None:
    world.release()
    world.answer(BROKEN, ACCEPTED)
    world.tick(EIGHT)
    waiting = world.why()
    assert waiting.case == "waiting"
    assert waiting.text.endswith(
        "It may have arrived already: nobody knows what became of an earlier attempt, and the same Message-ID goes again."
    )
    world.tick(EIGHT + HOUR)
    sent = world.why()
    assert sent.case == "sent"
    assert "It may have arrived twice, with the same Message-ID: of one attempt nobody knows what became." in sent.text


def test_left_in_doubt_counts_as_had(world: World) -> None:
    world.site = with_rules(world.site, uncertain="leave")
    world.release()
    world.answer(BROKEN)
    world.tick(EIGHT)
    found = world.why()
    assert found.case == "in_doubt"
    assert found.text.startswith("Nobody knows whether it arrived, in edition 1 at 2026-03-01 08:00 UTC")
    assert "counts as had and is not sent again (PUBLISHER_UNCERTAIN=leave" in found.text


def test_what_waits_in_the_outbox_leaves_with_the_next_run(world: World) -> None:
    world.release()
    world.tick(EIGHT, is_sent=False)
    assert world.why() == Why(
        case="waiting",
        text="It stands in edition 1 and waits in the outbox: it leaves with the next run (publisher send).",
        mend="publisher send",
    )
    world.site = replace(world.site, sender=None)
    assert (world.why().case, "PUBLISHER_SMTP_HOST" in world.why().text) == ("no_mail", True)


def test_what_waits_for_a_mail_server_that_is_down_says_so(world: World, storage: Storage, tmp_path: Path) -> None:
    class Dead(CuedRelay):
        def connect(self) -> CuedRelay:
            raise RelayDown("nobody listens")

    world.release()
    world.tick(EIGHT, is_sent=False)
    world.site = replace(world.site, relays=(Dead(),))
    send(world.site, EIGHT)
    found = world.why()
    assert (found.case, found.mend) == ("waiting", "publisher doctor")
    assert "no mail server takes letters (nobody listens)" in found.text


def test_what_is_leaving_now_says_so(world: World) -> None:
    seen: list[Why] = []
    world.release()
    world.relay.cue = lambda _: seen.append(world.why()) or ACCEPTED  # type: ignore[func-returns-value]
    world.tick(EIGHT)
    assert [(found.case, found.text) for found in seen] == [
        ("sending", "It is leaving at this moment, in edition 1."),
    ]


def test_a_held_edition_names_the_command(world: World) -> None:
    world.release()
    world.tick(EIGHT + 4 * DAY)
    found = world.why(EIGHT + 4 * DAY)
    assert (found.case, found.mend) == ("held", "publisher editions approve 1")
    assert found.text == (
        "It stands in edition 1, which is held because its slot was long past: "
        "publisher editions approve 1, or publisher editions cancel 1 --again."
    )
    world.posts += (post(2),)
    world.scan(EIGHT + 4 * DAY)
    world.tick(EIGHT + 5 * DAY)
    behind = world.why(EIGHT + 5 * DAY, "p2")
    assert (behind.case, behind.mend) == ("behind_another", "publisher editions approve 1")
    assert behind.text.endswith("It comes after edition 1, which is held: publisher editions approve 1.")
    approve(world.site, 1, EIGHT + 5 * DAY)
    assert world.why(EIGHT + 5 * DAY, "p2").text.endswith("after edition 1, which has not left yet.")


def test_a_domain_that_was_shut_tells_until_when_and_what_it_said(world: World) -> None:
    world.release()
    world.answer(POLICY)
    world.tick(EIGHT)
    found = world.why()
    assert (found.case, found.until and found.until > EIGHT) == ("put_off", True)
    assert found.text.startswith(
        "Its letter, of edition 1, is put off until 2026-03-01 08:05 UTC: example.org refused letters"
    )
    assert "(`550 5.7.1 not from you`)" in found.text


def test_a_limit_of_the_domain_tells_until_when(world: World) -> None:
    world.site = with_rules(world.site, domain_limits={"example.org": Rate(letters=1, per=HOUR)})
    world.join(BEN, START)
    world.release()
    world.tick(EIGHT)
    cases = {world.why(address=address).case for address in (ANN, BEN)}
    assert cases == {"sent", "put_off"}
    (late,) = (found for address in (ANN, BEN) if (found := world.why(address=address)).case == "put_off")
    assert late.until is not None
    assert late.text == (
        f"Its letter, of edition 1, is put off until {late.until:%Y-%m-%d %H:%M} UTC, "
        "since letters to example.org have a limit."
    )


@pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (lambda world: world.answer(REFUSED), "in edition 1 it failed at 2026-03-01 08:00 UTC, `550 no` by cued"),
        (
            lambda world: cancel(world.site, 1, is_owed_again=True, now=EIGHT),
            "in edition 1 it was cancelled at 2026-03-01 08:00 UTC",
        ),
    ],
)
def test_what_did_not_arrive_is_owed_again_and_both_letters_are_told(
    world: World, lose: Callable[[World], object], reason: str
) -> None:
    world.release()
    world.tick(EIGHT, is_sent=False)
    lose(world)
    send(world.site, EIGHT)
    assert world.why() == Why(
        case="owed_again",
        text=f"It is owed to them again: {reason}. It comes at 2026-03-02 08:00 UTC.",
        until=EIGHT + DAY,
    )
    assert world.why(EIGHT + DAY).text.endswith("It comes with the next run (publisher tick).")
    world.answer(ACCEPTED)
    world.tick(EIGHT + DAY)
    found = explain_to(world.site, ANN, "p1", EIGHT + DAY)
    assert (found.why.case, "in edition 2" in found.why.text) == ("sent", True)
    assert [letter.edition for letter in found.history.letters] == [1, 2]


def test_who_left_is_skipped_and_stays_owed(world: World) -> None:
    world.release()
    world.tick(EIGHT, is_sent=False)
    leave(world.site, find(world.site, ANN), EIGHT)
    found = world.why()
    assert (found.case, found.text) == (
        "gone",
        "It stands in edition 1, but that will not leave, and the post stays owed: they left at 2026-03-01 08:00 UTC.",
    )
    send(world.site, EIGHT)
    assert world.why().text == (
        "It is owed to them again: in edition 1 it was skipped at 2026-03-01 08:00 UTC, since they might not be mailed then. "
        "It does not come now: they left at 2026-03-01 08:00 UTC."
    )
    world.join(ANN, EIGHT + DAY)
    anew = world.why(EIGHT + DAY)
    assert anew.case == "joined_later"
    assert "and signed up anew at 2026-03-02 08:00 UTC" in anew.text


def test_a_dead_address_tells_what_its_server_said(world: World) -> None:
    world.release()
    world.answer(UNKNOWN)
    world.tick(EIGHT)
    found = world.why()
    assert found.case == "suppressed"
    assert "mail to it is stopped since 2026-03-01 08:00 UTC: bounced, `550 5.1.1 no such user`" in found.text


def test_what_the_owner_dropped_is_owed_no_more(world: World) -> None:
    world.release()
    world.tick(EIGHT, is_sent=False)
    cancel(world.site, 1, is_owed_again=False, now=EIGHT)
    found = world.why()
    assert found.case == "dropped"
    assert "the owner's word (publisher editions cancel 1 --drop)" in found.text


def test_a_release_ahead_comes_at_the_readers_next_slot(world: World) -> None:
    world.release()
    assert world.why(START + 2 * HOUR) == Why(
        case="ahead",
        text=(
            "It was released at 2026-03-01 01:10 UTC, and they have not had their turn since. "
            "It comes at 2026-03-01 08:00 UTC."
        ),
        until=EIGHT,
    )


def test_a_withdrawn_post_stays_owed_until_it_is_back(world: World) -> None:
    world.release()
    world.withdraw(1)
    assert (world.why(name=post(1).key).case, world.why(name=post(1).key).until) == ("withdrawn", None)
    world.tick(EIGHT)
    found = world.why(name=post(1).key)
    assert found.case == "withdrawn"
    assert "it was withdrawn when their turn came" in found.text
    assert found.text.endswith("The post is withdrawn now, and stays owed until it is back.")


def test_a_post_that_shall_no_more_be_mailed_stays_owed(world: World) -> None:
    world.release()
    world.posts = (post(0), post(1, mail=False))
    world.scan(EIGHT)
    assert world.why().case == "mail_false"


def test_a_post_on_hold_tells_until_when(world: World) -> None:
    world.scan(TEN_PAST)
    assert world.why(TEN_PAST) == Why(
        case="on_hold",
        text="It is public since 2026-03-01 00:10 UTC and on hold until 2026-03-01 01:10 UTC, so that you can still mend it.",
        until=TEN_PAST + HOUR,
    )
    assert world.why(TEN_PAST + HOUR).case == "unseen"
    world.write("new.md", "date: 2026-02-01")
    assert (world.why(TEN_PAST, "new").case, world.why(TEN_PAST, "new").mend) == ("unseen", "publisher tick")


def test_posts_in_a_burst_wait_for_the_owner(world: World) -> None:
    world.site = with_rules(world.site, release_burst=1)
    world.posts += (post(2),)
    world.release()
    waiting = world.why()
    assert (waiting.case, waiting.mend) == ("waits_for_owner", "publisher release")
    answer_waiting(world.site, is_history=True)
    assert world.why().case == "history"
    assert "by your word" in world.why().text


def test_history_and_mail_false_are_mailed_to_nobody(world: World) -> None:
    old = world.why(name="p0")
    assert (old.case, old.text) == (
        "history",
        "It was public when the ledger began, at 2026-03-01 00:00 UTC, and is mailed to nobody.",
    )
    world.posts += (post(2, mail=False),)
    world.release()
    assert world.why(name="p2").case == "mail_false"


@pytest.mark.parametrize(
    ("head", "case"),
    [
        ("date: 2026-03-09", "future"),
        ("date: 2026-02-01\nexpiryDate: 2026-02-02", "expired"),
        ("date: 2026-02-01\ndraft: true", "draft"),
        ("date: nonsense", "broken"),
    ],
)
def test_a_post_that_is_not_public_says_why(world: World, head: str, case: str) -> None:
    world.write("other.md", head)
    found = world.why(name="posts/other.md")
    assert found.case == case
    assert (found.until is not None) == (case == "future")


def test_withdrawn_before_its_release(world: World) -> None:
    world.scan(TEN_PAST)
    world.withdraw(1)
    world.scan(TEN_PAST + MINUTE)
    found = world.why(name=post(1).key)
    assert (found.case, "its hold begins anew" in found.text) == ("withdrawn", True)


def test_readers_who_are_not_there_yet_or_came_later(world: World) -> None:
    world.release()
    assert world.why(address="nobody@example.org").case == "unknown_address"
    sign_up(world.site, BEN, "b" * 16, EIGHT)
    assert world.why(address=BEN).case == "pending"
    world.tick(EIGHT)
    confirm(world.site, find(world.site, BEN), EIGHT + MINUTE)
    later = world.why(EIGHT + HOUR, address=BEN)
    assert (later.case, later.text) == (
        "joined_later",
        (
            "It was released at 2026-03-01 01:10 UTC, before they confirmed at 2026-03-01 08:01 UTC: "
            "their digest begins with what came out after that."
        ),
    )
    add(world.site, "cat@example.org", "c" * 16, EIGHT + MINUTE)
    assert "before they were added at" in world.why(address="cat@example.org").text


def test_a_welcome_post_is_owed_to_who_came_after_it(world: World) -> None:
    world.site = with_rules(world.site, welcome_posts=1)
    world.release()
    world.join(BEN, EIGHT + MINUTE)
    found = world.why(EIGHT + HOUR, address=BEN)
    assert (found.case, found.until) == ("owed_again", EIGHT + DAY)
    assert "a new reader gets the last posts too" in found.text


def test_a_stranger_to_whom_mail_is_stopped(world: World, storage: Storage) -> None:
    world.release()
    with storage.write() as tx:
        tx.suppressions.add(BEN, "complained", "by their provider", START)
    assert world.why(address=BEN).text == (
        "ben@example.org is no subscriber, and mail to it is stopped since 2026-03-01 00:00 UTC: "
        "complained, `by their provider`."
    )


def test_a_paused_reader_is_told_as_such(world: World) -> None:
    world.release()
    found = explain_to(world.site, ANN, "p1", TEN_PAST + HOUR)
    assert found.history.subscriber
    paused = replace(found.history, subscriber=replace(found.history.subscriber, standing="paused"))
    why = explain(replace(found.facts, history=paused))
    assert (why.case, why.text.endswith("It does not come now: they have paused their digest.")) == ("paused", True)


def test_a_post_is_known_by_all_its_names(world: World) -> None:
    world.release()
    names = ("p1", "p1.md", "posts/p1.md", post(1).key, "headline-1", "/2026/03/p1/", "https://example.org/2026/03/p1/")
    assert {explain_to(world.site, ANN, name, EIGHT).post.key for name in names} == {post(1).key}


def test_a_name_of_no_post_or_of_several_says_which_are_near(world: World) -> None:
    world.release()
    world.write("one.md", "title: Twins\ndate: 2026-02-01")
    world.write("two.md", "title: Twins\ndate: 2026-02-01")
    for name in ("one.md", "two.md"):
        path = world.site.folders.posts / name
        path.write_text(path.read_text().replace(f"title: {name}\n", ""))
    with pytest.raises(PublisherError, match=r"Twins may be posts/one\.md or posts/two\.md: wanted is one of these"):
        world.why(name="Twins")
    with pytest.raises(
        PublisherError, match=r"there is no post headlin-1, the nearest is posts/p[01]\.md or posts/p[01]\.md"
    ):
        world.why(name="headlin-1")
    with pytest.raises(PublisherError, match="there is no post zzz, wanted is its file or its title"):
        world.why(name="zzz")

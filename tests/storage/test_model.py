"""The promise itself, over random histories: each reader gets each post once, whatever happens.

The oracle keeps one mark for each reader and post: waiting, or not. The ledger keeps numbers, cursors, arrears and deliveries.
After every turn both must name the same letters, and when everything has healed, nobody may be owed anything.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from publisher.actions.compose import compose
from publisher.actions.editions import approve, cancel, overview, retry
from publisher.actions.moulds import Moulds
from publisher.actions.publication import Publication
from publisher.actions.release import release_due
from publisher.actions.subscribe import confirm, find, leave, sign_up, undo_leave
from publisher.core.ledger import OPEN
from publisher.core.retry import Outcome
from publisher.core.subscription import Subscriber
from publisher.storage import Result, Storage
from publisher.storage.schema import arrears, deliveries, edition_items, releases, suppressions
from tests.storage.worlds import (
    ACCEPTED,
    BROKEN,
    BUSY,
    REFUSED,
    START,
    UNKNOWN,
    CuedRelay,
    Piece,
    Pieces,
    counted,
    library,
    post,
    publication,
    scan,
    send,
    with_rules,
)

READERS = ["a@example.org", "b@example.org", "c@example.org"]
ANSWERS = {"ok": ACCEPTED, "refused": REFUSED, "unknown": UNKNOWN, "busy": BUSY, "broken": BROKEN}
SENT = Outcome(state="sent")


def world(site: Publication, relay: CuedRelay, empty: Callable[[], None]) -> type[RuleBasedStateMachine]:
    class World(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            empty()
            relay.arrived.clear()
            relay.cue = lambda _: ACCEPTED
            high_water = site.folders.state / "high-water"
            high_water.unlink(missing_ok=True)
            self.site, self.now = site, START
            self.posts: dict[str, Piece] = {"history": post(0)}
            self.hidden: set[str] = set()
            self.numbered: dict[int, str] = {}
            self.waiting: dict[str, set[str]] = defaultdict(set)
            self.doubts: Counter[str] = Counter()
            self.settled: set[tuple[int, str]] = set()
            scan(site, self.library(), START)

        # -- the writer

        def library(self) -> Pieces:
            return library(*(found for key, found in self.posts.items() if key not in self.hidden))

        @rule()
        def publish(self) -> None:
            if len(self.posts) < 25:
                found = post(len(self.posts))
                self.posts[found.key] = found

        @rule(back=st.integers(0, 3))
        def withdraw_or_restore(self, back: int) -> None:
            key = list(self.posts)[-1 - min(back, len(self.posts) - 1)]
            self.hidden ^= {key}

        @rule(back=st.integers(0, 3), text=st.sampled_from(["one", "two"]))
        def edit(self, back: int, text: str) -> None:
            key = list(self.posts)[-1 - min(back, len(self.posts) - 1)]
            if key != "history":
                self.posts[key] = post(int(key.rpartition("p")[2]), text=text)

        # -- the readers

        @rule(who=st.sampled_from(READERS))
        def join(self, who: str) -> None:
            sign_up(self.site, who, who[0] * 16, self.now)
            if find(self.site, who).standing in ("pending", "gone"):
                confirm(self.site, find(self.site, who), self.now)
                self.waiting[who] = set()

        @rule(who=st.sampled_from(READERS), is_undone=st.booleans())
        def leave(self, who: str, is_undone: bool) -> None:
            if reader := self.reader(who):
                (undo_leave if is_undone else leave)(self.site, reader, self.now)

        @rule(who=st.sampled_from(READERS))
        def free(self, who: str) -> None:
            """The suppression is taken back."""
            with self.site.storage.write() as tx:
                tx._connection.execute(suppressions.delete().where(suppressions.c.address_key == who))

        # -- time and mail

        @rule(hours=st.sampled_from([1, 5, 12, 24, 30, 80]))
        def wait(self, hours: int) -> None:
            self.now += timedelta(hours=hours)
            self.tick()

        @rule(days=st.integers(1, 5), how=st.sampled_from(sorted(ANSWERS)), policy=st.sampled_from(["resend", "leave"]))
        def some_days(self, days: int, how: str, policy: str) -> None:
            for _ in range(days):
                self.now += timedelta(hours=23)
                self.tick()
                self.send(how, policy)

        @rule(hours=st.sampled_from([-2000, -30, -3, 400]))
        def the_clock_jumps(self, hours: int) -> None:
            self.now = max(START, self.now + timedelta(hours=hours))
            self.tick()

        @rule()
        def tick(self) -> None:
            found = self.library()
            scan(self.site, found, self.now)
            for release in release_due(self.site, found.library, self.now):
                self.numbered[release.number] = release.post
                for who in READERS:
                    if (reader := self.reader(who)) and reader.confirmed_at:
                        self.waiting[who].add(release.post)
            turns = [who for who in READERS if self.is_turn(who)]
            before = self.letters()
            compose(self.site, found.library, self.now)
            made = {who: keys for (edition, who), keys in self.letters().items() if (edition, who) not in before}
            public = {one.key for one in found.posts}
            for who in READERS:
                expected = self.waiting[who] & public if who in turns else set()
                assert made.get(who, set()) == expected, f"{who} at {self.now}"
                self.waiting[who] -= expected

        @rule(how=st.sampled_from(sorted(ANSWERS)), policy=st.sampled_from(["resend", "leave"]), is_lost=st.booleans())
        def send(self, how: str, policy: str, is_lost: bool = False) -> None:
            relay.loses_doubtful = is_lost
            first = [ANSWERS[how]]
            relay.cue = lambda _: first.pop() if first else ACCEPTED
            before = self.doubted()
            send(with_rules(self.site, uncertain=policy), self.now)
            for who, count in self.doubted().items():
                self.doubts[who] += count - before[who]
            self.settle()

        @rule(
            counts=st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)),
            policy=st.sampled_from(["resend", "leave"]),
            is_killed=st.booleans(),
        )
        def a_worker_loses_its_letters(self, counts: tuple[int, int, int], policy: str, is_killed: bool) -> None:
            """It claimed some, began with some of them, and some of those arrived; then it was killed, or its lease ran out
            and it still lives."""
            claimed, begun, arrived = counts
            assert self.site.sender is not None
            with self.site.storage.write() as tx:
                tx.editions.start()
                batch = tx.deliveries.claim("slow", claimed, self.now)
                leaving = tx.deliveries.intend(batch[:begun], "slow", self.now) if batch[:begun] else set()
            on_the_wire = [delivery for delivery in batch if delivery.id in leaving]
            moulds = Moulds(self.site, self.site.sender)
            relay.arrived.extend(moulds.fill(delivery) for delivery in on_the_wire[:arrived])
            before = self.doubted()
            with self.site.storage.write() as tx:
                if not is_killed:
                    held = deliveries.c.lease_owner == "slow"
                    tx._connection.execute(deliveries.update().where(held).values(lease_until=0))
                dead = ["slow"] if is_killed else []
                assert tx.deliveries.recover(dead, policy=policy, now=self.now) == len(on_the_wire)
                late = [Result(delivery=each, outcome=SENT, reply="250 ok", relay=None) for each in batch]
                assert not late or tx.deliveries.record(late, "slow", policy, self.now) == set()
                assert not batch or tx.deliveries.intend(batch, "slow", self.now) == set()
            for who, count in self.doubted().items():
                self.doubts[who] += count - before[who]
            self.settle()

        @rule(who=st.sampled_from(READERS), is_undone=st.booleans())
        def leaves_between_freeze_and_send(self, who: str, is_undone: bool) -> None:
            self.join(who)
            self.some_days(2, "ok", "resend")
            self.publish()
            self.tick()
            self.now += timedelta(hours=2)
            self.tick()
            self.now += timedelta(hours=24)
            self.tick()
            self.leave(who, is_undone=False)
            self.send("ok", "resend")
            if is_undone:
                self.leave(who, is_undone=True)

        @rule(is_back=st.booleans())
        def hides_between_release_and_turn(self, is_back: bool) -> None:
            self.publish()
            self.tick()
            self.now += timedelta(hours=2)
            self.tick()
            self.withdraw_or_restore(0)
            self.now += timedelta(hours=24)
            self.tick()
            if is_back:
                self.withdraw_or_restore(0)

        @rule()
        def approve(self) -> None:
            for view in overview(self.site):
                if view.edition.state == "held":
                    approve(self.site, view.edition.number, self.now)

        @precondition(lambda self: bool(overview(self.site)))
        @rule(back=st.integers(0, 2))
        def cancel_again(self, back: int) -> None:
            found = overview(self.site)
            edition = found[min(back, len(found) - 1)].edition
            if edition.state in ("held", "frozen", "sending"):
                cancel(self.site, edition.number, is_owed_again=True, now=self.now)
            self.settle()

        @precondition(lambda self: bool(overview(self.site)))
        @rule(back=st.integers(0, 2))
        def retry(self, back: int) -> None:
            found = overview(self.site)
            retry(self.site, found[min(back, len(found) - 1)].edition.number, self.now)
            self.tick()

        # -- what must always hold

        @invariant()
        def never_twice(self) -> None:
            for who in READERS:
                for headline, count in counted(relay.letters(who)).items():
                    assert count <= 1 + self.doubts[who], f"{who} has {headline} {count} times"

        @invariant()
        def what_waits_is_ahead_or_in_arrears(self) -> None:
            for who in READERS:
                if (reader := self.reader(who)) and reader.confirmed_at:
                    ahead = {key for number, key in self.numbered.items() if number > reader.cursor}
                    assert self.waiting[who] <= ahead | self.in_arrears(reader)

        def teardown(self) -> None:
            """Everything heals, and then nobody may be owed anything."""
            self.hidden.clear()
            for who in READERS:
                self.free(who)
            for _ in range(14):
                self.now += timedelta(hours=12)
                self.tick()
                self.approve()
                self.send("ok", "resend")
            for who in READERS:
                reader = self.reader(who)
                if reader and reader.standing == "active":
                    assert not self.waiting[who], f"{who} never got {self.waiting[who]}"

        # -- looking at the database

        def reader(self, who: str) -> Subscriber | None:
            with self.site.storage.read() as tx:
                return tx.subscribers.by_address(who)

        def is_turn(self, who: str) -> bool:
            reader = self.reader(who)
            if reader is None or reader.standing != "active" or not reader.next_due_at or reader.next_due_at > self.now:
                return False
            with self.site.storage.read() as tx:
                query = deliveries.select().where(
                    deliveries.c.subscriber == reader.id,
                    deliveries.c.edition.is_not(None),
                    deliveries.c.state.in_(OPEN),
                )
                return tx._connection.execute(query).first() is None and tx.suppressions.find(who) is None

        def letters(self) -> dict[tuple[int, str], set[str]]:
            """The posts in each delivery of an edition."""
            with self.site.storage.read() as tx:
                rows = tx._connection.execute(
                    edition_items.select()
                    .join(deliveries, deliveries.c.edition == edition_items.c.edition)
                    .join(releases, releases.c.number == edition_items.c.number)
                    .with_only_columns(deliveries.c.edition, deliveries.c.subscriber, releases.c.post)
                ).all()
            found: dict[tuple[int, str], set[str]] = defaultdict(set)
            names = {reader.id: who for who in READERS if (reader := self.reader(who))}
            for edition, subscriber, key in rows:
                found[edition, names[subscriber]].add(key)
            return found

        def settle(self) -> None:
            """What ended without arriving waits again."""
            letters = self.letters()
            names = {reader.id: who for who in READERS if (reader := self.reader(who))}
            with self.site.storage.read() as tx:
                rows = tx._connection.execute(
                    deliveries.select().where(
                        deliveries.c.edition.is_not(None), deliveries.c.state.in_(("failed", "skipped", "cancelled"))
                    )
                ).all()
            for row in rows:
                if (row.edition, names[row.subscriber]) not in self.settled:
                    self.settled.add((row.edition, names[row.subscriber]))
                    self.waiting[names[row.subscriber]] |= letters[row.edition, names[row.subscriber]]

        def doubted(self) -> Counter[str]:
            names = {reader.id: who for who in READERS if (reader := self.reader(who))}
            with self.site.storage.read() as tx:
                rows = tx._connection.execute(deliveries.select().where(deliveries.c.doubts > 0)).all()
            found: Counter[str] = Counter()
            for row in rows:
                found[names[row.subscriber]] += row.doubts
            return found

        def in_arrears(self, reader: Subscriber) -> set[str]:
            with self.site.storage.read() as tx:
                rows = tx._connection.execute(arrears.select().where(arrears.c.subscriber == reader.id)).all()
            return {self.numbered[row.number] for row in rows}

    return World


@pytest.mark.timeout(900)
def test_every_reader_gets_every_post_once_over_random_histories(
    storage: Storage, tmp_path: Path, emptied: Callable[[], None]
) -> None:
    relay = CuedRelay()
    site = publication(storage, tmp_path, relay)
    run_state_machine_as_test(
        world(site, relay, emptied),
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

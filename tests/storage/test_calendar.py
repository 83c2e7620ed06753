"""A year of daily digests where clocks do what they do: nobody is left out, nobody has anything twice, and at the hour it was
promised. The slots come from a clock on the wall that is looked at every quarter of an hour, not from our arithmetic."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.actions.compose import compose
from publisher.actions.editions import approve, overview
from publisher.actions.publication import Publication
from publisher.actions.release import release_due
from publisher.actions.subscribe import add
from publisher.core.slots import Daily
from publisher.storage import Storage
from tests.storage.worlds import (
    ACCEPTED,
    BUSY,
    CuedRelay,
    Piece,
    headlines,
    library,
    post,
    publication,
    scan,
    send,
    with_rules,
)

READERS = ("ann@example.org", "ben@example.org")
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86_400))
HOLD = HOUR


@pytest.fixture
def relay() -> CuedRelay:
    return CuedRelay()


@pytest.fixture
def site(storage: Storage, tmp_path: Path, relay: CuedRelay) -> Publication:
    return publication(storage, tmp_path, relay)


class Life:
    """A publication on a clock that goes as it is told. What it publishes stays for some days."""

    def __init__(self, site: Publication, relay: CuedRelay, slots: Daily, begin: datetime) -> None:
        self.site, self.relay, self.now = with_rules(site, slots=slots), relay, begin
        self.posts: list[Piece] = [post(0)]
        self.tick()
        for number, reader in enumerate(READERS):
            assert add(self.site, reader, f"{number:016x}", begin)

    def publish(self) -> str:
        """Returns its headline."""
        self.posts.append(post(self.posts[-1].number + 1))
        del self.posts[:-60]
        return f"Headline-{self.posts[-1].number}"

    def tick(self, *, is_sent: bool = True) -> None:
        found = library(*self.posts[-6:])
        scan(self.site, found, self.now)
        release_due(self.site, found.library, self.now)
        compose(self.site, found.library, self.now)
        if is_sent:
            send(self.site, self.now)

    def at(self, now: datetime) -> list[list[str]]:
        """What each reader gets at this time."""
        self.relay.arrived.clear()
        self.now = now
        self.tick()
        letters = {reader: [headlines(found) for found in self.relay.letters(reader)] for reader in READERS}
        assert letters[READERS[0]] == letters[READERS[1]]
        return letters[READERS[0]]


def on_the_wall(zone: ZoneInfo, at: time, first: date, days: int) -> list[datetime]:
    """When a clock on the wall first shows that hour, or one past it, on each of so many dates; what coincides is one."""
    found: list[datetime] = []
    instant, wanted = datetime.combine(first, time(0), UTC) - 2 * DAY, first
    while wanted < first + days * DAY:
        wall = instant.astimezone(zone).replace(tzinfo=None)
        while datetime.combine(wanted, at) <= wall:
            if found[-1:] != [instant]:
                found.append(instant)
            wanted += DAY
        instant += 15 * MINUTE
    return found


@pytest.mark.parametrize(
    ("zone", "at", "year", "letters"),
    [
        pytest.param("Europe/Berlin", "02:30", 2026, 365, id="Berlin: skipped and repeated"),
        pytest.param("America/New_York", "01:30", 2026, 365, id="New York: repeated"),
        pytest.param("America/Havana", "00:30", 2026, 365, id="Havana: midnight skipped and repeated"),
        pytest.param("Africa/Cairo", "00:00", 2026, 365, id="Cairo: midnight skipped"),
        pytest.param("Pacific/Apia", "00:00", 2011, 364, id="Apia: a day skipped"),
        pytest.param("Australia/Lord_Howe", "02:15", 2026, 365, id="Lord Howe: half an hour skipped"),
    ],
)
def test_where_clocks_change_daily_posts_come_day_by_day_at_their_hour(
    site: Publication, relay: CuedRelay, zone: str, at: str, year: int, letters: int
) -> None:
    slots = Daily(at=time.fromisoformat(at), zone=ZoneInfo(zone))
    days = on_the_wall(slots.zone, slots.at, date(year, 1, 1), 365)
    assert len(days) == letters
    pairs = [*pairwise(days)]
    odd = {number for number, (before, slot) in enumerate(pairs) if slot - before != DAY}
    assert odd
    near = sorted({number + shift for number in odd for shift in range(-2, 2)} & {*range(len(pairs))})
    life = Life(site, relay, slots, pairs[near[0]][0])
    for number in near:
        before, slot = pairs[number]
        if number - 1 not in near:
            assert life.at(before + MINUTE) == [], "the months between"
        headline = life.publish()
        life.now = before + 2 * MINUTE
        scan(life.site, library(*life.posts[-6:]), life.now)
        assert life.at(slot - SECOND) == [], f"too early on {slot}"
        assert life.at(slot) == [[headline]], slot


@pytest.mark.parametrize(("late", "is_held"), [(72 * HOUR, False), (72 * HOUR + SECOND, True)])
def test_three_days_of_silence_make_one_letter_which_is_held_if_it_is_later_than_that(
    site: Publication, relay: CuedRelay, late: timedelta, is_held: bool
) -> None:
    begin = datetime(2026, 3, 27, 12, tzinfo=UTC)
    slots = Daily(at=time(2, 30), zone=ZoneInfo("Europe/Berlin"))
    life = Life(site, relay, slots, begin)
    missed = [life.publish() for _ in range(3)]
    life.tick()
    slot = slots.first_after(begin)
    arrived = life.at(slot + late)
    assert arrived == ([] if is_held else [missed])
    assert [view.edition.held_because for view in overview(site)] == ["stale" if is_held else None]
    if is_held:
        approve(life.site, 1, life.now)
        assert life.at(life.now + MINUTE) == [missed]
    after = life.publish()
    life.tick()
    assert life.at(life.now + HOUR) == []
    assert life.at(slots.first_after(life.now)) == [[after]]


@pytest.mark.parametrize("jump", [HOUR, DAY, 31 * DAY], ids=["an hour", "a day", "a month"])
@pytest.mark.parametrize("moment", ["before the slot", "frozen", "put off", "sent"])
def test_a_clock_set_back_and_forth_again_costs_nobody_a_letter_and_brings_none_twice(
    site: Publication, relay: CuedRelay, jump: timedelta, moment: str
) -> None:
    """On either clock nothing waits longer than from one slot to the next but one, unless the owner is asked."""
    slots = Daily(at=time(2, 30), zone=ZoneInfo("Europe/Berlin"))
    life = Life(site, relay, slots, datetime(2026, 3, 27, 12, tzinfo=UTC))
    published = [life.publish()]
    life.tick()
    life.now = slots.first_after(life.now) - MINUTE
    if moment != "before the slot":
        life.now += 2 * MINUTE
        relay.cue = lambda _: BUSY if moment == "put off" else ACCEPTED
        life.tick(is_sent=moment != "frozen")
    relay.cue = lambda _: ACCEPTED
    for move in (-jump, jump):
        life.now += move
        published.append(life.publish())
        for _ in range(9):
            life.tick()
            for view in overview(life.site):
                if view.edition.state == "held":
                    approve(life.site, view.edition.number, life.now)
                    send(life.site, life.now)
            life.now += 8 * HOUR
        for reader in READERS:
            had = Counter(headline for letter in relay.letters(reader) for headline in headlines(letter))
            assert had == Counter(published), f"{reader} on the clock {move} away"

"""When a digest is due: one instant for each local date, whatever the clocks of the zone do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.slots import FURTHEST, Daily

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Antarctica/Troll",
    "America/Santiago",
    "Pacific/Kiritimati",
]
quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def daily(at: str, zone: str) -> Daily:
    return Daily(at=time.fromisoformat(at), zone=ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "day", "instant"),
    [
        ("UTC", "08:00", "2026-11-22", "2026-11-22 08:00"),
        ("Europe/Berlin", "08:00", "2026-11-22", "2026-11-22 07:00"),
        ("Europe/Berlin", "08:00", "2026-07-01", "2026-07-01 06:00"),
        # the hour that the spring skips is the first instant after it
        ("Europe/Berlin", "01:59", "2026-03-29", "2026-03-29 00:59"),
        ("Europe/Berlin", "02:00", "2026-03-29", "2026-03-29 01:00"),
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29 01:00"),
        ("Europe/Berlin", "03:00", "2026-03-29", "2026-03-29 01:00"),
        ("Europe/Berlin", "03:01", "2026-03-29", "2026-03-29 01:01"),
        # the hour that the autumn repeats is the first of the two
        ("Europe/Berlin", "02:00", "2026-10-25", "2026-10-25 00:00"),
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25 00:30"),
        ("Europe/Berlin", "03:00", "2026-10-25", "2026-10-25 02:00"),
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08 07:00"),
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01 05:30"),
        ("America/New_York", "02:00", "2026-11-01", "2026-11-01 07:00"),
        # clocks that change at midnight
        ("America/Havana", "00:00", "2026-03-08", "2026-03-08 05:00"),
        ("America/Havana", "00:30", "2026-03-08", "2026-03-08 05:00"),
        ("America/Havana", "01:00", "2026-03-08", "2026-03-08 05:00"),
        ("America/Havana", "00:30", "2026-11-01", "2026-11-01 04:30"),
        ("Africa/Cairo", "00:00", "2026-04-24", "2026-04-23 22:00"),
        ("Africa/Cairo", "00:30", "2026-04-24", "2026-04-23 22:00"),
        ("Africa/Cairo", "23:30", "2026-10-29", "2026-10-29 20:30"),
        ("Africa/Cairo", "00:00", "2026-10-30", "2026-10-29 22:00"),
        # a day that never was: its slot is the first instant of the next
        ("Pacific/Apia", "08:00", "2011-12-29", "2011-12-29 18:00"),
        ("Pacific/Apia", "08:00", "2011-12-30", "2011-12-30 10:00"),
        ("Pacific/Apia", "00:00", "2011-12-30", "2011-12-30 10:00"),
        ("Pacific/Apia", "00:00", "2011-12-31", "2011-12-30 10:00"),
        ("Pacific/Apia", "08:00", "2011-12-31", "2011-12-30 18:00"),
        # half an hour
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "02:30", "2026-10-04", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04 14:45"),
        ("Australia/Lord_Howe", "02:00", "2026-04-05", "2026-04-04 15:30"),
    ],
)
def test_the_slot_of_a_day(zone: str, at: str, day: str, instant: str) -> None:
    slot = daily(at, zone).slot(date.fromisoformat(day))
    assert slot == utc(instant)
    assert slot.tzinfo is UTC


def test_a_skipped_day_and_the_one_after_are_one_slot_where_the_hour_is_midnight() -> None:
    midnight = daily("00:00", "Pacific/Apia")
    assert midnight.slot(date(2011, 12, 30)) == midnight.slot(date(2011, 12, 31))
    first = midnight.first_after(utc("2011-12-29 12:00"))
    assert first == utc("2011-12-30 10:00")
    assert midnight.first_after(first) == utc("2011-12-31 10:00")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "00:30", "02:30", "08:00", "23:59"])
def test_each_local_date_of_a_year_has_exactly_one_slot(zone: str, at: str) -> None:
    slots, year = daily(at, zone), [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    instants = [slots.slot(day) for day in year]
    assert [instant.astimezone(slots.zone).date() for instant in instants] == year
    assert instants == sorted(set(instants))


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_turns_is_a_letter_a_day(zone: str) -> None:
    slots, now = daily("02:30", zone), utc("2026-01-01 00:00")
    letters: list[datetime] = []
    for _ in range(365):
        now = slots.first_after(now, letters[-1] if letters else None)
        letters.append(now)
    days = [letter.astimezone(slots.zone).date() for letter in letters]
    assert days == [days[0] + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-11-22 06:59", None, "2026-11-22 07:00"),
        ("2026-11-22 07:00", None, "2026-11-23 07:00"),
        ("2026-11-22 06:59", "2026-11-22 05:00", "2026-11-23 07:00"),
        ("2026-11-22 06:59", "2026-11-21 22:59", "2026-11-22 07:00"),
        ("2026-11-22 06:59", "2026-11-21 23:00", "2026-11-23 07:00"),
        ("2026-11-22 12:00", "2026-11-01 07:00", "2026-11-23 07:00"),
        ("2026-11-22 12:00", "2026-11-25 07:00", "2026-11-26 07:00"),
    ],
)
def test_the_next_slot_is_later_than_now_and_on_a_later_day_than_the_last_letter(
    now: str, last: str | None, due: str
) -> None:
    assert daily("08:00", "Europe/Berlin").first_after(utc(now), utc(last) if last else None) == utc(due)


def changes(zone: ZoneInfo, first: date, weeks: int) -> list[tuple[datetime, timedelta, timedelta]]:
    """When this zone's clocks change, to the minute, and their offsets before and after."""
    found: list[tuple[datetime, timedelta, timedelta]] = []
    begin = datetime.combine(first, time(0), UTC)
    for week in range(weeks):
        before, after = begin + timedelta(weeks=week), begin + timedelta(weeks=week + 1)
        old, new = (zone.utcoffset(instant.astimezone(zone)) for instant in (before, after))
        assert old is not None
        assert new is not None
        while old != new and after - before > timedelta(minutes=1):
            middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
            before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
        if old != new:
            found.append((after, old, new))
    return found


@pytest.mark.parametrize("first", ["2010-10-01", "2026-01-01"])
def test_wherever_clocks_change_the_slot_is_when_they_first_show_the_hour_or_one_past_it(first: str) -> None:
    count = 0
    for name in sorted(available_timezones() - {"Factory", "localtime"}):
        zone = ZoneInfo(name)
        for instant, old, new in changes(zone, date.fromisoformat(first), 65):
            walls = [(instant + offset).replace(tzinfo=None) for offset in (old, new)]
            for wall in (walls[0], walls[1], walls[0] + (walls[1] - walls[0]) / 2, walls[0] - timedelta(minutes=1)):
                early, late = (wall.replace(tzinfo=UTC) - offset for offset in (old, new))
                shown = early if early < instant else max(late, instant)
                assert Daily(at=wall.time(), zone=zone).slot(wall.date()) == shown, (name, wall)
                count += 1
    assert count > 1000


moments = st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
dailies = st.builds(
    Daily, at=st.times().map(lambda t: t.replace(second=0, microsecond=0)), zone=st.sampled_from(ZONES).map(ZoneInfo)
)


@quick
@given(dailies, moments, st.none() | st.timedeltas(timedelta(0), timedelta(days=40)))
def test_the_next_slot_keeps_its_promises(slots: Daily, now: datetime, ago: timedelta | None) -> None:
    last = None if ago is None else now - ago
    due = slots.first_after(now, last)
    assert due > now
    assert due - now <= FURTHEST
    assert slots.first_after(now, last) == due
    local = due.astimezone(slots.zone).date()
    assert due in (slots.slot(local), slots.slot(local - timedelta(days=1)))
    if last is not None:
        assert local > last.astimezone(slots.zone).date()


@quick
@given(dailies, moments)
def test_no_slot_lies_between_now_and_the_next(slots: Daily, now: datetime) -> None:
    due, day = slots.first_after(now), now.astimezone(slots.zone).date()
    between = [slots.slot(day + timedelta(days=n)) for n in range(-2, 4)]
    assert [slot for slot in between if now < slot < due] == []


@quick
@given(dailies, moments)
def test_midnight_is_the_first_instant_of_the_local_day(slots: Daily, now: datetime) -> None:
    midnight, day = slots.midnight(now), now.astimezone(slots.zone).date()
    assert midnight <= now
    assert midnight.astimezone(slots.zone).date() == day
    assert (midnight - timedelta(seconds=1)).astimezone(slots.zone).date() < day


def test_a_daily_slot_reads_as_hour_and_zone() -> None:
    assert str(daily("08:00", "Europe/Berlin")) == "08:00 Europe/Berlin"

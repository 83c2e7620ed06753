"""When a digest is due: exactly one instant for each local date."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FURTHEST = timedelta(hours=49)
"""No daily slot lies further ahead: two days, and the hour that the autumn adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Every day at one wall time of a zone."""

    at: time
    zone: ZoneInfo

    def slot(self, day: date) -> datetime:
        """The instant of `day`, in UTC. A wall time that the clocks skip is the first one after the gap, one that they
        repeat the first of the two."""
        wall = datetime.combine(day, self.at, self.zone)
        instant = wall.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            return instant
        return _end_of_gap(wall.replace(fold=1).astimezone(UTC), instant, self.zone)

    def first_after(self, now: datetime, last_letter_at: datetime | None = None) -> datetime:
        """The first slot after `now` that lies on a later local date than the last letter."""
        day = now.astimezone(self.zone).date() - timedelta(days=1)
        while True:
            slot = self.slot(day)
            if slot > now and (last_letter_at is None or self._day(slot) > self._day(last_letter_at)):
                return slot
            day += timedelta(days=1)

    def midnight(self, now: datetime) -> datetime:
        """The beginning of the local date of `now`."""
        return replace(self, at=time(0)).slot(self._day(now))

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.zone.key}"


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second with the offset of `after`, by halving."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after

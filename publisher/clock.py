"""The publication's clock: the only place that asks what time it is."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Real time, or another: fixed at an instant, or started there and running on."""

    start: datetime | None = None
    is_fixed: bool = False
    started: float = 0.0
    """`time.monotonic()` at the start."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        if self.start is None:
            return datetime.now(UTC)
        if self.is_fixed:
            return self.start
        return self.start + timedelta(seconds=time.monotonic() - self.started)

    def is_ahead(self) -> bool:
        """Whether it shows a time that has not come yet."""
        return self.now() > datetime.now(UTC) + timedelta(minutes=1)


def clock(start: datetime | None = None, *, is_fixed: bool = True) -> Clock:
    """A clock that shows `start`, or real time."""
    return Clock(start=start, is_fixed=is_fixed, started=time.monotonic())

"""What may become of a subscriber."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Standing = Literal["pending", "active", "paused", "gone"]
Source = Literal["form", "owner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """An address and its standing."""

    id: int
    handle: str
    """16 hex digits that name the reader in links; they say nothing about who it is."""
    address: str
    standing: Standing
    cursor: int
    """The last release that was planned for this reader."""
    next_due_at: datetime | None
    last_letter_at: datetime | None
    source: Source
    created_at: datetime
    confirmed_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must never be mailed, and why."""

    address_key: str
    reason: str
    detail: str
    created_at: datetime

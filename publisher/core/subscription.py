"""Addresses, and what may become of a subscriber."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from email_validator import EmailNotValidError, validate_email

from publisher.core.errors import AddressError

Standing = Literal["pending", "active", "paused", "gone"]
Source = Literal["form", "owner"]

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@localhost")


def normalise(address: str, *, is_local_allowed: bool = False) -> str:
    """The one spelling under which an address is kept: domain in lower case, Unicode in NFC.

    The part before the @ keeps its case, since only its own server knows what case means there (RFC 5321, 2.4).
    Raises AddressError with the reason in words for whoever typed it. Nothing is asked of the network.
    """
    text = address.strip()
    if is_local_allowed and _LOCAL.fullmatch(text):
        return text
    try:
        return validate_email(text, check_deliverability=False, test_environment=True, strict=True).normalized
    except EmailNotValidError as error:
        raise AddressError(str(error)) from error


def address_key(address: str) -> str:
    """Under which key two spellings of one address are the same: in practice no server tells letter case apart."""
    return address.casefold()


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

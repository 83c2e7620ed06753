"""What the head of a request asks for. Pure; header names are in lower case, as ASGI gives them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

_RANGE = re.compile(rb"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    none_match: bytes | None = None
    modified_since: bytes | None = None
    takes_gzip: bool = False
    ranges: bytes | None = None
    if_range: bytes | None = None
    has_body: bool = False

    def knows(self, etag: bytes, modified: int) -> bool:
        """Whether the reader has what this validator names (RFC 9110, 13.1): If-None-Match wins over If-Modified-Since.

        `modified` is in seconds since 1970. Tags are compared weakly, since a cache on the way may have weakened ours.
        """
        if self.none_match is not None:
            return self.none_match == etag or is_listed(etag, self.none_match)
        since = None if self.modified_since is None else http_date(self.modified_since)
        return since is not None and since >= modified

    def part(self, etag: bytes, last_modified: bytes, size: int) -> range | None:
        """The bytes that are wanted of `size`; None for all of them, an empty range for none that is there (416).

        All is the answer, too, to several ranges, to what is no range, and to an If-Range that names another version: it
        is compared strongly, a date must be the very same (RFC 9110, 13.1.5 and 14.2).
        """
        if self.ranges is None or self.if_range not in (None, etag, last_modified):
            return None
        return asked_part(self.ranges, size)


def asked(headers: Iterable[tuple[bytes, bytes]]) -> Asked:
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _LISTS and name in found:
            found[name] += b", " + value
        else:
            found[name] = value
    welcome = found.get(b"accept-encoding")
    return Asked(
        none_match=found.get(b"if-none-match"),
        modified_since=found.get(b"if-modified-since"),
        takes_gzip=welcome is not None and takes_gzip(welcome),
        ranges=found.get(b"range"),
        if_range=found.get(b"if-range"),
        has_body=found.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in found,
    )


_LISTS = frozenset({b"if-none-match", b"accept-encoding"})


def is_listed(etag: bytes, tags: bytes) -> bool:
    return tags.strip() == b"*" or etag in re.findall(rb'"[^"]*"', tags)


@lru_cache(maxsize=512)
def http_date(text: bytes) -> int | None:
    """Seconds since 1970; None for what is no date, which RFC 9110 (13.1.3) wants passed over."""
    try:
        found = parsedate_to_datetime(text.decode("ascii"))
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@lru_cache(maxsize=512)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether gzip is welcome, and no less than plain bytes are (RFC 9110, 12.5.3): `gzip;q=0` means no, `*` means yes."""
    weights: dict[bytes, float] = {}
    for part in accept_encoding.lower().split(b","):
        name, *parameters = (piece.strip() for piece in part.split(b";"))
        weights[name] = _weight(parameters)
    gzip = weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0)))
    return gzip > 0 and gzip >= weights.get(b"identity", 0.0)


def _weight(parameters: list[bytes]) -> float:
    """The q-value; 1 where there is none, 0 where it is none."""
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            text = value.strip()
            return float(text) if re.fullmatch(rb"(0(\.\d{0,3})?|1(\.0{0,3})?)", text) else 0.0
    return 1.0


def asked_part(text: bytes, size: int) -> range | None:
    """The one range that a Range header names, as `Asked.part` tells it."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return None
    first, last = found[1], found[2]
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)

"""Dates as people write them, read only where there is one way to read them."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

DATE_WANTED = "wanted is a date like 2026-11-22 or 2026-11-22 08:30 or 2026-11-22T08:30:00+01:00"

_TIME = r"""(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?
            (?:[ ]?(?P<half>[AaPp])\.?[Mm]\.?(?![A-Za-z]))?"""
_ZONE = r"""(?P<zone>[Zz]|(?:UTC|GMT)?[+-]\d{1,2}:\d{2}|(?:UTC|GMT)?[+-]\d{4}|[+-]\d{2}
            |[A-Za-z]{2,5}(?![A-Za-z/_])|[A-Za-z]+(?:/[A-Za-z0-9_+-]+){1,2})
            (?:[ ]+(?:\([^()]*\)|[A-Z]{3,5}))?"""
_NUMBERS = re.compile(
    rf"""(?P<year>\d{{4}})(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}})
         (?:(?:[Tt]|[ ]?,?[ ]+){_TIME}(?:[ ]*{_ZONE})?)?""",
    re.VERBOSE | re.ASCII,
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?[ ]+)?"
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_CLOCK = rf"(?:,?[ ]+(?:at[ ]+)?{_TIME}(?:[ ]*{_ZONE})?)?"
_WORDS = tuple(
    re.compile(_WEEKDAY + pattern, re.VERBOSE | re.ASCII | re.IGNORECASE)
    for pattern in (
        rf"{_DAY}(?:[ ]+|-|\.[ ]*){_MONTH}(?:,?[ ]+|-)(?P<year>\d{{4}}){_CLOCK}",  # 2 January 2020, RFC 5322 3.3
        rf"{_MONTH}[ ]+{_DAY},?[ ]+(?P<year>\d{{4}}){_CLOCK}",  # January 2, 2020 at 3:04 PM
        rf"{_MONTH}[ ]+{_DAY}[ ]+{_TIME}(?:[ ]+{_ZONE})?[ ]+(?P<year>\d{{4}})",  # what the command `date` prints
        rf"{_MONTH}[ ]+{_DAY}[ ]+{_TIME}[ ]+(?P<year>\d{{4}})(?:[ ]+{_ZONE})?",  # what `git log` prints
    )
)
_SECONDS = re.compile(r"\d{10}", re.ASCII)
_MONTHS = (
    ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
    ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"), ("nov", "november"),
    ("dec", "december"),
)  # fmt: skip
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_OFFSETS = {
    "z": 0, "utc": 0, "gmt": 0, "ut": 0, "wet": 0, "bst": 1, "cet": 1, "west": 1, "cest": 2, "eet": 2, "sast": 2, "eest": 3,
    "msk": 3, "sgt": 8, "hkt": 8, "awst": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "edt": -4,
    "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8, "akdt": -8, "akst": -9, "hst": -10,
}  # fmt: skip
"""Hours east of Greenwich, for the abbreviations of RFC 5322, 4.3, and others that mean one thing to most people. IST means
three, so it is not among them.
"""


def parse_date(text: str, zone: ZoneInfo) -> datetime:
    """An instant in UTC. A date without a zone is in `zone`, one without a time is its midnight.

    Ten digits are seconds since 1970. What can be read in two ways (01/02/2020) is not read at all. A wall time that a clock
    change skips is the instant that the zone's old offset gives; raises ValueError with advice.
    """
    line = " ".join(text.split()) if len(text) < 200 else ""
    if _SECONDS.fullmatch(line):
        return datetime.fromtimestamp(int(line), UTC)
    found = _NUMBERS.fullmatch(line) or next((match for words in _WORDS if (match := words.fullmatch(line))), None)
    if not found or int(found["year"]) in (1, 9999):  # another zone may have no such year
        raise ValueError(DATE_WANTED)
    try:
        wall = datetime(int(found["year"]), _month(found["month"]), int(found["day"]), *_clock(found))  # noqa: DTZ001
        return wall.replace(tzinfo=_zone(found["zone"]) or zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{error}; {DATE_WANTED}") from error


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if number := _MONTH_NUMBERS.get(text.lower()):
        return number
    raise ValueError(f"{text} is no month")


def _clock(found: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no {hour} o'clock before or after noon")
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    return hour, minute, second


def _zone(text: str | None) -> tzinfo | None:
    """A number with a sign, an abbreviation, or a name like Europe/Berlin."""
    if not text:
        return None
    if text.lower() in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[text.lower()]))
    if "/" in text:
        try:
            return ZoneInfo(text)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"{text} is no time zone") from error
    if not (digits := text[3:] if text[:3].upper() in ("UTC", "GMT") else text)[1:2].isdecimal():
        raise ValueError(f"{text} is no time zone of one meaning")
    hours, minutes = digits[1:].split(":") if ":" in digits else (digits[1:3], digits[3:] or "0")
    if int(minutes) > 59:
        raise ValueError(f"{text} is no offset")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if digits.startswith("-") else offset)

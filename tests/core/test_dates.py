"""Dates as they stand in public blogs, and those that say two things at once."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.dates import parse_date

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("2026-7-1", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        (" 2026-11-22 08:30 ", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-11-22 8:30:15", datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)),
        ("2026-11-22T08:30:15.999Z", datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)),
        ("2026-11-22t08:30z", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("2026-11-22 08:30 UTC", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("2026-11-22 08:30:00 +0530", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("2026-11-22T08:30:00-05:00", datetime(2026, 11, 22, 13, 30, tzinfo=UTC)),
        ("2026-11-22T08:30+01", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026/11/22", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("2026.11.22 08:30", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-11-22  08:30", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-11-22 8:30 PM", datetime(2026, 11, 22, 19, 30, tzinfo=UTC)),
        ("2026-11-22 12:30 a.m.", datetime(2026, 11, 21, 23, 30, tzinfo=UTC)),
        ("2026-11-22 08:30:15,5 -0500", datetime(2026, 11, 22, 13, 30, 15, tzinfo=UTC)),
        ("2026-11-22 08:30:15.999999999 +0100 CET", datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)),
        ("2026-11-22 08:30 EST", datetime(2026, 11, 22, 13, 30, tzinfo=UTC)),
        ("2026-07-22 08:30 PDT", datetime(2026, 7, 22, 15, 30, tzinfo=UTC)),
        ("2026-07-22 08:30 cest", datetime(2026, 7, 22, 6, 30, tzinfo=UTC)),
        ("2026-07-22 08:30 BST", datetime(2026, 7, 22, 7, 30, tzinfo=UTC)),
        ("2026-11-22 08:30 +5:30", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("2026-11-22 08:30 UTC+2:00", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)),
        ("2026-11-22 08:30 America/New_York", datetime(2026, 11, 22, 13, 30, tzinfo=UTC)),
        ("2026-11-22 08:30 America/Argentina/Buenos_Aires", datetime(2026, 11, 22, 11, 30, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 08:30:15 +0100", datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 08:30:15 GMT", datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)),
        ("Sunday, 22 November 2026", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("22 November 2026", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("22-Nov-2026", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("November 22, 2026", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("November 22nd, 2026 at 8:30 PM", datetime(2026, 11, 22, 19, 30, tzinfo=UTC)),
        ("Nov. 22 2026 8:30 am", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("Sept 1, 2026", datetime(2026, 8, 31, 22, tzinfo=UTC)),
        ("Sun Nov 22 08:30:15 CET 2026", datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)),
        ("Sun Nov 22 08:30:15 2026 +0100", datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)),
        (
            "Sun Nov 22 2026 08:30:15 GMT+0100 (Central European Standard Time)",
            datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC),
        ),
        ("1795336215", datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)),
    ],
)
def test_a_date_is_an_instant_in_the_zone_of_the_site(text: str, instant: datetime) -> None:
    found = parse_date(text, BERLIN)
    assert found == instant
    assert found.utcoffset() == instant.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "22.11.2026",
        "11/22/2026",
        "01/02/2026",
        "1-2-2026",
        "01/02/26",
        "2026-11/22",
        "20261122",
        "2026",
        "2026-11",
        "November 2026",
        "22 Movember 2026",
        "Nov 31, 2026",
        "2026-11-22 08:30 IST",
        "2026-11-22 08:30 Nowhere/City",
        "2026-11-22 08:30 ../../etc/passwd",
        "2026-11-22 08:30 Europe",
        "2026-11-22 08:30 +01:99",
        "2026-11-22 13:30 PM",
        "2026-11-22 0:30 PM",
        "17953362150",
        "Last Modified",
        "git Created",
        "٢٠٢٦-11-22",
        "2026-11-22" + " " * 300,
        "2026-13-01",
        "2026-02-30",
        "2026-11-22 24:00",
        "2026-11-22 08:60",
        "2026-11-22T08:30+99:99",
        "2026-11-22 08",
        "2026-11-22 and more",
        "0000-01-01",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:00Z",
    ],
)
def test_what_is_no_date_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="wanted is a date like 2026-11-22"):
        parse_date(text, BERLIN)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60) | st.text("0123456789-/.: TZ+JanuaryPM,()", max_size=40))
def test_any_text_is_a_date_or_refused_with_advice(text: str) -> None:
    found: datetime | None = None
    complaint = ""
    try:
        found = parse_date(text, BERLIN)
    except ValueError as error:
        complaint = str(error)
    assert found.tzinfo is UTC if found else "wanted is a date like" in complaint

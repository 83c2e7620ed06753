"""RFC 9110, 14."""

import pytest

from tests.web.asking import SOUND, Served
from tests.web.conformance.rules import once


def test_a_sound_can_be_heard_from_the_middle(web: Served) -> None:
    size = len(SOUND)
    assert web.get("/bell.mp3").headers["Accept-Ranges"] == "bytes"
    for asked, first, last in (
        ("100-199", 100, 199),
        ("0-0", 0, 0),
        ("-5", size - 5, size - 1),
        (f"-{size * 2}", 0, size - 1),
        ("500-", 500, size - 1),
        (f"10-{size * 2}", 10, size - 1),
    ):
        part = web.get("/bell.mp3", Range=f"bytes={asked}", Accept_Encoding="gzip")
        assert (part.status, part.body) == (206, SOUND[first : last + 1])
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.headers["Content-Length"] == str(last - first + 1)
        assert part.headers["Content-Type"] == "audio/mpeg"
        for name in ("ETag", "Last-Modified", "Cache-Control"):
            assert once(part, name) == once(web.get("/bell.mp3"), name)


def test_several_parts_come_together_or_as_the_whole(web: Served) -> None:
    answer = web.get("/bell.mp3", Range="bytes=0-9,20-29")
    if answer.status == 206:
        assert answer.headers.get_content_type() == "multipart/byteranges"
        assert SOUND[:10] in answer.body
        assert SOUND[20:30] in answer.body
    else:
        assert (answer.status, answer.body) == (200, SOUND)


def test_what_is_behind_the_end_is_not_there(web: Served) -> None:
    answer = web.get("/bell.mp3", Range=f"bytes={len(SOUND)}-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(SOUND)}")


@pytest.mark.parametrize("odd", ["seconds=1-2", "bytes=9-3"])
def test_what_is_no_range_is_passed_over_or_refused(web: Served, odd: str) -> None:
    answer = web.get("/bell.mp3", Range=odd)
    assert answer.status == 416 or (answer.status, answer.body) == (200, SOUND)


def test_a_part_of_another_version_is_not_sent(web: Served) -> None:
    known = web.get("/bell.mp3")
    for same in (known.headers["ETag"], known.headers["Last-Modified"]):
        assert web.get("/bell.mp3", Range="bytes=0-9", If_Range=same).body == SOUND[:10]
    for other in ('"other"', f"W/{known.headers['ETag']}", "Sat, 01 Jan 2000 00:00:00 GMT"):
        answer = web.get("/bell.mp3", Range="bytes=0-9", If_Range=other)
        assert (answer.status, answer.body) == (200, SOUND)


def test_a_player_that_has_the_sound_gets_no_part_of_it(web: Served) -> None:
    tag = web.get("/bell.mp3").headers["ETag"]
    assert web.get("/bell.mp3", Range="bytes=0-9", If_None_Match=tag).status == 304

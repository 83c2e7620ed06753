"""RFC 9110: 8.8 validators, 13.1 preconditions, 15.4.5 what a 304 carries."""

import os
import re
from datetime import timedelta
from email.utils import format_datetime, formatdate, parsedate_to_datetime

import pytest

from tests.web.asking import BUILT_AT, Served
from tests.web.conformance.rules import FILES, TEXTS, once


def test_every_file_has_a_strong_etag_and_a_date_that_is_its_own(web: Served) -> None:
    etags = set()
    for path in FILES:
        answer = web.get(path)
        assert re.fullmatch(r'"[!#-~]+"', answer.headers["ETag"])
        assert answer.headers.get_all("Last-Modified") == [formatdate(int(BUILT_AT), usegmt=True)]
        etags.add(answer.headers["ETag"])
    assert len(etags) >= len(FILES) - 1, "files differ"


def test_another_version_of_the_same_second_and_size_is_another(web: Served) -> None:
    path = web.ground.output / "gauge.txt"
    try:
        for height, at in (("12", BUILT_AT), ("13", BUILT_AT + 0.1)):
            new = path.with_name(".new-gauge.txt")
            new.write_text(f"The gauge stood at {height} feet.\n")
            os.utime(new, (at, at))
            new.replace(path)
            if height == "12":
                old = web.get("/gauge.txt")
        for known in ({"If_None_Match": old.headers["ETag"]}, {"If_Modified_Since": old.headers["Last-Modified"]}):
            answer = web.get("/gauge.txt", **known)
            assert (answer.status, answer.body) == (200, b"The gauge stood at 13 feet.\n")
    finally:
        path.unlink()


def test_each_encoding_has_an_etag_of_its_own(web: Served) -> None:
    for path in TEXTS:
        plain, packed = web.get(path), web.get(path, Accept_Encoding="gzip")
        assert re.fullmatch(r'"[!#-~]+"', packed.headers["ETag"])
        assert plain.headers["ETag"] != packed.headers["ETag"]
        assert web.get(path, Accept_Encoding="gzip", If_None_Match=plain.headers["ETag"]).status == 200
        assert web.get(path, If_None_Match=packed.headers["ETag"]).status == 200


@pytest.mark.parametrize("form", ["{0}", '"other", {0}', '{0},"other"', "W/{0}", 'W/"a", W/{0}', "*", ' "a,b" , {0} '])
def test_a_reader_that_has_these_bytes_gets_304(web: Served, form: str) -> None:
    for path in FILES:
        for encoding in ("identity", "gzip"):
            tag = web.get(path, Accept_Encoding=encoding).headers["ETag"]
            answer = web.get(path, Accept_Encoding=encoding, If_None_Match=form.format(tag))
            assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("form", ['"other"', 'W/"other"', "{1}", '"*"', '"{1}x"'])
def test_a_reader_that_has_others_gets_the_file(web: Served, form: str) -> None:
    for path in FILES:
        tag = web.get(path).headers["ETag"]
        assert web.get(path, If_None_Match=form.format(tag, tag.strip('"'))).status == 200


def test_a_date_alone_is_enough(web: Served) -> None:
    for path in FILES:
        date = web.get(path).headers["Last-Modified"]
        at = parsedate_to_datetime(date)
        later, earlier = (format_datetime(at + timedelta(seconds=s), usegmt=True) for s in (3600, -1))
        assert web.get(path, If_Modified_Since=date).status == 304
        assert web.get(path, If_Modified_Since=later).status == 304
        assert web.get(path, If_Modified_Since=earlier).status == 200


def test_another_etag_wins_over_the_right_date(web: Served) -> None:
    for path in FILES:
        date = web.get(path).headers["Last-Modified"]
        assert web.get(path, If_None_Match='"other"', If_Modified_Since=date).status == 200


def test_an_etag_wins_over_a_date(web: Served) -> None:
    for path in FILES:
        tag = web.get(path).headers["ETag"]
        assert web.get(path, If_None_Match=tag, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status == 304


@pytest.mark.parametrize("date", ["yesterday", "Sun, 99 Nov 2026 07:00:00 GMT"])
def test_a_date_that_is_none_is_passed_over(web: Served, date: str) -> None:
    assert web.get("/rss.xml", If_Modified_Since=date).status == 200


def test_a_304_says_what_a_cache_must_know(web: Served) -> None:
    for path in FILES:
        for encoding in ("identity", "gzip"):
            known = web.get(path, Accept_Encoding=encoding)
            for condition in (
                {"If_None_Match": known.headers["ETag"]},
                {"If_Modified_Since": known.headers["Last-Modified"]},
            ):
                answer = web.get(path, Accept_Encoding=encoding, **condition)
                assert answer.status == 304
                for name in ("ETag", "Last-Modified", "Cache-Control", "Vary"):
                    assert once(answer, name) == once(known, name), name


def test_a_304_has_no_body_and_says_nothing_of_one(web: Served) -> None:
    for path in FILES:
        known = web.get(path)
        for method in ("GET", "HEAD"):
            answer = web.ask(method, path, If_None_Match=known.headers["ETag"])
            assert (answer.status, answer.body) == (304, b"")
            for name in ("Content-Type", "Content-Length", "Content-Encoding"):
                assert answer.headers[name] is None


def test_nobody_gets_304_who_did_not_ask(web: Served) -> None:
    for path in FILES:
        known = web.get(path)
        web.get(path, If_None_Match=known.headers["ETag"])
        assert [web.get(path).status for _ in range(2)] == [200, 200]


def test_304_is_for_get_and_head_alone(web: Served) -> None:
    tag = web.get("/rss.xml").headers["ETag"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert web.ask(method, "/rss.xml", If_None_Match=tag).status in (403, 405)

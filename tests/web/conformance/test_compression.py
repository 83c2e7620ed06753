"""RFC 9110, 12.5.3."""

from gzip import decompress

import pytest

from tests.web.asking import Served
from tests.web.conformance.rules import TEXTS, once


@pytest.mark.parametrize(
    "wish", ["gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "gzip;q=1.0, identity; q=0.5", "br, gzip, deflate"]
)
def test_texts_are_compressed_for_who_wants_it(web: Served, wish: str) -> None:
    for path in TEXTS:
        plain, packed = web.get(path), web.get(path, Accept_Encoding=wish)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.body) < len(plain.body)
        assert decompress(packed.body) == plain.body
        assert packed.headers["Content-Type"] == plain.headers["Content-Type"]
        assert packed.headers["Last-Modified"] == plain.headers["Last-Modified"]


def test_a_compressed_text_says_its_length(web: Served) -> None:
    for path in TEXTS:
        packed = web.get(path, Accept_Encoding="gzip")
        assert packed.headers.get_all("Content-Length") == [str(len(packed.body))]


def test_whatever_encoding_is_gzip_too(web: Served) -> None:
    assert web.get("/rss.xml", Accept_Encoding="*").headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "wish", ["", "identity", "gzip;q=0", "gzip; q=0.0", "deflate", "*;q=0, identity", "gzip;q=0, *", "gzipped"]
)
def test_nobody_gets_gzip_who_does_not_want_it(web: Served, wish: str) -> None:
    for path in TEXTS:
        assert web.get(path, Accept_Encoding=wish).headers["Content-Encoding"] is None


def test_whatever_may_be_compressed_says_that_it_varies(web: Served) -> None:
    for path in TEXTS:
        for wish in ("identity", "gzip", "*"):
            for condition in ({}, {"If_None_Match": "*"}):
                assert once(web.get(path, Accept_Encoding=wish, **condition), "Vary") == "Accept-Encoding"


def test_sounds_and_short_texts_are_sent_as_they_are(web: Served) -> None:
    for path in ("/bell.mp3", "/short.txt", "/odd.xyz"):
        assert web.get(path, Accept_Encoding="gzip").headers["Content-Encoding"] is None

"""Addresses: one spelling of each, and a reason in words for what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.address import address_key, ascii_address, normalise
from publisher.core.errors import AddressError


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  ada@example.org\n", "ada@example.org"),
        ("Ada.Brewer+x@EXAMPLE.ORG", "Ada.Brewer+x@example.org"),
        ("ada@bücher.example", "ada@bücher.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ado\u0308@example.org", "adö@example.org"),
        ("ada@sub.example.test", "ada@sub.example.test"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    assert normalise(typed) == kept
    assert normalise(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@localhost",
        "ada@@example.org",
        "a b@example.org",
        "ada@exa mple.org",
        "ada..b@example.org",
        "ada@example.org, bob@example.org",
        "Ada <ada@example.org>",
        "ada@example.org\r\nBcc: bob@example.org",
        "ada\x00@example.org",
        '"a b"@example.org',
        "ada@[127.0.0.1]",
        "ada@" + "a" * 64 + ".org",
        "ada@-example.org",
        "ada@example.org>",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(AddressError) as caught:
        normalise(typed)
    assert len(str(caught.value)) > 10


def test_localhost_is_an_address_where_that_is_allowed() -> None:
    assert normalise("me@localhost", is_local_allowed=True) == "me@localhost"
    for typed in ("a b@localhost", "@localhost", "a@b@localhost", "a@localhost.", "a\n@localhost"):
        with pytest.raises(AddressError):
            normalise(typed, is_local_allowed=True)


def test_letter_case_makes_no_second_reader() -> None:
    assert address_key("Ada@Example.org") == address_key("ada@example.org")
    assert address_key("ada@example.org") != address_key("ida@example.org")


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=40) | st.from_regex(r"[^@]{1,20}@[^@]{1,20}\.[a-z]{2,5}", fullmatch=True) | st.emails())
def test_whatever_is_typed_is_refused_or_can_stand_in_a_header(typed: str) -> None:
    try:
        kept = normalise(typed)
    except AddressError:
        return
    assert normalise(kept) == kept
    assert address_key(kept)
    written = ascii_address(kept)
    assert written.isprintable()
    assert written.count("@") == 1
    assert written.rpartition("@")[2].isascii()

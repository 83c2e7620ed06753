"""Proof in links: nobody else can make it, it says what it was made for, and it ends when it should."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.errors import TokenError
from publisher.core.token import TOKEN_LENGTH, Keys, fixed_token, mac, read_fixed_token, read_signed, sign

NEW, OLD = "n" * 32, "o" * 32
KEYS = Keys(keys=(NEW,))
NOW = datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)
WEEK = timedelta(days=7)
NAME = "00c0ffee00c0ffee"
quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def test_a_fixed_token_says_its_name_again() -> None:
    token = fixed_token(KEYS, "leave", NAME)
    assert len(token) == TOKEN_LENGTH
    assert set(token) <= set("0123456789abcdef")
    assert read_fixed_token(KEYS, "leave", token) == NAME
    assert fixed_token(KEYS, "leave", NAME) == token


def test_a_mail_program_may_fold_its_case() -> None:
    token = fixed_token(KEYS, "leave", NAME)
    assert read_fixed_token(KEYS, "leave", token.upper()) == NAME
    assert read_fixed_token(KEYS, "leave", token[:20].upper() + token[20:]) == NAME


@pytest.mark.parametrize("place", range(TOKEN_LENGTH))
def test_one_wrong_digit_anywhere_is_a_forgery(place: int) -> None:
    token = fixed_token(KEYS, "leave", NAME)
    other = "1" if token[place] == "0" else "0"
    with pytest.raises(TokenError) as caught:
        read_fixed_token(KEYS, "leave", token[:place] + other + token[place + 1 :])
    assert not caught.value.is_expired


def test_a_token_for_one_purpose_is_no_good_for_another() -> None:
    with pytest.raises(TokenError):
        read_fixed_token(KEYS, "bounce", fixed_token(KEYS, "leave", NAME))
    with pytest.raises(TokenError):
        read_signed(KEYS, "form", sign(KEYS, "confirm", NAME, NOW), NOW, WEEK)


def test_old_keys_are_believed_and_lost_ones_are_not() -> None:
    before = Keys(keys=(OLD,))
    fixed, signed = fixed_token(before, "leave", NAME), sign(before, "confirm", NAME, NOW)
    after = Keys(keys=(NEW, "x" * 32, OLD))
    assert read_fixed_token(after, "leave", fixed) == NAME
    assert read_signed(after, "confirm", signed, NOW, WEEK) == NAME
    assert fixed_token(after, "leave", NAME) == fixed_token(KEYS, "leave", NAME)
    assert sign(after, "confirm", NAME, NOW) == sign(KEYS, "confirm", NAME, NOW)
    with pytest.raises(TokenError):
        read_fixed_token(KEYS, "leave", fixed)
    with pytest.raises(TokenError) as caught:
        read_signed(KEYS, "confirm", signed, NOW, WEEK)
    assert not caught.value.is_expired


@pytest.mark.parametrize(
    ("age", "is_good"),
    [
        (timedelta(0), True),
        (timedelta(days=6, hours=23), True),
        (WEEK, True),
        (WEEK + timedelta(seconds=1), False),
        (timedelta(days=400), False),
        (-timedelta(seconds=1), False),
    ],
)
def test_a_signed_token_ends_after_its_time(age: timedelta, is_good: bool) -> None:
    token = sign(KEYS, "confirm", "ada@example.org", NOW)
    if is_good:
        assert read_signed(KEYS, "confirm", token, NOW + age, WEEK) == "ada@example.org"
    else:
        with pytest.raises(TokenError) as caught:
            read_signed(KEYS, "confirm", token, NOW + age, WEEK)
        assert caught.value.is_expired


def test_a_forged_token_that_is_old_is_forged_not_expired() -> None:
    token = sign(Keys(keys=(OLD,)), "confirm", NAME, NOW)
    with pytest.raises(TokenError) as caught:
        read_signed(KEYS, "confirm", token, NOW + timedelta(days=400), WEEK)
    assert not caught.value.is_expired


@quick
@given(st.text(max_size=40))
def test_any_text_can_be_signed_and_no_text_passes_for_a_token(text: str) -> None:
    token = sign(KEYS, "confirm", text, NOW)
    assert read_signed(KEYS, "confirm", token, NOW, WEEK) == text
    assert token.isascii()
    assert not set(token) & set("/?#&%+ ")
    with pytest.raises(TokenError):
        read_signed(KEYS, "confirm", text, NOW, WEEK)
    with pytest.raises(TokenError):
        read_fixed_token(KEYS, "leave", text)


@quick
@given(st.text(alphabet="0123456789abcdefABCDEF٣é\n", min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH))
def test_no_guess_of_the_right_length_passes(text: str) -> None:
    with pytest.raises(TokenError):
        read_fixed_token(KEYS, "leave", text)


@quick
@given(st.text(max_size=80), st.integers(0, 200), st.sampled_from("aA0-_.=\x00é"))
def test_a_changed_signed_token_is_refused(value: str, place: int, sign_put: str) -> None:
    token = sign(KEYS, "confirm", value, NOW)
    place %= len(token)
    changed = token[:place] + sign_put + token[place + 1 :]
    if changed == token or place == len(token) - 1:  # the last digit holds bits that base64 leaves out
        return
    with pytest.raises(TokenError):
        read_signed(KEYS, "confirm", changed, NOW, WEEK)


def test_a_mac_depends_on_key_purpose_and_text() -> None:
    found = {mac(keys, purpose, text) for keys in (KEYS, Keys(keys=(OLD,))) for purpose in "ab" for text in "cd"}
    assert len(found) == 8
    assert mac(KEYS, "a\0b", "c") != mac(KEYS, "a", "bc")


def test_keys_never_show_themselves() -> None:
    assert NEW not in f"{KEYS!r} {KEYS}"

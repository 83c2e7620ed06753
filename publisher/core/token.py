"""Signed proof: in confirm links and cookies for a week, in leave links for ever.

Confirm links and cookies are signed by itsdangerous, with the time inside. What stands in a letter's own links and return
path is of fixed length, so that a letter can be made once and the token put in for each person: 16 hex digits that name the
subscriber or the letter, 16 that prove it (64 bits of HMAC-SHA-256, RFC 2104).
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner

from publisher.core.errors import TokenError

CONFIRM_DAYS = 7
TOKEN_LENGTH = 32
_HALF = TOKEN_LENGTH // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secret keys, the one that signs first; older ones are only believed."""

    keys: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Keys({len(self.keys)})"


def mac(keys: Keys, purpose: str, text: str) -> str:
    """64 hex digits that only the holder of the key can make."""
    return _mac(keys.keys[0], purpose, text)


def fixed_token(keys: Keys, purpose: str, name: str) -> str:
    """32 lower-case hex digits for a name of 16, for ever good."""
    return name + mac(keys, purpose, name)[:_HALF]


def read_fixed_token(keys: Keys, purpose: str, token: str) -> str:
    """The name in a fixed token; raises TokenError for a forged one. Upper case is read too: mail folds case."""
    name, proof = token[:_HALF].lower(), token[_HALF:].lower()
    if len(token) == TOKEN_LENGTH and token.isascii():
        for key in keys.keys:
            if hmac.compare_digest(_mac(key, purpose, name)[:_HALF], proof):
                return name
    raise TokenError("this link is not one of ours")


def sign(keys: Keys, purpose: str, value: str, now: datetime) -> str:
    """A token that holds `value` and the time, for a link or a cookie."""
    return str(_serializer(keys, purpose, now).dumps(value))


def read_signed(keys: Keys, purpose: str, token: str, now: datetime, max_age: timedelta) -> str:
    """The value in a signed token; raises TokenError for a forged or expired one."""
    try:
        value = _serializer(keys, purpose, now).loads(token, max_age=int(max_age.total_seconds()))
    except SignatureExpired as error:
        raise TokenError("this link has expired", is_expired=True) from error
    except BadData as error:
        raise TokenError("this link is not one of ours") from error
    if not isinstance(value, str):
        raise TokenError("this link is not one of ours")
    return value


def _mac(key: str, purpose: str, text: str) -> str:
    return hmac.digest(key.encode(), f"{purpose}\0{text}".encode(), "sha256").hex()


def _serializer(keys: Keys, purpose: str, now: datetime) -> URLSafeTimedSerializer:
    """itsdangerous asks the system's clock; ours is handed in."""

    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(now.timestamp())

        def timestamp_to_datetime(self, ts: int) -> datetime:
            return datetime.fromtimestamp(ts, tz=UTC)

    return URLSafeTimedSerializer(list(reversed(keys.keys)), salt=f"publisher.{purpose}", signer=Signer)

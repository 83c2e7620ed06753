"""Letters with signatures, their keys, and the golden one. After a change that is meant to show, write it anew and read the
difference:

python -m tests.core.signed_letters && git diff tests/core/golden
"""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from publisher.core.dkim import DkimKey, parse_key, record, record_name
from publisher.core.letter import Draft, Mould, Sender
from publisher.core.token import Keys

GOLDEN = Path(__file__).parent / "golden" / "signed.eml"

RSA_PEM = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----
"""
"""The example key of RFC 8463, A.2: secret to nobody."""
ED25519_PEM = Ed25519PrivateKey.from_private_bytes(
    b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
"""The one of RFC 8463, A.1."""
RSA, ED25519 = parse_key(RSA_PEM, "test"), parse_key(ED25519_PEM, "brisbane")

SENDER = Sender(
    name="Tea & Sympathy",
    address="digest@example.org",
    reply_to=("Ada", "ada@example.org"),
    bounce_domain="mail.example.org",
    host="example.org",
    service_url="https://example.org/blog",
    archive_url="https://example.org/blog/archive/",
    keys=Keys(keys=("k" * 32,)),
    dkim_keys=(RSA, ED25519),
)
DRAFT = Draft(
    subject="Grüße",
    html=f'<p>Grüße, 日本 👩‍👩‍👧</p>\n<p><a href="{SENDER.slot_url()}">leave</a></p>\n',
    text=f"Grüße.\n\n.\n..and more\n\nUnsubscribe:\n{SENDER.slot_url()}\n-- \nTea  \n",
    at=datetime(2025, 11, 22, 8, 0, tzinfo=UTC),
    feedback_id="7:digest:publisher:example.org",
    is_bulk=True,
)


def letter(sender: Sender = SENDER, draft: Draft = DRAFT, to: str = "bob@example.com") -> bytes:
    """One letter as it leaves."""
    filled = Mould(sender, draft).fill(to=to, handle="00c0ffee00c0ffee", delivery_key="digest:1:7", delivery_id=7)
    return filled.message


def signed_by(*keys: DkimKey) -> Sender:
    return replace(SENDER, dkim_keys=keys)


def records(sender: Sender) -> dict[str, str]:
    """What its owner has published in the DNS."""
    return {record_name(key, sender.from_domain): record(key) for key in sender.dkim_keys}


def believed(letter: bytes, sender: Sender) -> dict[str, bool]:
    """Of each signature, whether dkimpy believes it."""
    known = {f"{name}.".encode(): text.encode() for name, text in records(sender).items()}
    found: dict[str, bool] = {}
    for index in range(len(re.findall(rb"(?m)^DKIM-Signature:", letter))):
        judge = dkim.DKIM(letter)
        try:
            is_good = bool(judge.verify(idx=index, dnsfunc=lambda name, timeout=0: known[name]))
        except dkim.ValidationError:
            is_good = False
        found[judge.signature_fields[b"s"].decode()] = is_good
    return found


if __name__ == "__main__":
    GOLDEN.write_bytes(letter())

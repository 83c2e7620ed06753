"""DKIM: proof that a letter comes from the domain in its From line (RFC 6376; ed25519 by RFC 8463).

What all letters of a mould have in common is canonicalised and hashed once; a letter costs the hash of its own bytes and one
signature a key. Headers are `relaxed`, since servers on the way may fold them anew. The body is `simple`, as it is: no line
of quoted-printable ends with a space, and a multipart body with one line end, so there is nothing that a server would tidy up.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from textwrap import wrap
from typing import Literal

_LEAST_BITS = 1024
"""RFC 8301, 3.2: nobody believes a shorter RSA key. 2048 are wanted."""
_LINE_LENGTH = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A private key, and the selector under which the world finds its public half."""

    selector: str
    kind: Literal["rsa", "ed25519"]
    size_bits: int
    public: bytes
    """As the record has it: of RSA a SubjectPublicKeyInfo, of ed25519 the 32 bytes alone (RFC 8463, 4.2)."""
    sign: Callable[[bytes], bytes] = field(repr=False)
    """The signature of a SHA-256 digest; for the same digest the same."""


def parse_key(pem: bytes, selector: str) -> DkimKey:
    """A private key as openssl writes it. Raises ValueError with what is wanted.

    The library that knows all kinds of keys is slow to import, so that is left until there is one.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ValueError(
            "it is locked with a password, wanted is a key without: openssl pkey -in THIS -out NEW"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        what = "the public half of a key" if b" PUBLIC KEY-----" in pem else "no private key in PEM"
        raise ValueError(f"it is {what}, wanted is what this makes: openssl genrsa -out NEW 2048") from error
    public = private.public_key()
    if isinstance(private, RSAPrivateKey):
        if private.key_size < _LEAST_BITS:
            raise ValueError(f"nobody believes {private.key_size} bits, wanted are 2048: openssl genrsa -out NEW 2048")
        padding, digest = PKCS1v15(), Prehashed(SHA256())
        return DkimKey(
            selector=selector,
            kind="rsa",
            size_bits=private.key_size,
            public=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            sign=lambda hashed: private.sign(hashed, padding, digest),
        )
    if isinstance(private, Ed25519PrivateKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return DkimKey(selector=selector, kind="ed25519", size_bits=256, public=raw, sign=private.sign)
    raise ValueError("it is a key for something else, wanted is one for RSA: openssl genrsa -out NEW 2048")


def record_name(key: DkimKey, domain: str) -> str:
    """Where in the DNS the TXT record of this key stands, for letters from `domain`."""
    return f"{key.selector}._domainkey.{domain}"


def record(key: DkimKey) -> str:
    """The text of that record, by which the world checks what the key has signed (RFC 6376, 3.6.1)."""
    return f"v=DKIM1; k={key.kind}; p={b64encode(key.public).decode()}"


class Signer:
    """Signs the letters of one mould."""

    def __init__(
        self, keys: Sequence[DkimKey], *, domain: str, at: datetime, head: bytes, own: Sequence[str], body: bytes
    ) -> None:
        """`head` and `body` are what all letters have: header lines, and how the body begins. `own` names the header lines
        that each has for itself.

        All of them are signed. From is named once more than it stands there: nobody can add a second one (RFC 6376, 8.15).
        """
        names = [line.partition(b":")[0].decode() for line in _lines(head)]
        tags = f"d={domain}; t={int(at.timestamp())}; h={': '.join([*names, *own, 'From'])};"
        self._head, self._body = _relaxed(head), sha256(body)
        self._keys = [(key.sign, _begun(key, tags)) for key in keys]

    def sign(self, own: bytes, body: bytes) -> bytes:
        """The header lines to put before one letter; `own` are those of its own, `body` is the rest of its body."""
        if not self._keys:
            return b""
        whole = self._body.copy()
        whole.update(body)
        end = b"\r\n bh=" + b64encode(whole.digest()) + b";\r\n b="
        head = self._head + _relaxed(own)
        return b"".join(_signed(head, begun + end, sign) for sign, begun in self._keys)


def _begun(key: DkimKey, tags: str) -> bytes:
    """The line of a signature as far as it is the same in all letters."""
    line = f"DKIM-Signature: v=1; a={key.kind}-sha256; c=relaxed/simple; s={key.selector}; {tags}"
    lines = wrap(line, _LINE_LENGTH, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False)
    return "\r\n".join(lines).encode()


def _signed(head: bytes, line: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The whole line of a signature. It is signed too, with its last tag still empty (RFC 6376, 3.7)."""
    signature = b64encode(sign(sha256(head + _relaxed(line).removesuffix(b"\r\n")).digest()))
    pieces = [signature[start : start + 72] for start in range(0, len(signature), 72)]
    return line + b"\r\n ".join(pieces) + b"\r\n"


def _lines(head: bytes) -> list[bytes]:
    """Each header line, with what it was folded into."""
    return re.split(rb"\r\n(?! )", head.removesuffix(b"\r\n"))


def _relaxed(head: bytes) -> bytes:
    """RFC 6376, 3.4.2: names in lower case, one space for each fold and run of spaces, none at either end of a value."""
    lines = (line.partition(b":") for line in _lines(head))
    return b"".join(b"%s:%s\r\n" % (name.lower(), b" ".join(value.split())) for name, _, value in lines)

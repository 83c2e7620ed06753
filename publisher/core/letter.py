"""Mail for one person, made once for all: a mould that is cast for each edition, and filled for each reader.

The finished bytes of a letter are the same for all readers but for three header lines and the token in their links. So the
message is built once, with a slot of the token's own length, and per person only those bytes are put in. What is put in goes
round the guards of `EmailMessage`, so every such value is checked here.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from hashlib import sha256
from urllib.parse import quote

from publisher.core.address import ascii_address
from publisher.core.dkim import DkimKey, Signer
from publisher.core.errors import AddressError, HeaderError
from publisher.core.model import Envelope
from publisher.core.token import TOKEN_LENGTH, Keys, fixed_token, mac

SLOT = "5l0t" * (TOKEN_LENGTH // 4)
"""Stands in an edition where the reader's token goes."""
_SLOT_IN_BODY = re.compile(b"(?:=\r\n)?".join(bytes([c]) for c in SLOT.encode()))
"""The encoder of the body may end a line, with `=`, anywhere inside it (RFC 2045, 6.7)."""
_POLICY = SMTP.clone(max_line_length=74)
"""A line of quoted-printable text may have 76 (RFC 2045, 6.7): the rest is for a dot in front, which becomes `=2E`."""
_HEAD_POLICY = SMTP.clone(max_line_length=None)
"""Our header lines are short; a long one folded would be taken for words, and encoded, and so an address spoilt."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_LENGTH = 900
"""RFC 5322, 2.1.1: a line has 998 bytes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """In whose name letters leave."""

    name: str
    address: str
    reply_to: tuple[str, str] | None
    bounce_domain: str | None
    """A domain whose bounces+...@ and unsubscribe+...@ reach us; None: both go to `address`."""
    host: str
    """The publication's own host name, for List-Id."""
    service_url: str
    archive_url: str
    keys: Keys
    dkim_keys: tuple[DkimKey, ...] = ()
    """Each signs every letter."""

    @property
    def from_domain(self) -> str:
        """What DKIM signs for: only then does it speak for the From line (RFC 7489, 3.1.1)."""
        return ascii_address(self.address).rpartition("@")[2]

    @property
    def domain(self) -> str:
        return self.bounce_domain or self.from_domain

    def leave_url(self, handle: str) -> str:
        return f"{self.service_url}/u/{fixed_token(self.keys, 'leave', handle)}"

    def slot_url(self) -> str:
        """What stands in an edition for the reader's own address on our site."""
        return f"{self.service_url}/u/{SLOT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The content of a letter, rendered, before it has readers."""

    subject: str
    html: str
    text: str
    at: datetime
    feedback_id: str
    """RFC-less, read by Gmail: names the stream, never the person."""
    is_bulk: bool
    """Goes to all subscribers: has the headers of a list and the way out of it."""


class Mould:
    """One letter, ready for any number of readers."""

    def __init__(self, sender: Sender, draft: Draft) -> None:
        self._sender = sender
        self._own = ("To", "Message-ID", "List-Unsubscribe") if draft.is_bulk else ("To", "Message-ID")
        head, body = _head_and_body(sender, draft)
        start = _SLOT_IN_BODY.split(body, maxsplit=1)[0]
        self._common, self._pieces = head + b"\r\n" + start, _pieces(body[len(start) :])
        self._signer = Signer(
            sender.dkim_keys, domain=sender.from_domain, at=draft.at, head=head, own=self._own, body=start
        )

    def fill(self, *, to: str, handle: str, delivery_key: str, delivery_id: int) -> Envelope:
        """The letter for one reader. Raises AddressError where no mail can be written to this address."""
        sender, address = self._sender, ascii_address(to)
        token = fixed_token(sender.keys, "leave", handle)
        values = {
            "To": address,
            "Message-ID": f"<{mac(sender.keys, 'message', delivery_key)[:32]}@{sender.domain}>",
            "List-Unsubscribe": f"<{sender.service_url}/u/{token}>,\r\n <{_leave_by_mail(sender, token)}>",
        }
        own = "".join(f"{name}: {_checked(name, values[name])}\r\n" for name in self._own).encode()
        rest = b"".join(token[piece].encode() if isinstance(piece, slice) else piece for piece in self._pieces)
        message = self._signer.sign(own, rest) + own + self._common + rest
        return Envelope(mail_from=_return_path(sender, delivery_id), rcpt_to=address, message=message, has_dots=False)


def _head_and_body(sender: Sender, draft: Draft) -> tuple[bytes, bytes]:
    """The header lines that all have, and the body. No line begins with a dot: SMTP would double it, in each letter anew
    (RFC 5321, 4.5.2)."""
    plain = _plain_lines(sender, draft).encode()
    head, _, body = _message(sender, draft).as_bytes(policy=_HEAD_POLICY).partition(b"\r\n\r\n")
    return plain + head + b"\r\n", re.sub(rb"(?m)^\.", b"=2E", body)


def _message(sender: Sender, draft: Draft) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["Date"] = format_datetime(draft.at)
    if draft.is_bulk:
        message["List-Id"] = f"<digest.{_checked('List-Id', sender.host)}>"
        message["List-Archive"] = f"<{_checked('List-Archive', sender.archive_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Precedence"] = "bulk"
    message["Auto-Submitted"] = "auto-generated"
    message["Feedback-ID"] = _checked("Feedback-ID", draft.feedback_id)
    message.set_content(draft.text, cte="quoted-printable")
    message.add_alternative(draft.html, subtype="html", cte="quoted-printable")
    for part in message.iter_parts():
        del part["MIME-Version"]  # belongs to the whole message alone (RFC 2045, 4)
    message.set_boundary("=_" + sha256(f"{draft.feedback_id}\0{draft.subject}".encode()).hexdigest()[:32])
    return message


def _plain_lines(sender: Sender, draft: Draft) -> str:
    """The lines that EmailMessage can't be trusted with: where it folds, it loses spaces, and the quotes round a comma."""
    lines = [_mailbox("From", sender.name, sender.address)]
    if sender.reply_to:
        lines.append(_mailbox("Reply-To", *sender.reply_to))
    lines.append(f"Subject: {_words('Subject', draft.subject, 78)}")
    return "".join(f"{line}\r\n" for line in lines)


def _mailbox(name: str, display: str, address: str) -> str:
    address = ascii_address(address)
    if not address.isascii():
        raise AddressError(
            f"{address!r} can't be a sender: not every mail server takes letters beyond ASCII before the @"
        )
    if not display:
        return f"{name}: {address}"
    words = _words(name, display, _LINE_LENGTH)
    quoted = formataddr((display, address)).removesuffix(f" <{address}>") if words == display else words
    fold = " " if len(f"{name}: {quoted} <{address}>") <= 78 else "\r\n "
    return f"{name}: {quoted}{fold}<{address}>"


def _words(name: str, text: str, length: int) -> str:
    """Text for a header: as it is if it is short and plain, else in encoded words (RFC 2047), folded."""
    _checked(name, text)
    if text.isascii() and "=?" not in text and text == text.strip() and len(f"{name}: {text}") <= length:
        return text
    return Header(text, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")


def _checked(name: str, value: str) -> str:
    """Refuse what would end a header early; a folded line of our own may stand."""
    if _CONTROL.search(value.replace("\r\n <", "")):
        raise HeaderError(name, value)
    return value


def _pieces(body: bytes) -> tuple[bytes | slice, ...]:
    """The body, cut where the token goes: bytes as they stand, and slices of the token between them."""
    pieces: list[bytes | slice] = []
    end = 0
    for found in _SLOT_IN_BODY.finditer(body):
        pieces.append(body[end : found.start()])
        used = 0
        for part in re.split(b"(=\r\n)", found[0]):
            if part == b"=\r\n":
                pieces.append(part)
            else:
                pieces.append(slice(used, used + len(part)))
                used += len(part)
        end = found.end()
    return (*pieces, body[end:])


def _leave_by_mail(sender: Sender, token: str) -> str:
    """RFC 2369, 3.2, for those whose program knows no one-click."""
    if sender.bounce_domain:
        return f"mailto:unsubscribe+{token}@{sender.bounce_domain}"
    to = sender.reply_to[1] if sender.reply_to else sender.address
    return f"mailto:{quote(ascii_address(to), safe='@')}?subject=unsubscribe%20{token}"


def _return_path(sender: Sender, delivery_id: int) -> str:
    if not sender.bounce_domain:
        return ascii_address(sender.address)
    return f"bounces+{fixed_token(sender.keys, 'bounce', f'{delivery_id:016x}')}@{sender.bounce_domain}"

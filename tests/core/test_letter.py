"""A letter, byte for byte: its headers, its two parts, the reader's own token in it, and nothing that anybody smuggles in."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.core.address import ascii_address
from publisher.core.errors import AddressError, HeaderError
from publisher.core.letter import SLOT, Draft, Mould, Sender
from publisher.core.model import Envelope
from publisher.core.token import TOKEN_LENGTH, Keys, fixed_token, read_fixed_token

KEYS = Keys(keys=("k" * 32,))
HANDLE = "00c0ffee00c0ffee"
TOKEN = fixed_token(KEYS, "leave", HANDLE)
SENDER = Sender(
    name="Tea & Sympathy",
    address="digest@example.org",
    reply_to=("Ada", "ada@example.org"),
    bounce_domain="mail.example.org",
    host="example.org",
    service_url="https://example.org/blog",
    archive_url="https://example.org/blog/archive/",
    keys=KEYS,
)
DRAFT = Draft(
    subject="Tea",
    html=f'<p>Grüße, 日本 👩‍👩‍👧</p><a href="{SENDER.slot_url()}">leave</a>' + "<p>" + "x" * 2000 + "</p>",
    text=f"Grüße.\n.\nFrom here:\n{SENDER.slot_url()}\n" + "long " * 500,
    at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
    feedback_id="digest:7:example.org",
    is_bulk=True,
)
ALWAYS = [
    *("To", "Message-ID", "From", "Reply-To", "Subject", "Date", "Auto-Submitted", "Feedback-ID"),
    *("MIME-Version", "Content-Type"),
]
BULK = ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "List-Archive", "Precedence"]
quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def fill(sender: Sender = SENDER, draft: Draft = DRAFT, *, to: str = "bob@example.com", number: int = 7) -> Envelope:
    return Mould(sender, draft).fill(to=to, handle=HANDLE, delivery_key=f"digest:1:{number}", delivery_id=number)


def parsed(envelope: Envelope) -> EmailMessage:
    message = message_from_bytes(envelope.message, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def decoded(envelope: Envelope, name: str) -> str:
    """As a mail program shows it (RFC 2047, 6.2), without the parser of `default`, which puts spaces between the words."""
    (value,) = message_from_bytes(envelope.message).get_all(name, [])
    return str(make_header(decode_header(value.replace("\r\n", ""))))


def contents(envelope: Envelope) -> list[str]:
    """The text of each part, as it is shown."""
    parts = [part for part in parsed(envelope).iter_parts() if isinstance(part, EmailMessage)]
    return [part.get_content().replace("\r\n", "\n").removesuffix("\n") for part in parts]


def longest(lines: bytes) -> int:
    return max(len(line) for line in lines.split(b"\r\n"))


def defects(message: EmailMessage) -> list[object]:
    found: list[object] = []
    for part in message.walk():
        found += part.defects
        for value in part.values():
            found += getattr(value, "defects", ())
    return found


def test_a_digest_has_every_header_that_is_promised() -> None:
    message = parsed(fill())
    assert sorted(message.keys()) == sorted([*ALWAYS, *BULK])
    assert message["To"] == "bob@example.com"
    assert message["From"] == "Tea & Sympathy <digest@example.org>"
    assert message["Reply-To"] == "Ada <ada@example.org>"
    assert message["Subject"] == "Tea"
    assert parsedate_to_datetime(message["Date"]) == DRAFT.at
    assert re.fullmatch(r"<[0-9a-f]{32}@mail\.example\.org>", message["Message-ID"])
    assert message["List-Id"] == "<digest.example.org>"
    assert message["List-Archive"] == "<https://example.org/blog/archive/>"
    assert message["List-Unsubscribe"].split(", ") == [
        f"<https://example.org/blog/u/{TOKEN}>",
        f"<mailto:unsubscribe+{TOKEN}@mail.example.org>",
    ]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert message["Feedback-ID"] == "digest:7:example.org"
    assert message["MIME-Version"] == "1.0"


def test_a_letter_to_one_person_has_no_header_of_a_list() -> None:
    message = parsed(fill(draft=replace(DRAFT, is_bulk=False)))
    assert sorted(message.keys()) == sorted(ALWAYS)


def test_both_parts_come_back_as_they_were_text_first() -> None:
    message = parsed(fill())
    assert defects(message) == []
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert contents(fill()) == [written.replace(SLOT, TOKEN) for written in (DRAFT.text, DRAFT.html)]
    for part in parts:
        assert isinstance(part, EmailMessage)
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content_charset() == "utf-8"
        assert "MIME-Version" not in part


def test_every_line_ends_and_fits_as_the_standards_want() -> None:
    message = fill(draft=replace(DRAFT, subject="Grüße " * 100)).message
    assert message.endswith(b"\r\n")
    assert b"\r" not in message.replace(b"\r\n", b"")
    assert b"\n" not in message.replace(b"\r\n", b"")
    head, _, body = message.partition(b"\r\n\r\n")
    assert longest(head) <= 998
    assert longest(body) <= 78
    assert message.isascii()


def test_the_same_letter_is_the_same_bytes_and_each_delivery_has_its_own_id() -> None:
    assert fill() == fill()
    assert parsed(fill())["Message-ID"] != parsed(fill(number=8))["Message-ID"]
    assert fill().mail_from != fill(number=8).mail_from
    mould = Mould(SENDER, DRAFT)
    other = mould.fill(to="eve@example.com", handle="f" * 16, delivery_key="digest:1:9", delivery_id=9)
    assert TOKEN.encode() not in other.message.replace(b"=\r\n", b"")
    assert mould.fill(to="bob@example.com", handle=HANDLE, delivery_key="digest:1:7", delivery_id=7) == fill()


@pytest.mark.parametrize("padding", range(90))
def test_the_token_stands_whole_wherever_the_encoder_ends_its_lines(padding: int) -> None:
    body = f"{'=' * (padding % 3)}{'é' * (padding % 5)}{'x' * padding}{SLOT}y{SLOT}\n{SENDER.slot_url()}"
    envelope = fill(draft=replace(DRAFT, text=body, html=f"<p>{body}</p>"))
    expected = body.replace(SLOT, TOKEN)
    assert contents(envelope) == [expected, f"<p>{expected}</p>"]
    assert b"5l0t" not in envelope.message.replace(b"=\r\n", b"")
    assert longest(envelope.message.partition(b"\r\n\r\n")[2]) <= 78


@quick
@given(st.lists(st.sampled_from([".", "..", "." * 80, "\n", "\n.", " ", "=", "é", "x" * 71, SLOT])).map("".join))
@example("\n".join("." * count for count in range(160)))
@example("\n".join("x" * count + ".." for count in range(60, 90)))
def test_no_line_begins_with_a_dot_or_is_too_long_and_the_text_is_as_it_was(text: str) -> None:
    envelope = fill(draft=replace(DRAFT, text=text, html=f"<p>{text}</p>"))
    assert not any(line.startswith(b".") for line in envelope.message.split(b"\r\n"))
    assert longest(envelope.message.partition(b"\r\n\r\n")[2]) <= 76
    assert contents(envelope) == [text.replace(SLOT, TOKEN).removesuffix("\n"), f"<p>{text.replace(SLOT, TOKEN)}</p>"]


def test_long_hosts_and_addresses_stay_whole() -> None:
    host = "a-long-name." * 9 + "org"
    sender = replace(SENDER, host=host, archive_url=f"https://{host}/archive/")
    head = fill(sender, replace(DRAFT, feedback_id=f"7:digest:{host}")).message.partition(b"\r\n\r\n")[0].decode()
    for line in (
        f"List-Id: <digest.{host}>",
        f"List-Archive: <https://{host}/archive/>",
        f"Feedback-ID: 7:digest:{host}",
    ):
        assert line in head.split("\r\n")


def test_a_letter_without_links_needs_no_token() -> None:
    assert contents(fill(draft=replace(DRAFT, text="Hello", html="<p>Hello</p>"))) == ["Hello", "<p>Hello</p>"]


def test_the_links_in_a_letter_prove_who_the_reader_is() -> None:
    assert read_fixed_token(KEYS, "leave", SENDER.leave_url(HANDLE).rpartition("/")[2]) == HANDLE
    assert len(SENDER.leave_url(HANDLE)) == len(SENDER.slot_url())
    assert len(SLOT) == TOKEN_LENGTH


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**63 - 1])
def test_bounces_return_with_the_letter_they_are_about(number: int) -> None:
    local, _, domain = fill(number=number).mail_from.partition("@")
    assert domain == "mail.example.org"
    assert len(local) <= 64
    token = local.removeprefix("bounces+")
    assert int(read_fixed_token(KEYS, "bounce", token.upper()), 16) == number


def test_without_a_domain_of_its_own_mail_returns_to_the_sender() -> None:
    sender = replace(SENDER, bounce_domain=None, reply_to=None)
    envelope = fill(sender)
    message = parsed(envelope)
    assert envelope.mail_from == "digest@example.org"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["List-Unsubscribe"].endswith(f"<mailto:digest@example.org?subject=unsubscribe%20{TOKEN}>")
    assert "Reply-To" not in message


SUBJECTS = [
    "Grüße",
    "Grüße " * 60 + "!",
    "שלום, עולם 👩‍👩‍👧 " * 9 + "!",
    "x" * 3000,
    "one two " * 100 + "!",
    "=?utf-8?q?a?=",
    "a\xa0b",
    "日本語" * 60,
    "a: b; c, d <e@f>",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    envelope = fill(draft=replace(DRAFT, subject=subject))
    assert decoded(envelope, "Subject") == subject
    assert defects(parsed(envelope)) == []


@pytest.mark.parametrize(
    "name",
    [
        *SUBJECTS,
        "Brewer, Ada",
        'The "best" of \\ tea',
        "word, " * 30 + "end",
        "Tea (the) [x]; y: z@w. " * 8 + "!",
        "Ümläut, Ö <x@y.z> " * 8 + "!",
        "a@b.org",
        "",
    ],
)
def test_a_name_arrives_as_it_was_written_and_adds_no_address(name: str) -> None:
    envelope = fill(replace(SENDER, name=name, reply_to=(name, "ada@example.org")))
    for header, address in (("From", "digest@example.org"), ("Reply-To", "ada@example.org")):
        (value,) = message_from_bytes(envelope.message).get_all(header, [])
        shown, found = parseaddr(value.replace("\r\n", ""))
        assert found == address
        assert str(make_header(decode_header(shown))) == name
        assert [a.addr_spec for a in parsed(envelope)[header].addresses] == [address]
    assert defects(parsed(envelope)) == []


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada+x@example.org", "Ada+x@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("adö@example.org", "adö@example.org"),
        ("me@localhost", "me@localhost"),
    ],
)
def test_a_domain_stands_in_ascii(address: str, written: str) -> None:
    assert ascii_address(address) == written
    envelope = fill(to=address)
    assert envelope.rcpt_to == written
    assert envelope.message.startswith(f"To: {written}\r\n".encode())


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "ada",
            "@",
            "ada@",
            "@example.org",
            "a@b@c",
            "a b@example.org",
            "a,b@example.org",
            "a@b,c",
            "a;b@example.org",
        ),
        *(
            "a:b@example.org",
            "<a@example.org>",
            "a@example.org>",
            "a@exam\r\nple.org",
            "a\nb@example.org",
            "a\x00@example.org",
        ),
        *(
            '"a"@example.org',
            "a(b)@example.org",
            "a\\@example.org",
            "a\x85@example.org",
            "a\u2028@example.org",
            "a@[1.2.3.4]",
        ),
        *(
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "a@.example.org",
            "a@ü..org",
            "a@ü" + "x" * 70 + ".org",
        ),
        *("a\ud800@example.org", "a@-ü-.org"),
    ],
)
def test_what_is_no_address_is_never_written_to(address: str) -> None:
    with pytest.raises(AddressError):
        fill(to=address)
    with pytest.raises(AddressError):
        fill(replace(SENDER, address=address))
    with pytest.raises(AddressError):
        fill(replace(SENDER, reply_to=("Ada", address)))


def test_a_sender_beyond_ascii_is_refused() -> None:
    with pytest.raises(AddressError, match="can't be a sender"):
        fill(replace(SENDER, address="adö@example.org"))


CONTROLS = [
    "\r\nBcc: eve@example.com",
    "\n",
    "\r",
    "\x00",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\ud83d",
]
FIELDS = ["subject", "feedback_id", "name", "reply_to", "host", "archive_url", "service_url"]


def with_text(field: str, text: str) -> Envelope:
    """A letter with `text` in one of its fields."""
    if field in ("subject", "feedback_id"):
        return fill(draft=replace(DRAFT, **{field: text}))  # type: ignore[arg-type]
    if field == "reply_to":
        return fill(replace(SENDER, reply_to=(text, "ada@example.org")))
    return fill(replace(SENDER, **{field: text}))  # type: ignore[arg-type]


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
@pytest.mark.parametrize("field", FIELDS)
def test_a_control_character_is_refused_in_every_header(field: str, control: str) -> None:
    with pytest.raises(HeaderError, match="control characters end a header early"):
        with_text(field, f"https://example.org/a{control}b")


texts = st.lists(
    st.sampled_from([*CONTROLS, ",", "<", ">", "@", '"', "\\", "=?utf-8?q?", "?=", " ", ";", ":", "ü"])
    | st.text(max_size=30)
).map("".join)


@quick
@given(st.sampled_from(["subject", "name", "reply_to"]), texts)
@example("name", "a\r\n <b")
@example("subject", "a\r\n b")
def test_no_title_or_name_injects_a_header(field: str, text: str) -> None:
    try:
        envelope = with_text(field, text)
    except HeaderError:
        return
    message = parsed(envelope)
    assert sorted(message.keys()) == sorted([*ALWAYS, *BULK])
    assert [a.addr_spec for a in message["From"].addresses] == ["digest@example.org"]
    assert [a.addr_spec for a in message["Reply-To"].addresses] == ["ada@example.org"]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert longest(envelope.message) <= 998
    if field == "subject":
        assert decoded(envelope, "Subject") == text


@quick
@given(texts.map(lambda text: f"{text}@example.org") | texts.map(lambda text: f"a@{text}") | st.emails() | texts)
@example("a@b.c>\r\nDATA")
def test_no_address_injects_a_header_or_a_recipient(address: str) -> None:
    try:
        envelope = fill(to=address)
    except AddressError:
        return
    assert "\r" not in envelope.rcpt_to
    assert not set(envelope.rcpt_to) & set(' <>,;:"\n')
    message = parsed(envelope)
    assert sorted(message.keys()) == sorted([*ALWAYS, *BULK])
    assert len(message["To"].addresses) == 1
    if envelope.rcpt_to.isascii():
        assert message["To"].addresses[0].addr_spec == envelope.rcpt_to

"""Signatures of letters: two programs that are not ours believe them, and none that was tampered with."""

import re
import smtplib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from dns.rdata import from_text
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.core.dkim import DkimKey, parse_key, record, record_name
from publisher.core.errors import HeaderError
from publisher.core.letter import Draft, Sender
from publisher.core.records import zone_line
from tests.core.signed_letters import DRAFT, ED25519, GOLDEN, RSA, SENDER, believed, letter, records, signed_by
from tests.servers.dovecot import Dovecot
from tests.servers.opendkim import verdicts
from tests.servers.postfix import Postfix

STRONG = rsa.generate_private_key(65537, 2048)
SLOT_URL = SENDER.slot_url()


def written(
    private: PrivateKeyTypes, form: pem.PrivateFormat = pem.PrivateFormat.PKCS8, password: bytes = b""
) -> bytes:
    lock = pem.BestAvailableEncryption(password) if password else pem.NoEncryption()
    return private.private_bytes(pem.Encoding.PEM, form, lock)


KEY = parse_key(written(STRONG), "mail")
BOTH = signed_by(KEY, ED25519)


# -- letters that are believed

LETTERS: dict[str, tuple[Sender, Draft]] = {
    "RSA": (signed_by(KEY), DRAFT),
    "ed25519": (signed_by(ED25519), DRAFT),
    "both": (BOTH, DRAFT),
    "a short RSA key": (signed_by(RSA), DRAFT),
    "to one person": (BOTH, replace(DRAFT, is_bulk=False)),
    "no slot": (BOTH, replace(DRAFT, text="Hello", html="<p>Hello</p>")),
    "a slot at once": (BOTH, replace(DRAFT, text=SLOT_URL, html=f"{SLOT_URL * 9}")),
    "nothing in it": (BOTH, replace(DRAFT, text="", html="")),
    "empty lines at the end": (BOTH, replace(DRAFT, text="a\n\n\n", html="a \n \n\n")),
    "a long subject": (BOTH, replace(DRAFT, subject="one two  " * 100 + "!")),
    "a subject in words of RFC 2047": (BOTH, replace(DRAFT, subject="שלום, עולם 👩‍👩‍👧 " * 9 + "!")),
    "a subject like a signature": (BOTH, replace(DRAFT, subject="DKIM-Signature: v=1; b=; h=From;  d=<a@b>  ")),
    "names beyond ASCII": (replace(BOTH, name="Ümläut, Ö <x@y.z> " * 8, reply_to=("日本", "a@example.org")), DRAFT),
    "a name in quotes": (replace(BOTH, name='The "best" of \\ tea, ' * 5), DRAFT),
    "no domain for bounces": (replace(BOTH, bounce_domain=None, reply_to=None), DRAFT),
    "a domain beyond ASCII": (replace(BOTH, address="digest@bücher.example"), DRAFT),
    "long addresses": (
        replace(BOTH, host=f"{'a.' * 60}org", service_url=f"https://{'a.' * 60}org/{'b' * 60}", archive_url="x" * 300),
        DRAFT,
    ),
}
every_letter = pytest.mark.parametrize(("sender", "draft"), LETTERS.values(), ids=LETTERS)


@every_letter
def test_dkimpy_believes_every_signature(sender: Sender, draft: Draft) -> None:
    assert believed(letter(sender, draft), sender) == {key.selector: True for key in sender.dkim_keys}


@pytest.mark.needs("opendkim")
@every_letter
def test_opendkim_believes_every_signature(sender: Sender, draft: Draft) -> None:
    passed = {key.selector: "pass" for key in sender.dkim_keys}
    assert verdicts(letter(sender, draft), records(sender)) == passed


@pytest.mark.needs("opendkim")
@pytest.mark.parametrize("to", ["adö@example.com", "ada@bücher.example", "Ada+tea@EXAMPLE.com"])
def test_it_is_believed_whoever_it_goes_to(to: str) -> None:
    assert believed(letter(BOTH, to=to), BOTH) == {"mail": True, "brisbane": True}
    assert verdicts(letter(BOTH, to=to), records(BOTH)) == {"mail": "pass", "brisbane": "pass"}


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(
    st.text(max_size=120),
    st.text(max_size=60),
    st.lists(st.sampled_from(["\n", ".", " ", SLOT_URL, "é", "=", "x" * 70])),
)
@example("  a   b  ", "\t", [".", "\n"])
def test_whatever_stands_in_a_letter_it_is_believed(subject: str, name: str, body: list[str]) -> None:
    sender = replace(signed_by(ED25519), name=name)
    text = "".join(body)
    try:
        found = letter(sender, replace(DRAFT, subject=subject, text=text, html=text))
    except HeaderError:
        return
    assert believed(found, sender) == {"brisbane": True}


def test_every_header_is_signed_and_no_second_from_can_come_in() -> None:
    found = letter(BOTH)
    head = found.partition(b"\r\n\r\n")[0].decode()
    names = re.findall(r"(?m)^([\w-]+):", head)
    ours = [name for name in names if name != "DKIM-Signature"]
    assert len(ours) == 15
    signed = [re.sub(r"\s", "", tag).split(":") for tag in re.findall(r"\sh=([^;]+);", head)]
    assert [sorted(each) for each in signed] == [sorted([*ours, "From"])] * 2


def test_a_signature_is_of_the_time_of_the_draft_and_covers_the_whole_body() -> None:
    (line,) = re.findall(rb"(?s)^DKIM-Signature: .*?\r\n(?! )", letter(signed_by(RSA)))
    tags = dict(tag.strip().split("=", 1) for tag in re.sub(rb"\s+", b" ", line.partition(b":")[2]).decode().split(";"))
    assert tags.keys() == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}
    assert (tags["a"], tags["c"], tags["d"], tags["s"]) == ("rsa-sha256", "relaxed/simple", "example.org", "test")
    assert int(tags["t"]) == int(DRAFT.at.timestamp())
    later = replace(DRAFT, at=DRAFT.at + timedelta(seconds=1))
    assert b"t=%d;" % (int(tags["t"]) + 1) in letter(signed_by(RSA), later)


def test_the_lines_of_a_signature_are_short() -> None:
    signatures = letter(BOTH).partition(b"\r\nTo:")[0]
    assert signatures.count(b"DKIM-Signature:") == 2
    assert max(map(len, signatures.split(b"\r\n"))) <= 76


def test_without_keys_no_letter_is_signed() -> None:
    assert b"DKIM" not in letter(signed_by())
    assert letter(BOTH).endswith(letter(signed_by()))


def test_a_signed_letter_is_as_it_is_kept() -> None:
    assert letter().decode() == GOLDEN.read_bytes().decode()


# -- letters that are not


def flipped(found: bytes, words: bytes) -> bytes:
    """With one bit changed, in the last of these words."""
    at = found.rindex(words) + len(words) - 1
    return found[:at] + bytes([found[at] ^ 1]) + found[at + 1 :]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "the text": lambda found: flipped(found, b"and more"),
    "the link in the text": lambda found: flipped(found, b"\r\nhttps://example.org/blog/u/00c0"),
    "the end": lambda found: found + b"P.S.\r\n",
    "To": lambda found: flipped(found, b"\r\nTo: b"),
    "Message-ID": lambda found: flipped(found, b"\r\nMessage-ID: <2e"),
    "List-Unsubscribe": lambda found: flipped(found, b"\r\nList-Unsubscribe: <h"),
    "the fold of List-Unsubscribe": lambda found: flipped(found, b"\r\n <mailto:unsub"),
    "List-Unsubscribe-Post": lambda found: found.replace(b"\r\nList-Unsubscribe-Post:", b"\r\nX-Nothing:"),
    "Subject": lambda found: flipped(found, b"\r\nSubject: =?utf-8?b?R"),
    "the time": lambda found: found.replace(b" t=1763798400;", b" t=1763798401;"),
    "a second From": lambda found: b"From: eve@example.com\r\n" + found,
}


@pytest.mark.needs("opendkim")
@pytest.mark.parametrize("what", TAMPERED)
def test_a_letter_that_was_tampered_with_is_not_believed(what: str) -> None:
    found = TAMPERED[what](letter(BOTH))
    assert found != letter(BOTH)
    assert believed(found, BOTH) == {"mail": False, "brisbane": False}
    assert verdicts(found, records(BOTH)) == {"mail": "fail", "brisbane": "fail"}


@pytest.mark.needs("opendkim")
def test_what_servers_do_on_the_way_leaves_a_letter_believed() -> None:
    found = (
        letter(BOTH).replace(b">,\r\n <mailto:", b">,\r\n\t  <mailto:").replace(b"\r\nSubject: ", b"\r\nSUBJECT:   ")
    )
    found = b"Received: from a by b; Sat, 22 Nov 2025 08:00:01 +0000\r\n" + found + b"\r\n\r\n"
    assert believed(found, BOTH) == {"mail": True, "brisbane": True}
    assert verdicts(found, records(BOTH)) == {"mail": "pass", "brisbane": "pass"}


@pytest.mark.needs("opendkim")
def test_a_letter_that_went_through_mail_servers_is_believed(postfix: Postfix, dovecot: Dovecot) -> None:
    sent = letter(BOTH, to="signed@reader.test")
    with smtplib.SMTP(postfix.host, postfix.port) as client:
        client.sendmail(BOTH.address, ["signed@reader.test"], sent)
    [stored] = dovecot.wait_for("signed@reader.test")
    assert stored.startswith(b"Return-Path: ")
    assert believed(stored, BOTH) == {"mail": True, "brisbane": True}
    assert verdicts(stored, records(BOTH)) == {"mail": "pass", "brisbane": "pass"}


# -- keys and their records


def test_the_example_keys_of_the_standard_have_the_records_that_it_shows() -> None:
    shown = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert record(ED25519) == f"v=DKIM1; k=ed25519; p={shown}"
    assert record_name(ED25519, "football.example.com") == "brisbane._domainkey.football.example.com"
    assert record(RSA) == (
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
        "byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    )
    assert (RSA.size_bits, KEY.size_bits) == (1024, 2048)


@pytest.mark.parametrize("key", [RSA, KEY, ED25519], ids=["1024", "2048", "ed25519"])
def test_a_zone_file_gives_the_record_back(key: DkimKey) -> None:
    read = from_text("IN", "TXT", zone_line("s.example.org", "TXT", record(key)).partition(" TXT ")[2])
    assert isinstance(read, TXT)
    assert b"".join(read.strings) == record(key).encode()


@pytest.mark.parametrize("form", [pem.PrivateFormat.PKCS8, pem.PrivateFormat.TraditionalOpenSSL])
def test_both_forms_of_a_file_are_the_same_key(form: pem.PrivateFormat) -> None:
    found = parse_key(b"for the blog\n" + written(STRONG, form), "mail")
    assert record(found) == record(KEY)
    assert letter(signed_by(found)) == letter(signed_by(KEY))


@pytest.mark.parametrize("command", ["openssl genrsa -out NEW 2048", "openssl genpkey -algorithm ed25519 -out NEW"])
def test_what_we_tell_to_type_makes_a_key(command: str, tmp_path: Path) -> None:
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    key = parse_key((tmp_path / "NEW").read_bytes(), "new")
    assert believed(letter(signed_by(key)), signed_by(key)) == {"new": True}


def test_a_lock_is_taken_off_by_what_we_tell_to_type(tmp_path: Path) -> None:
    (tmp_path / "THIS").write_bytes(written(STRONG, password=b"tea"))
    with pytest.raises(ValueError, match="openssl pkey -in THIS -out NEW"):
        parse_key((tmp_path / "THIS").read_bytes(), "mail")
    command = "openssl pkey -in THIS -out NEW -passin pass:tea"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    assert record(parse_key((tmp_path / "NEW").read_bytes(), "mail")) == record(KEY)


PUBLIC = STRONG.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key in PEM"),
        (written(STRONG)[:900], "no private key in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no private key in PEM"),
        ("schlüssel".encode("latin-1"), "no private key in PEM"),
        (PUBLIC, "the public half of a key"),
        (written(STRONG, pem.PrivateFormat.TraditionalOpenSSL, b"tea"), "locked with a password"),
        (written(ec.generate_private_key(ec.SECP256R1())), "a key for something else"),
        (written(ed448.Ed448PrivateKey.generate()), "a key for something else"),
    ],
)
def test_what_is_no_key_for_mail_is_refused_with_what_is_wanted(text: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=rf"{told}.*, wanted is .*: openssl") as caught:
        parse_key(text, "mail")
    assert "\n" not in str(caught.value)


def test_a_key_that_nobody_would_believe_is_refused(tmp_path: Path) -> None:
    subprocess.run(["openssl", "genrsa", "-out", "short", "768"], cwd=tmp_path, check=True, capture_output=True)
    with pytest.raises(ValueError, match="768 bits, wanted are 2048"):
        parse_key((tmp_path / "short").read_bytes(), "mail")


def test_nothing_of_a_key_is_shown() -> None:
    assert repr(KEY).startswith("DkimKey(selector='mail', kind='rsa', size_bits=2048, public=b'")
    assert "sign" not in repr(KEY)

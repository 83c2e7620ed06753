"""One envelope, one server, one answer: every way a transaction can end, and every way a connection can fail to open."""

import re
import socket
from email import message_from_bytes
from email.policy import SMTP

import pytest

from publisher.core.errors import RelayDown
from publisher.core.model import Envelope
from publisher.core.relays import Route
from publisher.smtp import Relay
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.loopback import free_port
from tests.servers.postfix import Postfix
from tests.servers.smtp import Drop, Offer, ScriptedSmtp, script

LETTER = b"From: a@blog.test\r\nTo: b@reader.test\r\nSubject: Hello\r\n\r\nOne\r\n.two\r\n..three\r\n"


def relay(port: int, **changes: object) -> Relay:
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "username": None,
        "password": None,
    }
    return Relay(route=Route(**(values | changes)), own_name="blog.test")  # type: ignore[arg-type]


def envelope(to: str = "b@reader.test", message: bytes = LETTER) -> Envelope:
    return Envelope(mail_from="bounces@blog.test", rcpt_to=to, message=message)


def test_many_letters_go_through_one_connection_and_arrive_as_they_are() -> None:
    with ScriptedSmtp() as server:
        line = relay(server.port).connect()
        answers = [line.send(envelope()) for _ in range(3)]
        line.close()
        assert [str(answer.reply)[:3] for answer in answers] == ["250"] * 3
        assert {letter.message for letter in server.letters} == {LETTER}
        assert {letter.connection for letter in server.letters} == {1}
        assert server.letters[0].mail_options == (f"SIZE={len(LETTER)}",)


@pytest.mark.parametrize(
    ("stage", "cue", "where", "code", "enhanced"),
    [
        ("mail", "550 5.7.1 not you", "mail", 550, "5.7.1"),
        ("rcpt", "450 4.2.1 busy", "rcpt", 450, "4.2.1"),
        ("rcpt", "550 5.1.1 no such user", "rcpt", 550, "5.1.1"),
        ("rcpt", "550 no such user", "rcpt", 550, None),
        ("data", "452 4.3.1 no room", "data", 452, "4.3.1"),
        ("dot", "552 5.3.4 too big", "data", 552, "5.3.4"),
        ("dot", "550 5.7.1 first line\n550 5.7.1 second line", "data", 550, "5.7.1"),
        ("dot", "550-5.7.1 first line\n550 5.7.1 second line", "data", 550, "5.7.1"),
        ("rcpt", "421 4.3.2 going away", "rcpt", 421, "4.3.2"),
    ],
)
def test_every_answer_comes_back_with_its_stage_and_codes(
    stage: str, cue: str, where: str, code: int, enhanced: str | None
) -> None:
    with ScriptedSmtp(script({(stage, "*"): cue})) as server:  # type: ignore[dict-item]
        line = relay(server.port).connect()
        answer = line.send(envelope())
        line.close()
    assert answer.reply is not None
    assert (answer.stage, answer.reply.code, answer.reply.enhanced) == (where, code, enhanced)


@pytest.mark.parametrize(("stage", "cue"), [("mail", "251 fine"), ("rcpt", "252 will try")])
def test_any_yes_goes_on_and_only_the_answer_to_the_letter_is_an_acceptance(stage: str, cue: str) -> None:
    with ScriptedSmtp(script({(stage, "*"): cue, ("dot", "*"): "451 4.3.0 not now"})) as server:  # type: ignore[dict-item]
        line = relay(server.port).connect()
        answer = line.send(envelope())
        line.close()
    assert answer.reply is not None
    assert (answer.stage, answer.reply.code) == ("data", 451)


def test_a_server_out_of_step_is_left_and_nothing_counts_as_sent() -> None:
    with ScriptedSmtp(script({("data", "*"): "250 2.1.5 a late answer"})) as server:
        answer = relay(server.port).connect().send(envelope())
    assert (answer.stage, answer.reply) == ("rcpt", None)


def test_after_a_refusal_the_next_letter_goes_through_the_same_connection() -> None:
    with ScriptedSmtp(script({("rcpt", "bad@reader.test"): "550 5.1.1 no"})) as server:
        line = relay(server.port).connect()
        line.send(envelope("bad@reader.test"))
        good = line.send(envelope("good@reader.test"))
        line.close()
        assert good.reply is not None
        assert good.reply.code == 250
        assert [letter.rcpt_to for letter in server.letters] == [("good@reader.test",)]


@pytest.mark.parametrize(("stage", "where"), [("mail", "mail"), ("rcpt", "rcpt"), ("data", "rcpt"), ("dot", "data")])
def test_a_broken_connection_tells_how_far_the_letter_had_come(stage: str, where: str) -> None:
    """Only after the last byte is it in doubt: a server that never saw the final dot has not taken the letter."""
    with ScriptedSmtp(script({(stage, "*"): Drop()})) as server:  # type: ignore[dict-item]
        answer = relay(server.port).connect().send(envelope())
    assert (answer.stage, answer.reply) == (where, None)


def test_an_address_beyond_ascii_needs_a_server_that_can() -> None:
    with ScriptedSmtp(offer=Offer(smtputf8=True)) as server:
        line = relay(server.port).connect()
        answer = line.send(envelope("jürgen@reader.test"))
        line.close()
        assert answer.reply is not None
        assert answer.reply.code == 250
        assert "SMTPUTF8" in server.letters[0].mail_options
    with ScriptedSmtp(offer=Offer(smtputf8=False)) as server:
        line = relay(server.port).connect()
        refused = line.send(envelope("jürgen@reader.test")).reply
        line.close()
        assert refused is not None
        assert (refused.code, refused.enhanced) == (553, "5.6.7")
        assert server.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_checked_against_the_name(authority: Authority, security: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    offer = Offer(certificate=authority.certificate(), implicit_tls=security == "tls", login=("me", "secret"))
    with ScriptedSmtp(offer=offer) as server:
        line = relay(server.port, host="localhost", security=security, username="me", password="secret").connect()
        line.send(envelope())
        line.close()
        assert [(letter.tls, letter.username) for letter in server.letters] == [(True, "me")]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("kind", ["expired", "other name", "unknown authority"])
def test_a_certificate_that_cannot_be_trusted_ends_it_before_the_password(
    authority: Authority, security: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != "unknown authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    names = ("mail.elsewhere.test",) if kind == "other name" else ()
    certificate = authority.certificate(*names, expired=kind == "expired")
    offer = Offer(certificate=certificate, implicit_tls=security == "tls", login=("me", "secret"))
    with ScriptedSmtp(offer=offer) as server:
        with pytest.raises(RelayDown, match=r"certificate that can't be trusted"):
            relay(server.port, host="localhost", security=security, username="me", password="secret").connect()
        assert "auth" not in server.stages()


def test_what_cannot_be_opened_says_what_to_change(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with pytest.raises(RelayDown, match=r"refused.*PUBLISHER_SMTP_HOST, PUBLISHER_SMTP_PORT"):
        relay(free_port()).connect()
    with ScriptedSmtp() as plain:
        with pytest.raises(RelayDown, match=r"PUBLISHER_SMTP_SECURITY"):
            relay(plain.port, security="starttls").connect()
        with pytest.raises(RelayDown, match=r"speaks no TLS here"):
            relay(plain.port, security="tls").connect()
    offer = Offer(certificate=authority.certificate(), login=("me", "secret"))
    with (
        ScriptedSmtp(offer=offer) as guarded,
        pytest.raises(
            RelayDown, match=r"refuses the login.*PUBLISHER_SMTP_USERNAME and PUBLISHER_SMTP_PASSWORD"
        ) as told,
    ):
        relay(guarded.port, security="starttls", host="localhost", username="me", password="wr0ng-pass").connect()
    assert "wr0ng-pass" not in str(told.value)


def test_a_host_without_a_name_says_so() -> None:
    with pytest.raises(RelayDown, match=r"nowhere\.invalid"):
        relay(25, host="nowhere.invalid").connect()


def test_small_packets_leave_at_once() -> None:
    with ScriptedSmtp() as server:
        line = relay(server.port).connect()
        assert line._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        line.close()


@pytest.mark.needs("postfix", "dovecot")
@pytest.mark.parametrize("door", ["plain", "submission", "tls"])
def test_a_real_postfix_takes_it_and_a_real_mailbox_holds_it(
    postfix: Postfix, dovecot: Dovecot, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(postfix.ca_file))
    to = f"smtp-{door}@reader.test"
    port = {"plain": postfix.port, "submission": postfix.submission_port, "tls": postfix.tls_port}[door]
    login: dict[str, object] = {} if door == "plain" else {"username": to, "password": PASSWORD}
    security = {"plain": "none", "submission": "starttls", "tls": "tls"}[door]
    line = relay(port, host="localhost", security=security, **login).connect()
    answer = line.send(envelope(to))
    line.close()
    assert answer.reply is not None
    assert re.match(r"queued as", answer.reply.text.removeprefix("Ok: "))
    (received,) = dovecot.wait_for(to)
    message = message_from_bytes(received, policy=SMTP)
    assert message["Return-Path"] == "<bounces@blog.test>"
    assert received.replace(b"\r\n", b"\n").endswith(b"\n\nOne\n.two\n..three\n")


def test_a_reply_is_kept_without_what_no_terminal_and_no_database_bears() -> None:
    with ScriptedSmtp(script({("dot", "*"): "250 2.0.0 ok \0\x1b[31m " + "x" * 400})) as server:
        line = relay(server.port).connect()
        reply = line.send(envelope()).reply
        line.close()
    assert reply is not None
    assert reply.text.isprintable()
    assert (reply.code, len(reply.text) <= 500) == (250, True)


def test_a_password_that_no_login_can_hold_is_told(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    offer = Offer(certificate=authority.certificate(), login=("me", "secret"))
    with ScriptedSmtp(offer=offer) as server, pytest.raises(RelayDown, match="beyond ASCII"):
        relay(server.port, security="starttls", host="localhost", username="me", password="pässword").connect()

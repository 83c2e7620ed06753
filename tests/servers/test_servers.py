"""The servers do what the tests rely on."""

import contextlib
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.servers.certificates import Authority
from tests.servers.chromium import axe
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.loopback import Address, free_port, wait_until
from tests.servers.postfix import Postfix
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import Accepted, Drop, Offer, ScriptedSmtp, SmtpProcess, Stall, script

SENDER = "news@sender.test"


def letter(subject: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, "reader@reader.test", subject
    message["Message-ID"] = f"<{subject.replace(' ', '-')}@sender.test>"
    message.set_content("Hello.\n.hidden\n")
    return bytes(message).replace(b"\n", b"\r\n")


def send(server: ScriptedSmtp | SmtpProcess, *recipients: str, subject: str = "hello") -> None:
    with smtplib.SMTP(server.host, server.port, timeout=20) as client:
        client.sendmail(SENDER, list(recipients), letter(subject))


# Postfix and Dovecot


def test_mail_goes_through_postfix_into_a_mailbox(postfix: Postfix, dovecot: Dovecot) -> None:
    with smtplib.SMTP(postfix.host, postfix.port) as client:
        client.sendmail(SENDER, ["plain+tag@reader.test"], letter("plain"))
    [stored] = dovecot.wait_for("plain@reader.test")
    assert b"\r\nSubject: plain\r\n" in stored
    assert b"plain+tag@reader.test" in stored
    wait_until(lambda: postfix.queue_length() == 0, "an empty queue")


def test_postfix_takes_a_login_over_starttls(postfix: Postfix, dovecot: Dovecot) -> None:
    trusted = ssl.create_default_context(cafile=str(postfix.ca_file))
    with smtplib.SMTP("localhost", postfix.submission_port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail(SENDER, ["starttls@reader.test"], letter("too early"))
        client.starttls(context=trusted)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(SENDER, "wrong")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(SENDER, ["starttls@reader.test"], letter("no login"))
        client.login(SENDER, PASSWORD)
        client.sendmail(SENDER, ["starttls@reader.test"], letter("starttls"))
    assert b"Subject: starttls" in dovecot.wait_for("starttls@reader.test")[0]


def test_postfix_takes_a_login_over_tls_from_the_start(postfix: Postfix, dovecot: Dovecot) -> None:
    trusted = ssl.create_default_context(cafile=str(postfix.ca_file))
    with smtplib.SMTP_SSL(postfix.host, postfix.tls_port, context=trusted) as client:
        client.login(SENDER, PASSWORD)
        client.sendmail(SENDER, ["tls@reader.test"], letter("tls"))
    assert b"Subject: tls" in dovecot.wait_for("tls@reader.test")[0]


def test_a_route_leads_elsewhere_and_the_queue_waits_for_it(postfix: Postfix, dovecot: Dovecot) -> None:
    port = free_port()
    postfix.route("elsewhere.test", Address("127.0.0.1", port))
    with smtplib.SMTP(postfix.host, postfix.port) as client:
        client.sendmail(SENDER, ["x@elsewhere.test"], letter("routed"))
    wait_until(lambda: f"]:{port}: Connection refused" in postfix.log(), "a vain attempt")
    assert postfix.queue_length() == 1
    postfix.route("elsewhere.test", dovecot.lmtp)
    assert dovecot.wait_for("x@elsewhere.test")


@pytest.mark.needs("postfix")
def test_a_refused_letter_bounces_to_its_sender() -> None:
    with Dovecot({SENDER: "own"}) as strict, Postfix(strict) as postfix:
        with smtplib.SMTP(postfix.host, postfix.port) as client:
            client.sendmail(SENDER, ["nobody@sender.test"], letter("lost"))
        [bounce] = strict.wait_for(SENDER)
    assert b"multipart/report" in bounce
    assert b"Status: 5.1.1" in bounce


@pytest.mark.needs("dovecot")
def test_dovecot_knows_its_users_and_keeps_their_mail_over_a_restart() -> None:
    with Dovecot({"ann@reader.test": "one", "bob@reader.test": "two"}) as dovecot:
        dovecot.put("ann@reader.test", letter("kept"))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            dovecot.put("eve@reader.test", letter("refused"))
        dovecot.stop()
        dovecot.start()
        assert len(dovecot.mailbox("ann@reader.test")) == 1
        assert dovecot.mailbox("bob@reader.test") == []


# PostgreSQL


def test_databases_are_separate(postgresql: PostgreSQL) -> None:
    one, two = postgresql.create_database(), postgresql.create_database()
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE post (id int)")
    with psycopg.connect(two) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM post")


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("crash", [False, True])
def test_what_was_committed_survives_a_restart(crash: bool) -> None:
    with PostgreSQL(durable=not crash) as server:
        url = server.create_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE post AS SELECT 1 AS id")
        server.restart(crash=crash)
        with psycopg.connect(server.socket_url(url.rpartition("/")[2])) as connection:
            assert connection.execute("SELECT id FROM post").fetchall() == [(1,)]
        assert ("recovery" in server.log()) is crash


# The scripted server


def test_it_keeps_what_it_was_given() -> None:
    with ScriptedSmtp() as server:
        send(server, "ann@a.test", "bob@a.test")
        [kept] = server.letters
    assert (kept.mail_from, kept.rcpt_to, kept.connection) == (SENDER, ("ann@a.test", "bob@a.test"), 1)
    assert kept.message == letter("hello")
    assert server.stages(1) == ["connect", "ehlo", "mail", "rcpt", "rcpt", "data", "dot", "quit"]


def test_the_null_sender_is_empty() -> None:
    with ScriptedSmtp() as server, smtplib.SMTP(server.host, server.port) as client:
        client.sendmail("", ["ann@a.test"], letter("bounce"))
        assert server.letters[0].mail_from == ""


@pytest.mark.parametrize("reply", ["450 4.2.1 busy", "452 4.2.2 full", "550 5.1.1 unknown", "552 5.3.4 too big"])
def test_a_recipient_is_refused_by_name(reply: str) -> None:
    with ScriptedSmtp(script({("rcpt", "bob@a.test"): reply})) as server, smtplib.SMTP(server.host, server.port) as c:
        refused = c.sendmail(SENDER, ["ann@a.test", "bob@a.test"], letter("half"))
        assert refused == {"bob@a.test": (int(reply[:3]), reply[4:].encode())}
        assert server.letters[0].rcpt_to == ("ann@a.test",)


def test_cues_are_used_up_in_turn() -> None:
    answer = script({("rcpt", "*"): ["450 4.2.1 busy", None, "450 4.2.1 again"]})
    with ScriptedSmtp(answer) as server:
        for refused in (True, False, True, False):
            with pytest.raises(smtplib.SMTPRecipientsRefused) if refused else contextlib.nullcontext():
                send(server, "bob@a.test")
        assert len(server.letters) == 2


def test_a_letter_is_refused_after_its_dot_with_many_lines() -> None:
    reply = "550-5.7.1 we don't\n550 5.7.1 like this"
    with ScriptedSmtp(script({("dot", "*"): reply})) as server, smtplib.SMTP(server.host, server.port) as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail(SENDER, ["ann@a.test"], letter("spam"))
        assert (refused.value.smtp_code, refused.value.smtp_error) == (550, b"5.7.1 we don't\n5.7.1 like this")
        assert server.letters == []


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data", "dot"])
def test_421_is_the_last_word(stage: str) -> None:
    with ScriptedSmtp(lambda at, recipient: "421 4.3.2 closing" if at == stage else None) as server:
        with pytest.raises(smtplib.SMTPException):
            send(server, "ann@a.test")
        assert server.letters == []
        assert server.stages()[-1] == stage


@pytest.mark.parametrize(("kept", "count"), [(False, 0), (True, 1)])
def test_the_line_drops_after_the_dot(kept: bool, count: int) -> None:
    with ScriptedSmtp(script({("dot", "*"): Drop(kept=kept)})) as server:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            send(server, "ann@a.test")
        assert len(server.letters) == count


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_the_line_drops_before_the_letter(stage: str) -> None:
    with ScriptedSmtp(lambda at, recipient: Drop() if at == stage else None) as server:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            send(server, "ann@a.test")
        assert server.letters == []


def test_silence_outlasts_the_client() -> None:
    with ScriptedSmtp(script({("dot", "*"): Stall()})) as server:
        with (
            smtplib.SMTP(server.host, server.port, timeout=0.5) as client,
            pytest.raises(smtplib.SMTPServerDisconnected),
        ):
            client.sendmail(SENDER, ["ann@a.test"], letter("slow"))
        assert server.letters == []


def test_a_delay_holds_every_letter() -> None:
    with ScriptedSmtp(offer=Offer(delay_seconds=0.2)) as server:
        before = time.monotonic()
        send(server, "ann@a.test")
        assert time.monotonic() - before >= 0.2


def test_it_offers_what_it_is_told_to() -> None:
    everything = {"pipelining", "8bitmime", "smtputf8", "size", "enhancedstatuscodes", "help"}
    nothing = Offer(pipelining=False, eight_bit=False, smtputf8=False, size_bytes=None)
    for offer, expected in ((Offer(), everything), (nothing, {"enhancedstatuscodes", "help"})):
        with ScriptedSmtp(offer=offer) as server, smtplib.SMTP(server.host, server.port) as client:
            client.ehlo()
            assert set(client.esmtp_features) == expected


@pytest.mark.parametrize(("eager", "replies"), [(True, [250, 550, 354, 554, 221]), (False, [250, 550, 503, 221])])
def test_a_pipelined_letter_without_recipients(eager: bool, replies: list[int]) -> None:
    commands = [f"MAIL FROM:<{SENDER}>", "RCPT TO:<bob@a.test>", "DATA", *(["."] if eager else []), "QUIT"]
    with ScriptedSmtp(script({("rcpt", "*"): "550 5.1.1 no"}), offer=Offer(eager_data=eager)) as server:
        with smtplib.SMTP(server.host, server.port) as client:
            client.ehlo()
            client.send("\r\n".join([*commands, ""]))
            assert [client.getreply()[0] for _ in replies] == replies
            client.close()
        assert server.letters == []


def test_starttls_and_a_login(authority: Authority) -> None:
    offer = Offer(certificate=authority.certificate(), login=("news", "right"))
    with ScriptedSmtp(offer=offer) as server, smtplib.SMTP("localhost", server.port) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=authority.client_context())
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail(SENDER, ["ann@a.test"], letter("no login"))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("news", "wrong")
        client.login("news", "right")
        client.sendmail(SENDER, ["ann@a.test"], letter("secure"))
        assert [(kept.tls, kept.username) for kept in server.letters] == [(True, "news")]


def test_a_login_without_tls_refused_on_cue() -> None:
    offer = Offer(login=("news", "right"))
    with ScriptedSmtp(script({("auth", "*"): ["454 4.7.0 later"] * 2}), offer=offer) as server:
        with smtplib.SMTP(server.host, server.port) as client:
            with pytest.raises(smtplib.SMTPAuthenticationError, match="454"):
                client.login("news", "right")
            client.login("news", "right")
            client.sendmail(SENDER, ["ann@a.test"], letter("in the clear"))
        assert server.letters[0].username == "news"


def test_tls_from_the_first_byte(authority: Authority) -> None:
    offer = Offer(certificate=authority.certificate(), implicit_tls=True)
    with ScriptedSmtp(offer=offer) as server:
        with smtplib.SMTP_SSL("127.0.0.1", server.port, context=authority.client_context()) as client:
            client.sendmail(SENDER, ["ann@a.test"], letter("tls"))
        assert server.letters[0].tls


@pytest.mark.parametrize(
    ("names", "expired", "why"), [(("other.test",), False, "mismatch"), ((), True, "expired")], ids=["name", "date"]
)
def test_a_bad_certificate(authority: Authority, names: tuple[str, ...], expired: bool, why: str) -> None:
    offer = Offer(certificate=authority.certificate(*names, expired=expired))
    with ScriptedSmtp(offer=offer) as server, smtplib.SMTP("localhost", server.port) as client:
        with pytest.raises(ssl.SSLCertVerificationError, match=why):
            client.starttls(context=authority.client_context())
        client.close()


def test_it_stops_and_listens_again_on_the_same_port() -> None:
    with ScriptedSmtp() as server:
        with smtplib.SMTP(server.host, server.port) as client:
            server.stop()
            with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
                client.ehlo()
        with pytest.raises(ConnectionRefusedError):
            send(server, "ann@a.test")
        server.start()
        send(server, "ann@a.test")
        assert len(server.letters) == 1


def test_keep_sees_a_letter_before_its_sender_does() -> None:
    seen: list[Accepted] = []
    with ScriptedSmtp(keep=seen.append) as server:
        send(server, "ann@a.test")
        assert seen == server.letters


# The scripted server in a process of its own


def test_the_process_records_what_it_accepts_and_survives_a_kill() -> None:
    with SmtpProcess(replies={("rcpt", "bob@a.test"): "550 5.1.1 no"}) as server:
        send(server, "ann@a.test", subject="one")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(server, "bob@a.test", subject="two")
        server.kill()
        server.start()
        send(server, "ann@a.test", subject="three")
        assert [kept["message_id"] for kept in server.letters()] == ["<one@sender.test>", "<three@sender.test>"]


@pytest.fixture
def orphan() -> int:
    """The port of a server whose owner was killed."""
    code = (
        "import time; from tests.servers.smtp import SmtpProcess\n"
        "server = SmtpProcess().__enter__(); print(server.port, server.record.parent, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert owner.stdout is not None
    port, folder = owner.stdout.readline().split()
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    shutil.rmtree(folder)
    return int(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_a_server_ends_with_its_owner(orphan: int) -> None:
    def gone() -> bool:
        try:
            socket.create_connection(("127.0.0.1", orphan), timeout=5).close()
        except OSError:
            return True
        return False

    wait_until(gone, "the server's end")


# Chromium


def test_chromium_shows_a_page_and_axe_finds_what_is_wrong(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<!doctype html><html lang=en><title>t</title><main><h1>Hello</h1><img src=''></main></html>")
    assert page.inner_text("h1") == "Hello"
    assert [violation["id"] for violation in axe(page)] == ["image-alt"]
    page.close()


def test_axe_is_content_with_a_good_page(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<!doctype html><html lang=en><title>t</title><main><h1>Hello</h1></main></html>")
    assert axe(page) == []
    page.close()

"""A digest as it lies in the reader's mailbox, after real mail servers; and what real spam filters think of it.

`publisher send` hands it to Postfix by each of its doors, over four connections with PIPELINING; Dovecot keeps it.
"""

import re
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from publisher.actions.subscribe import add
from publisher.actions.tick import tick
from publisher.app import open_app
from publisher.core.dkim import parse_key
from publisher.core.letter import SLOT, Sender
from tests.core.signed_letters import ED25519_PEM, believed, records, signed_by
from tests.servers import opendkim, spamassassin
from tests.servers.dns import StubDns
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.loopback import wait_until
from tests.servers.postfix import Postfix
from tests.servers.rspamd import Rspamd
from tests.site import new_site, publisher

NOW = datetime.now(UTC).replace(microsecond=0)
"""Spam filters look at the clock."""
JOINED, WRITTEN = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
HOST, DOMAIN, ADDRESS = "tides.example.org", "news.example.org", "gauge@news.example.org"
CONNECTIONS = 4
TEXTS = (
    "The gauge at the old pier stood at **3.12 m** this morning, and [the table](https://tides.example.org/table) had said 3.05.",
    "A spring tide follows the full moon by two days here; the harbour master writes both into the same *blue* book.",
    "Eelgrass came back on its own after the winter storms. We counted forty shoots in a square metre, by hand.",
    "> A gauge that nobody reads is a stick.\n\nSo the school took it over, and reads it twice a day since March.",
    "1. Wait until the float is still.\n2. Read the mark below the needle.\n3. Write it down before you talk about it.",
    "| hour | metres |\n|---|---:|\n| 06:00 | 2.31 |\n| 09:00 | 3.12 |\n\nThe rest of the day was fog.",
    "Salt: thirty-one grams of it in a litre, a little less than last year, because of the rain in the hills.",
    "```python\ndef metres(marks: int, offset: float = 0.05) -> float:\n    return marks / 1000 + offset\n```\n\nIt is `mm`.",
    "Die Küste ist flach, und das Wasser kommt schnell: wer hinausgeht, sieht vorher auf die Uhr.",
    "We fixed the lamp at the jetty. It had been dark since the second of the month, and nobody fell in.",
    "![A line that rises and falls](https://tides.example.org/gauge.png)\n\nThat is the whole of a week, drawn by the needle.",
    "The ferry keeps to the summer timetable until the end of the month, said the man who sells the tickets.",
)
Door = Literal["plain", "submission", "tls"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key of each kind."""
    folder = tmp_path_factory.mktemp("keys")
    command = ["openssl", "genrsa", "-out", "rsa.pem", "2048"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "ed25519.pem").write_bytes(ED25519_PEM)
    return folder


@pytest.fixture(scope="module")
def signers(keys: Path) -> Sender:
    """Who the world knows by these keys."""
    found = signed_by(parse_key((keys / "rsa.pem").read_bytes(), "mail"), parse_key(ED25519_PEM, "brisbane"))
    return replace(found, address=ADDRESS)


def due(folder: Path, posts: int, readers: Iterable[str], **settings: object) -> Path:
    """A site with a digest of so many posts in its outbox."""
    common = {
        "SITE_URL": f"https://{HOST}",
        "SITE_TITLE": "Ebb & Flow",
        "MAIL_FROM": f"Die Küstenwache <{ADDRESS}>",
        "MAIL_REPLY_TO": "Ada <ada@example.org>",
        "DIGEST_TIME": f"{NOW - timedelta(minutes=1):%H:%M}",
        "RELEASE_BURST": 50,
        "POSTAL_ADDRESS": "Example Road 1, 00000 Nowhere",
        "LOG_LEVEL": "error",
    }
    new_site(folder, {name: str(value) for name, value in (common | settings).items()})
    app = open_app(folder, now=JOINED, environment={})
    tick(app.publication, JOINED)
    for number, reader in enumerate(readers):
        assert add(app.publication, reader, f"{number:016x}", JOINED)
    for number, text in enumerate(TEXTS[:posts]):
        head = f"title: Ebb, flut, part {number + 1}\ndate: {WRITTEN.isoformat()}\ntags: [tides]"
        (folder / "posts" / f"part-{number + 1}.md").write_text(f"---\n{head}\n---\n{text}\n")
    for at in (WRITTEN, NOW):
        found = tick(app.publication, at)
    assert [edition.posts for edition in found.composed] == [posts]
    app.close()
    return folder


def send(site: Path) -> None:
    done = publisher("send", cwd=site)
    assert (done.code, done.err) == (0, ""), done


# -- by Postfix to Dovecot


@pytest.mark.needs("opendkim", "postfix", "dovecot")
@pytest.mark.parametrize(("door", "has_domain"), [("plain", True), ("submission", True), ("tls", False)])
def test_a_digest_arrives_as_it_was_made_and_is_believed(
    door: Door,
    has_domain: bool,
    keys: Path,
    signers: Sender,
    postfix: Postfix,
    dovecot: Dovecot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(postfix.ca_file))
    readers = [f"reader-{number}@{door}-delivered.test" for number in range(30)]
    settings = {"MAIL_DOMAIN": DOMAIN} if has_domain else {}
    site = due(tmp_path / "site", 3, readers, **settings, **at_door(postfix, door, readers[0]), **signing(keys))
    log_before = postfix.log()
    send(site)
    letters = {reader: dovecot.wait_for(reader) for reader in readers}
    assert {len(found) for found in letters.values()} == {1}
    edition = frozen(site)
    for reader, [raw] in letters.items():
        letter = parsed(raw)
        token = has_the_headers_of_a_digest(letter, reader, has_domain=has_domain)
        for kind, text in zip(("plain", "html"), edition, strict=True):
            assert content(letter, kind).rstrip() == text.replace(SLOT, token).rstrip()
    for raw in (letters[readers[0]][0], letters[readers[-1]][0]):
        assert max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
        assert believed(raw, signers) == {"mail": True, "brisbane": True}
        assert opendkim.verdicts(raw, records(signers)) == {"mail": "pass", "brisbane": "pass"}
    goodbye = r"smtpd\[\d+\]: disconnect from .* quit=1"
    wait_until(
        lambda: len(re.findall(goodbye, postfix.log().removeprefix(log_before))) == CONNECTIONS,
        "a goodbye on each line",
    )
    log = postfix.log().removeprefix(log_before)
    assert len(re.findall(r"smtpd\[\d+\]: connect from", log)) == CONNECTIONS
    assert re.findall(r"(?i).*(?:warning|improper|lost connection|reject).*", log) == []


def at_door(postfix: Postfix, door: Door, username: str) -> dict[str, object]:
    port = {"plain": postfix.port, "submission": postfix.submission_port, "tls": postfix.tls_port}[door]
    security = {"plain": "none", "submission": "starttls", "tls": "tls"}[door]
    login = {} if door == "plain" else {"SMTP_USERNAME": username, "SMTP_PASSWORD": PASSWORD}
    return {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": port,
        "SMTP_SECURITY": security,
        "SMTP_CONNECTIONS": CONNECTIONS,
        **login,
    }


def signing(keys: Path) -> dict[str, object]:
    return {"DKIM_SELECTOR": "mail,brisbane", "DKIM_KEY_FILE": f"{keys}/rsa.pem,{keys}/ed25519.pem"}


def frozen(site: Path) -> tuple[str, str]:
    """The text and the HTML of the only edition."""
    with closing(sqlite3.connect(site / "var" / "publisher.db")) as database:
        [(text, html)] = database.execute("SELECT text, html FROM editions").fetchall()
    return text, html


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    assert found.defects == []
    return found


def content(letter: EmailMessage, kind: str) -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def has_the_headers_of_a_digest(letter: EmailMessage, reader: str, *, has_domain: bool) -> str:
    """Each of them once, and none besides but those of the way and the signatures; returns the reader's token."""
    sender_domain = DOMAIN if has_domain else ADDRESS.partition("@")[2]
    by_mail = (
        rf"mailto:unsubscribe\+(?P<again>[0-9a-f]{{32}})@{DOMAIN}"
        if has_domain
        else r"mailto:ada@example\.org\?subject=unsubscribe%20(?P<again>[0-9a-f]{32})"
    )
    wanted = {
        "Return-Path": rf"<bounces\+[0-9a-f]{{32}}@{DOMAIN}>" if has_domain else f"<{ADDRESS}>",
        "From": f"Die Küstenwache <{ADDRESS}>",
        "Reply-To": "Ada <ada@example.org>",
        "To": reader,
        "Date": re.escape(format_datetime(NOW)),
        "Subject": r"Ebb, flut, part 1.*",
        "Message-ID": rf"<[0-9a-f]{{32}}@{sender_domain}>",
        "List-Id": f"<digest.{HOST}>",
        "List-Unsubscribe": rf"<https://{HOST}/u/(?P<token>[0-9a-f]{{32}})>, ?<{by_mail}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": f"<https://{HOST}/archive/>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Feedback-ID": f"1:digest:publisher:{HOST}",
        "MIME-Version": r"1\.0",
        "Content-Type": r'multipart/alternative;\s*boundary="=_[0-9a-f]{32}"',
    }
    of_the_way = {"Received", "Delivered-To", "X-Original-To", "DKIM-Signature"}
    assert sorted(name for name in letter if name not in of_the_way) == sorted(wanted)
    found = {name: re.fullmatch(pattern, str(letter[name])) for name, pattern in wanted.items()}
    assert [f"{name}: {letter[name]}" for name, match in found.items() if match is None] == []
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in letter.iter_parts()} == {"quoted-printable"}
    ways_out = found["List-Unsubscribe"]
    assert ways_out is not None
    assert ways_out["token"] == ways_out["again"]
    return ways_out["token"]


# -- what spam filters think


class Stranger(NamedTuple):
    """The machine that hands our letters in at the reader's, where nobody knows it."""

    ip: str = "93.184.215.25"
    name: str = f"mail.{DOMAIN}"


@pytest.fixture(scope="module")
def letters(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Digests of 1, 3 and 12 posts, plain and signed."""
    found: dict[str, bytes] = {}
    for posts in (1, 3, 12):
        for kind, settings in (("plain", {}), ("signed", signing(keys))):
            folder = tmp_path_factory.mktemp("filtered") / "site"
            site = due(folder, posts, ["ann@reader.test"], MAIL_TRANSPORT="file", MAIL_DOMAIN=DOMAIN, **settings)
            send(site)
            [file] = (site / "var" / "mail").glob("*.eml")
            found[f"{posts} {kind}"] = taken_in(file.read_bytes())
    assert [name for name, letter in found.items() if b"DKIM-Signature" in letter] == [
        "1 signed",
        "3 signed",
        "12 signed",
    ]
    return found


def taken_in(letter: bytes) -> bytes:
    """With the line that the reader's mail server writes on top."""
    by = "by mx.reader.test (Postfix) with ESMTPS id 4XyzAbC1dez for <ann@reader.test>"
    ip, name = Stranger()
    return f"Received: from {name} ({name} [{ip}])\r\n\t{by};\r\n\t{format_datetime(NOW)}\r\n".encode() + letter


@pytest.mark.needs("spamassassin")
def test_spamassassin_has_nothing_against_it(letters: dict[str, bytes]) -> None:
    for name, verdict in spamassassin.verdicts(letters).items():
        assert verdict.score <= 0, name
        assert set(verdict.rules) == {"HTML_MESSAGE", "MAILING_LIST_MULTI"}, name


@pytest.mark.needs("spamassassin")
def test_spamassassin_can_say_otherwise(letters: dict[str, bytes]) -> None:
    bad = re.sub(rb"\r\nSubject: [^\r]*", b"\r\nSubject: FREE VIAGRA!!! CALL NOW", letters["3 plain"])
    assert spamassassin.verdicts({"bad": bad.replace(b"\r\nDate:", b"\r\nX-Date:")})["bad"].score > 1


BY_CHANCE = {"URI_COUNT_ODD", "MANY_INVISIBLE_PARTS"}
"""An odd number of links, which the posts decide, and more than none that is hidden: the words that a list of letters shows."""


@pytest.mark.needs("rspamd")
def test_rspamd_lets_it_in_and_believes_it(letters: dict[str, bytes], signers: Sender) -> None:
    ip, name = Stranger()
    zone = {record_name: {"TXT": [text]} for record_name, text in records(signers).items()} | {
        DOMAIN: {"TXT": [f"v=spf1 ip4:{ip} -all"], "MX": [f"10 {name}."], "A": [ip]},
        f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
        name: {"A": [ip]},
        f"{'.'.join(reversed(ip.split('.')))}.in-addr.arpa": {"PTR": [f"{name}."]},
    }
    with StubDns(zone) as dns, Rspamd(dns.port) as rspamd:
        for which, letter in letters.items():
            sender = f"bounces+{'0' * 32}@{DOMAIN}"
            verdict = rspamd.verdict(letter, ip=ip, name=name, mail_from=sender, rcpt_to="ann@reader.test")
            assert verdict.action == "no action", (which, verdict)
            assert {rule for rule, score in verdict.rules.items() if score > 0} <= BY_CHANCE, (which, verdict)
            assert {"R_SPF_ALLOW", "DMARC_POLICY_ALLOW", "MAILLIST"} <= verdict.rules.keys()
            assert verdict.rules.keys().isdisjoint({"R_DKIM_REJECT", "R_DKIM_PERMFAIL", "R_DKIM_TEMPFAIL"})
            assert ("R_DKIM_ALLOW" in verdict.rules) == which.endswith("signed")

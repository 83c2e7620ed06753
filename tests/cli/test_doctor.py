"""`publisher doctor`: each thing that can be missing, on real servers, with the line that mends it."""

import json
import os
import re
import shlex
import sqlite3
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from publisher.actions.examine import examine
from publisher.app import open_examination
from publisher.clock import clock
from publisher.disk.lock import Lock
from tests.servers.certificates import Authority
from tests.servers.dns import SERVFAIL, SILENCE, StubDns, Zone
from tests.servers.loopback import HOST, free_port
from tests.servers.packages import program
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import Offer, ScriptedSmtp
from tests.site import POST, Ran, new_site, publisher, python_m_publisher, served

CHECKS = [
    "configuration", "disk", "disk", "database", "clock", "DNS", "SPF", "DKIM", "DMARC", "MX", "SMTP", "web address", "feeds",
    "ticker",
]  # fmt: skip
SPF_LINE = 'example.org. TXT "v=spf1 a:blog.example.org -all"'
ELEVEN = " ".join(f"a:h{number}.example.org" for number in range(11))
DMARC_LINE = '_dmarc.example.org. TXT "v=DMARC1; p=none; rua=mailto:me@example.org"'
ZONE: Zone = {
    "example.org": {"A": ["192.0.2.80"], "MX": ["10 mx.example.org."], "TXT": ["v=spf1 a:blog.example.org -all"]},
    "blog.example.org": {"A": ["192.0.2.80"]},
    "mx.example.org": {"A": ["192.0.2.26"]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=none"]},
}


class Found(NamedTuple):
    state: str
    found: str
    lines: list[str]


class Site:
    """A site with a mail server and a name server of its own, and what `doctor` finds there."""

    def __init__(self, folder: Path, dns: StubDns, smtp: ScriptedSmtp) -> None:
        self.dns, self.smtp = dns, smtp
        settings = {
            "SITE_URL": f"http://{HOST}:{free_port()}",
            "DNS_SERVER": f"{HOST}:{dns.port}",
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(smtp.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "me@example.org",
            "LOG_LEVEL": "error",
        }
        self.folder = new_site(folder, settings)
        (self.folder / ".env").chmod(0o600)

    def run(self, *arguments: str, **settings: str) -> Ran:
        return publisher(*arguments, cwd=self.folder, settings=settings)

    def examined(self, *arguments: str, **settings: str) -> list[tuple[str, Found]]:
        done = self.run("doctor", "--json", *arguments, **settings)
        found = findings(done)
        assert done.code == int(any(each.state == "failed" for _, each in found))
        return found

    def of(self, check: str, *arguments: str, **settings: str) -> Found:
        """The worst that one check found."""
        found = [each for name, each in self.examined(*arguments, **settings) if name == check]
        return min(found, key=lambda each: ["failed", "warning", "skipped", "ok"].index(each.state))


def findings(done: Ran) -> list[tuple[str, Found]]:
    assert done.err == ""
    values: list[dict[str, Any]] = json.loads(done.out)
    assert {key for value in values for key in value} == {"name", "state", "found", "wanted", "lines"}
    assert all(value["wanted"] for value in values if value["lines"])
    return [(value["name"], Found(value["state"], value["found"], value["lines"])) for value in values]


@pytest.fixture
def dns() -> Iterator[StubDns]:
    with StubDns(ZONE) as found:
        yield found


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, dns: StubDns, smtp: ScriptedSmtp) -> Site:
    return Site(tmp_path / "site", dns, smtp)


@contextmanager
def on_the_web(
    site: Site, monkeypatch: pytest.MonkeyPatch, url: str = "http://blog.example.org"
) -> Iterator[dict[str, str]]:
    """The settings of a site that the world reaches under its own name: its web server is asked as a proxy."""
    settings = {"SITE_URL": url}
    with served(site.folder, changes={"site_url": url}) as web:
        monkeypatch.setenv("http_proxy", f"http://{HOST}:{web.port}")
        yield settings


# -- the whole


def test_where_all_is_in_order_every_check_says_so_and_the_exit_code_is_0(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_the_web(site, monkeypatch) as settings:
        assert site.run("tick", **settings).code == 0
        found = site.examined(**settings)
        shown = site.run("doctor", **settings)
    assert [name for name, _ in found if name != "web address"] == [name for name in CHECKS if name != "web address"]
    assert {(name, each.state) for name, each in found if each.state != "ok"} == {
        ("DKIM", "warning"),
        ("web address", "warning"),
    }
    assert shown.code == 0
    assert re.search(r"(?m)^ok       SPF            example\.org: v=spf1 a:blog\.example\.org -all$", shown.out)
    assert re.search(r"(?m)^    PUBLISHER_DKIM_KEY_FILE=var/dkim\.pem$", shown.out)
    assert shown.err.strip() == "0 failed, 2 warnings, 13 in order"


def test_a_new_site_is_told_what_comes_next(tmp_path: Path) -> None:
    assert python_m_publisher("init", "site", cwd=tmp_path).code == 0
    done = python_m_publisher("doctor", "--json", cwd=tmp_path / "site")
    found = dict(findings(done))
    assert done.code == 1
    assert found["configuration"].lines == ["PUBLISHER_SITE_URL=https://blog.example.org"]
    assert found["SMTP"] == (
        "warning", "no mail leaves, nobody can join and no digest is made", ["PUBLISHER_SMTP_HOST=smtp.example.org"]
    )  # fmt: skip
    assert (found["web address"].state, found["web address"].lines) == ("failed", ["publisher serve"])
    assert (found["feeds"].state, found["feeds"].lines) == ("failed", ["publisher build"])
    assert found["ticker"].state == "warning"
    (line,) = found["ticker"].lines
    assert line.startswith(f"* * * * *  cd {tmp_path / 'site'} && ")
    assert (
        subprocess.run(line.removeprefix("* * * * *  "), shell=True, check=False, capture_output=True).returncode == 0
    )
    after = dict(findings(python_m_publisher("doctor", "--json", cwd=tmp_path / "site")))
    assert (after["ticker"].state, after["feeds"].state) == ("ok", "ok")


def test_a_wrong_setting_ends_it_as_it_ends_every_command(site: Site) -> None:
    done = site.run("doctor", "--json", DNS_SERVER="dns.example.org", SMTP_PORT="0")
    assert (done.code, done.out) == (78, "")
    assert "PUBLISHER_DNS_SERVER: 'dns.example.org' can't be used, wanted is an address with a port" in done.err
    assert "PUBLISHER_SMTP_PORT" in done.err


def test_a_check_that_breaks_off_stops_no_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PUBLISHER_")]:
        monkeypatch.delenv(name)

    def broken(_: object) -> Mapping[Any, Any]:
        raise ZeroDivisionError("no such luck")

    examination = open_examination(site.folder, clock(), program="publisher")
    found = list(examine(replace(examination, ask=broken), datetime.now(UTC)))
    assert [finding.check for finding in found if finding.check != "web address"] == [
        name for name in CHECKS if name != "web address"
    ]
    dns = [finding for finding in found if finding.check in ("DNS", "SPF", "DKIM", "DMARC", "MX")]
    assert {finding.state for finding in dns} == {"failed"}
    assert "this check itself broke off (ZeroDivisionError: no such luck)" in dns[0].found
    assert next(finding for finding in found if finding.check == "SMTP").state == "ok"


@pytest.mark.parametrize("columns", [30, 59, 60, 100])
def test_a_narrow_terminal_shows_all_words_and_leaves_the_lines_to_add_whole(
    site: Site, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    site.dns.zone = {**ZONE, "_dmarc.example.org": {}}
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = site.run("doctor").out
    assert f"\n    {DMARC_LINE}\n" in shown
    talk = [line for line in shown.splitlines() if not line.startswith("    ") or line.startswith(" " * 24)]
    assert [line for line in talk if len(line) > columns and " " in line.strip()] == []
    assert "example.org has no DMARC record, which large providers want" in " ".join(shown.split())


# -- configuration and disk


def test_a_sender_at_a_free_provider_needs_that_providers_server(site: Site) -> None:
    found = [each for name, each in site.examined(MAIL_FROM="Me <me@gmail.com>") if name == "configuration"]
    assert [(each.state, each.lines) for each in found] == [
        ("warning", ["PUBLISHER_SITE_URL=https://blog.example.org"]),
        ("warning", ["PUBLISHER_MAIL_FROM=A notebook <news@example.org>"]),
    ]
    assert "gmail.com, whose provider tells receivers (DMARC)" in found[1].found
    assert site.of("SPF", MAIL_FROM="me@gmail.com") == ("skipped", "gmail.com belongs to its provider", [])


def test_secrets_that_anybody_can_read_are_told_with_the_command_that_hides_them(site: Site) -> None:
    (site.folder / "my password").write_text("secret")
    (site.folder / ".env").chmod(0o644)
    settings = {"SMTP_PASSWORD_FILE": "my password", "SMTP_USERNAME": "me", "SMTP_HOST": "localhost"}
    found = site.of("disk", **settings)
    assert found.state == "failed"
    (line,) = found.lines
    assert shlex.split(line) == ["chmod", "o=", str(site.folder / ".env"), str(site.folder / "my password")]
    assert subprocess.run(line, shell=True, check=False).returncode == 0
    assert stat.S_IMODE((site.folder / ".env").stat().st_mode) == 0o640
    assert site.of("disk", **settings).state == "ok"


def test_a_folder_that_may_not_be_written_to_is_told(site: Site) -> None:
    assert site.run("build").code == 0
    (site.folder / "public").chmod(0o555)
    done = python_m_publisher("doctor", "--json", cwd=site.folder, is_plain_user=True)
    _, found = [each for name, each in findings(done) if name == "disk"]
    folder = site.folder / "public"
    assert found == ("failed", f"{folder}: Permission denied", [f'sudo chown -R "$(id -u)" {folder}'])


# -- database and clock


def test_a_damaged_database_is_told_and_the_rest_is_examined_all_the_same(site: Site) -> None:
    assert site.run("tick").code == 0
    path = site.folder / "var" / "publisher.db"
    with closing(sqlite3.connect(path)) as file:
        page = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'subscribers'").fetchone()[0]
        size = file.execute("PRAGMA page_size").fetchone()[0]
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(data)
    found = site.of("database")
    assert (found.state, found.lines) == ("failed", ["publisher restore FILE"])
    assert site.of("clock").state == "ok"


def test_a_database_that_can_not_be_opened_is_told_and_the_rest_is_examined_all_the_same(site: Site) -> None:
    assert site.run("tick").code == 0
    with closing(sqlite3.connect(site.folder / "var" / "publisher.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    found = dict(site.examined())
    assert found["database"].state == "failed"
    assert "made by a newer publisher" in found["database"].found
    assert found["database"].lines == ["pip install --upgrade publisher"]
    assert (found["clock"].state, found["SPF"].state) == ("ok", "ok")
    assert found["ticker"] == ("skipped", "the database can't be asked", [])
    (site.folder / "var" / "publisher.db").write_bytes(b"something else, and rather longer than nothing" * 100)
    assert site.of("database").lines == ["publisher restore FILE"]


def test_a_server_for_the_database_is_asked_its_version(site: Site, postgresql: PostgreSQL) -> None:
    found = site.of("database", DATABASE_URL=postgresql.create_database())
    assert found.state == "ok"
    assert re.fullmatch(r"PostgreSQL 1[3-9]\.\d+, sound, its tables at step \d+", found.found)
    nobody = site.of("database", DATABASE_URL=f"postgresql://me@{HOST}:{free_port()}/site")
    assert (nobody.state, nobody.lines) == (
        "failed", ["PUBLISHER_DATABASE_URL=postgresql://user:password@host/name"],
    )  # fmt: skip


def test_a_clock_that_is_behind_is_told(site: Site) -> None:
    assert site.of("clock", TIMEZONE="Europe/Berlin").state == "ok"
    found = site.of("clock", "--now", "2020-01-01T08:00:00Z", TIMEZONE="Europe/Berlin")
    assert (found.state, found.lines) == ("failed", ["sudo timedatectl set-ntp true"])
    assert "it is 2020-01-01 09:00 in Europe/Berlin by this clock, and var/" in found.found


# -- the DNS


@pytest.mark.parametrize(
    ("check", "change", "words", "line"),
    [
        ("SPF", {"example.org": {"A": ["192.0.2.80"]}}, "has no SPF record", SPF_LINE),
        ("SPF", {"example.org": {"TXT": ["v=spf1 mx ~all"]}}, "does not name blog.example.org",
         'example.org. TXT "v=spf1 mx a:blog.example.org ~all"'),
        ("SPF", {"example.org": {"TXT": ["v=spf1 mx ~all", "v=spf1 a -all"]}}, "there are 2 SPF records",
         'example.org. TXT "v=spf1 a mx a:blog.example.org -all"'),
        ("SPF", {"example.org": {"TXT": ["v=spf1 +all"]}}, "+all lets anybody send", SPF_LINE),
        ("SPF", {"example.org": {"TXT": [f"v=spf1 {ELEVEN} a:blog.example.org -all"]}}, "takes 12 lookups",
         f'example.org. TXT "v=spf1 {ELEVEN} a:blog.example.org -all"'),
        ("DMARC", {"_dmarc.example.org": {}}, "has no DMARC record", DMARC_LINE),
        ("DMARC", {"_dmarc.example.org": {"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}}, "2 DMARC records",
         '_dmarc.example.org. TXT "v=DMARC1; p=none"'),
        ("DNS", {"example.org": {"TXT": ["v=spf1 a:blog.example.org -all"]}}, "neither an address nor a mail server",
         "example.org. MX 10 mail.example.org."),
        ("DNS", {"example.org": SERVFAIL}, "example.org A (SERVFAIL)", "PUBLISHER_DNS_SERVER=9.9.9.9:53"),
        ("DNS", {"_dmarc.example.org": SILENCE}, "_dmarc.example.org TXT (no answer)", "PUBLISHER_DNS_SERVER=9.9.9.9:53"),
        ("MX", {"example.org": {"TXT": []}, "mx.example.org": {}}, "has no MX record, so bounces can't arrive",
         "example.org. MX 10 mail.example.org."),
    ],
)  # fmt: skip
def test_what_is_missing_in_the_dns_is_told_with_the_record_to_add(
    site: Site, monkeypatch: pytest.MonkeyPatch, check: str, change: Zone, words: str, line: str
) -> None:
    site.dns.zone = {**ZONE, **change}
    monkeypatch.setenv("http_proxy", f"http://{HOST}:{free_port()}")
    found = site.of(check, SITE_URL="http://blog.example.org")
    assert (found.state, found.lines) == ("failed", [line])
    assert words in found.found


def test_a_return_path_of_its_own_needs_records_of_its_own(site: Site) -> None:
    found = dict(site.examined(MAIL_DOMAIN="bounces.example.org"))
    assert found["MX"] == (
        "failed",
        "bounces.example.org has no MX record, so bounces can't arrive",
        ["bounces.example.org. MX 10 mx.example.org."],
    )
    assert found["SPF"].lines == ['bounces.example.org. TXT "v=spf1 ip4:ADDRESS -all"']
    assert found["DMARC"].state == "ok"
    apart = site.of("DMARC", MAIL_DOMAIN="example.net")
    assert (apart.state, apart.lines) == ("warning", ["PUBLISHER_MAIL_DOMAIN=example.org"])
    site.dns.zone = {**ZONE, "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]}}
    assert site.of("DMARC", MAIL_DOMAIN="example.net").state == "failed"


def test_letters_without_a_signature_are_told_with_the_command_that_makes_a_key(site: Site) -> None:
    assert site.run("build").code == 0
    command, *settings = site.of("DKIM").lines
    assert settings == ["PUBLISHER_DKIM_SELECTOR=mail", "PUBLISHER_DKIM_KEY_FILE=var/dkim.pem"]
    arguments = [program("openssl") or "openssl", *command.split()[1:]]
    assert subprocess.run(arguments, cwd=site.folder, check=False, capture_output=True).returncode == 0
    assert stat.S_IMODE((site.folder / "var" / "dkim.pem").stat().st_mode) == 0o600


def test_letters_that_leave_nowhere_ask_no_name_server(site: Site) -> None:
    found = dict(site.examined(MAIL_TRANSPORT="file"))
    assert {found[name].state for name in ("DNS", "SPF", "DKIM", "DMARC", "MX", "SMTP")} == {"skipped"}
    assert site.dns.asked == []
    assert site.smtp.connections == 0


# -- SMTP


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_server_is_greeted_and_logged_into_and_no_letter_is_begun(
    tmp_path: Path, dns: StubDns, authority: Authority, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    offer = Offer(certificate=authority.certificate(), implicit_tls=security == "tls", login=("me", "secret"))
    login = {"SMTP_SECURITY": security, "SMTP_USERNAME": "me", "SMTP_PASSWORD": "secret"}
    with ScriptedSmtp(offer=offer) as smtp:
        site = Site(tmp_path / "site", dns, smtp)
        until = datetime.now(UTC) + timedelta(days=30)
        found = site.of("SMTP", **login)
        assert (found.state, found.lines) == ("ok", [])
        assert re.search(rf"its certificate ends on {until:%Y-%m-%d}, in (29|30) days", found.found)
        soon = site.of("SMTP", "--now", (datetime.now(UTC) + timedelta(days=20)).isoformat(), **login)
        assert (soon.state, soon.lines) == ("warning", ["sudo certbot renew"])
        assert "auth" in smtp.stages()
        assert not {*smtp.stages()} & {"mail", "rcpt", "data"}
        refused = site.run("doctor", "--json", **login | {"SMTP_PASSWORD": "another one"})
    found = dict(findings(refused))["SMTP"]
    assert "refuses the login: 535" in found.found
    assert found.lines == ["PUBLISHER_SMTP_USERNAME=me", "PUBLISHER_SMTP_PASSWORD=..."]
    assert "another one" not in refused.out


@pytest.mark.parametrize("kind", ["expired", "other name", "unknown authority"])
def test_a_certificate_that_can_not_be_trusted_is_told(
    tmp_path: Path, dns: StubDns, authority: Authority, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind != "unknown authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    names = ("mail.elsewhere.test",) if kind == "other name" else ()
    offer = Offer(certificate=authority.certificate(*names, expired=kind == "expired"))
    with ScriptedSmtp(offer=offer) as smtp:
        found = Site(tmp_path / "site", dns, smtp).of("SMTP", SMTP_SECURITY="starttls")
    assert found.state == "failed"
    assert "shows a certificate that can't be trusted" in found.found
    assert found.lines == ["PUBLISHER_SMTP_HOST=localhost"]


def test_a_mail_server_that_is_not_there_is_told(site: Site) -> None:
    port = free_port()
    found = site.of("SMTP", SMTP_PORT=str(port))
    assert (found.state, found.lines) == ("failed", ["PUBLISHER_SMTP_HOST=localhost", f"PUBLISHER_SMTP_PORT={port}"])
    assert f"the mail server localhost:{port}: Connection refused" in found.found


# -- the web, the feeds, the ticker


def test_a_site_without_https_is_told_what_that_costs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_the_web(site, monkeypatch) as settings:
        found = site.of("web address", **settings)
    assert (found.state, found.lines) == ("warning", ["PUBLISHER_SITE_URL=https://blog.example.org"])
    assert "RFC 8058" in found.found


def test_a_site_that_nobody_serves_is_told_how_to_serve_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{HOST}:{free_port()}")
    found = [each for name, each in site.examined(SITE_URL="http://blog.example.org") if name == "web address"]
    assert [(each.state, each.lines) for each in found] == [
        ("failed", [f"include {site.folder}/var/nginx.conf;"]),
        ("failed", ["publisher serve"]),
        ("warning", ["PUBLISHER_SITE_URL=https://blog.example.org"]),
    ]
    assert "http://blog.example.org/atom.xml: nobody answers" in found[0].found
    assert "nobody can join, confirm or leave" in found[1].found


def test_another_site_and_an_older_state_of_ours_are_told_apart(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_the_web(site, monkeypatch) as settings:
        (site.folder / "posts" / "new.md").write_text(POST.replace("Low water", "High water"))
        assert site.run("build", "--output", str(tmp_path / "elsewhere"), **settings).code == 0
        older = site.of("web address", OUTPUT_DIR=str(tmp_path / "elsewhere"), **settings)
    assert (older.state, older.lines) == ("warning", [f"include {site.folder}/var/nginx.conf;"])
    assert "our feed in another state" in older.found
    with served(tmp_path / "other", changes={"site_url": "http://other.example.org"}) as web:
        monkeypatch.setenv("http_proxy", f"http://{HOST}:{web.port}")
        found = site.of("web address", SITE_URL="http://blog.example.org")
    assert (found.state, found.lines) == ("failed", [f"include {site.folder}/var/nginx.conf;"])
    assert "something that is not our feed" in found.found


def test_feeds_that_are_missing_broken_or_old_are_told_with_the_command_that_makes_them(site: Site) -> None:
    folder = site.folder / "public"
    assert site.of("feeds") == ("failed", f"no rss.xml or atom.xml or feed.json in {folder}", ["publisher build"])
    assert site.run("build").code == 0
    assert site.of("feeds").state == "ok"
    (site.folder / "posts" / "new.md").write_text(POST.replace("Low water", "High water").replace("11-20", "11-21"))
    old = site.of("feeds")
    assert (old.state, old.lines) == ("failed", ["publisher build"])
    assert "rss.xml, atom.xml, feed.json in" in old.found
    assert "older than the newest post" in old.found
    assert site.run("build").code == 0
    for name, text in (("rss.xml", "<rss>"), ("feed.json", "{}")):
        (folder / name).write_text(text)
    broken = site.of("feeds")
    assert (broken.state, broken.lines) == ("failed", ["publisher build --full"])
    assert f"rss.xml, feed.json in {folder} can't be read" in broken.found
    assert site.run(*broken.lines[0].split()[1:]).code == 0
    assert site.of("feeds").state == "ok"


def test_who_does_what_is_due_is_found_and_else_told_how(site: Site) -> None:
    found = site.of("ticker")
    assert found.state == "failed"
    assert re.fullmatch(rf"\* \* \* \* \*  cd {re.escape(str(site.folder))} && .*publisher tick", found.lines[0])
    assert "tick never ran: no digest is made" in found.found
    assert site.run("tick").code == 0
    assert site.of("ticker") == ("ok", "publisher tick ran 0 minutes ago", [])
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    assert site.of("ticker", "--now", later).state == "failed"
    lock = Lock(site.folder / "var" / "serve.lock")
    assert lock.acquire()
    try:
        assert site.of("ticker", "--now", later) == ("ok", "publisher serve is at work on this site", [])
    finally:
        lock.release()

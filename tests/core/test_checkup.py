"""What no test can bring about in earnest: full disks, old servers, certificates that end soon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.core import checkup
from publisher.core.checkup import Fetched, Health, Room
from publisher.core.errors import RelayDown
from publisher.core.mailauth import Mailing
from publisher.core.model import Site

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SITE = Site(
    url="https://blog.example.org",
    service_url="https://blog.example.org",
    title="Low Water",
    description="Tides.",
    language="en",
    timezone=ZoneInfo("Europe/Berlin"),
)
MAILING = Mailing(address="me@gmail.com", return_domain="gmail.com", leaves_from=(), signing=())
FEED = b"<feed><id>https://blog.example.org/</id><entry><id>1</id></entry></feed>"
OURS = Fetched(status=200, reason="OK", body=FEED)
FINE = Fetched(status=200, reason="OK")


@pytest.mark.parametrize(
    ("free_bytes", "state"),
    [(0, "failed"), (49_999_999, "failed"), (50_000_000, "warning"), (499_999_999, "warning"), (500_000_000, "ok")],
)
def test_a_disk_that_fills_up_is_told_before_it_is_full(free_bytes: int, state: str) -> None:
    (finding,) = checkup.disk_findings([Room(folder="/a b/var", free_bytes=free_bytes, refusal=None)], [])
    assert (finding.state, finding.lines) == (
        state,
        () if state == "ok" else ("du -xh '/a b/var' | sort -h | tail",),
    )


@pytest.mark.parametrize(("version", "state"), [((12, 20), "failed"), ((13, 0), "ok"), ((17, 2), "ok")])
def test_an_old_server_for_the_database_is_told(version: tuple[int, ...], state: str) -> None:
    finding = checkup.database_finding(Health(kind="PostgreSQL", version=version, revision="0001", damage=None))
    assert (finding.state, finding.lines) == (state, () if state == "ok" else ("sudo apt install postgresql",))


@pytest.mark.parametrize(
    ("relay", "is_told"),
    [("smtp.gmail.com", False), ("aspmx.l.google.com", False), ("gmail.com.example.net", True), ("localhost", True)],
)
def test_a_providers_address_goes_with_its_own_servers_alone(relay: str, is_told: bool) -> None:
    (finding,) = checkup.settings_findings(SITE, MAILING, [relay])
    assert (finding.state, finding.lines) == (
        ("warning", ("PUBLISHER_MAIL_FROM=Low Water <news@blog.example.org>",)) if is_told else ("ok", ())
    )


@pytest.mark.parametrize(("days", "is_told"), [(13, True), (14, False)])
def test_a_certificate_that_ends_soon_is_told(days: int, is_told: bool) -> None:
    until = NOW + timedelta(days=days)
    web = [*checkup.web_findings(SITE, OURS, FEED, FINE, until, NOW, "/site/var/nginx.conf")]
    relay = checkup.relay_finding("smtp.example.org:587", None, until, NOW, {})
    assert [(finding.state, finding.lines) for finding in (*web[1:], relay)] == (
        [("warning", ("sudo certbot renew",))] * 2 if is_told else [("ok", ())]
    )


@pytest.mark.parametrize(
    ("site_url", "service_url", "lines"),
    [
        ("https://a.example.org", "https://b.example.org", []),
        ("http://a.example.org", "http://a.example.org", ["PUBLISHER_SITE_URL=https://a.example.org"]),
        ("https://a.example.org", "http://b.example.org", ["PUBLISHER_SERVICE_URL=https://b.example.org"]),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", []),
    ],
)
def test_links_to_leave_need_https(site_url: str, service_url: str, lines: list[str]) -> None:
    site = replace(SITE, url=site_url, service_url=service_url)
    found = [*checkup.web_findings(site, OURS, FEED, FINE, None, NOW, "")]
    assert [line for finding in found for line in finding.lines] == lines


def test_a_site_that_is_not_built_here_can_not_be_compared() -> None:
    (finding,) = checkup.web_findings(SITE, OURS, None, None, None, NOW, "")
    assert (finding.state, finding.lines) == ("failed", ("publisher build",))


@pytest.mark.parametrize("status", [404, 500, None])
def test_a_service_that_does_not_answer_is_told(status: int | None) -> None:
    _, finding = checkup.web_findings(SITE, OURS, FEED, Fetched(status=status, reason="No"), None, NOW, "")
    assert (finding.state, finding.lines) == ("failed", ("publisher serve",))


def test_of_several_traces_the_latest_tells_of_the_clock() -> None:
    traces = {"var/a": NOW + timedelta(hours=1), "edition 7": NOW + timedelta(hours=2)}
    finding = checkup.clock_finding(NOW, SITE, traces)
    assert finding.found == (
        "it is 2026-11-22 09:00 in Europe/Berlin by this clock, and edition 7 is of 2026-11-22 11:00: "
        "it is behind, or was ahead then"
    )
    assert checkup.clock_finding(NOW, SITE, {"var/a": NOW + timedelta(minutes=4)}).state == "ok"
    assert checkup.clock_finding(NOW, SITE, {}).state == "ok"


def test_what_a_mail_server_says_is_no_advice() -> None:
    trouble = RelayDown("the mail server a:1: refuses the login: 535 no; go away; wanted is PUBLISHER_SMTP_PASSWORD")
    finding = checkup.relay_finding(
        "a:1", trouble, None, NOW, {"PUBLISHER_SMTP_PASSWORD": "PUBLISHER_SMTP_PASSWORD=..."}
    )
    assert finding.found == "the mail server a:1: refuses the login: 535 no; go away"
    assert finding.lines == ("PUBLISHER_SMTP_PASSWORD=...",)

"""What is to be said of the settings, the disk, the database, the clock, mail servers, the web, the feeds and the ticker.

The facts come in as values; whoever gathers them decides nothing. Mail's part of the DNS is in `mailauth`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import Literal
from urllib.parse import urlsplit

from publisher.core.errors import PublisherError, RelayDown
from publisher.core.feeds.ids import atom_id, item_ids
from publisher.core.finding import Finding, failed, ok, skipped, warning
from publisher.core.freemail import free_mail_servers
from publisher.core.identity import is_loopback
from publisher.core.mailauth import Mailing
from publisher.core.model import Site

LEAST_FREE_BYTES = 50_000_000
LITTLE_FREE_BYTES = 500_000_000
CLOCK_TOLERANCE = timedelta(minutes=5)
CERTIFICATE_NOTICE = timedelta(days=14)
TICKS_APART = timedelta(hours=1)
"""A crontab that runs more seldom than that is told of."""
OLDEST_POSTGRESQL = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A folder to be written to."""

    folder: str
    free_bytes: int
    refusal: str | None
    """Why a file could not be written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a database says of itself."""

    kind: Literal["SQLite", "PostgreSQL"]
    version: tuple[int, ...]
    revision: str
    damage: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of one question to the web."""

    status: int | None
    """None: nobody answered, or not in time."""
    reason: str
    body: bytes = b""


def settings_findings(site: Site, mailing: Mailing | None, relays: Sequence[str]) -> Iterator[Finding]:
    """`relays`: the hosts of the mail servers."""
    name, domain = "configuration", mailing.domain if mailing else ""
    providers = free_mail_servers(domain)
    is_foreign = any(not any(_is_within(relay, server) for server in providers) for relay in relays)
    if is_loopback(site.host):
        own = domain if "." in domain and not providers else "blog.example.org"
        why = f"PUBLISHER_SITE_URL is {site.url}, so the links in feeds and letters lead to this machine"
        yield warning(name, why, "wanted in .env is the site's own address", f"PUBLISHER_SITE_URL=https://{own}")
    if providers and is_foreign:
        own = "example.org" if is_loopback(site.host) else site.host
        why = f"letters come from {domain}, whose provider tells receivers (DMARC) to trust its own servers alone"
        line = f"PUBLISHER_MAIL_FROM={site.title} <news@{own}>"
        yield warning(name, why, "wanted in .env is a sender in a domain of yours", line)
    if not is_loopback(site.host) and not (providers and is_foreign):
        yield ok(name, "every setting can be used")


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def disk_findings(rooms: Sequence[Room], exposed: Sequence[str]) -> Iterator[Finding]:
    """`exposed`: files with secrets that anybody on this machine can read."""
    name = "disk"
    for room in rooms:
        free = f"{room.free_bytes // 1_000_000:,} MB are free for {room.folder}"
        if room.refusal:
            yield failed(
                name, f"{room.folder}: {room.refusal}", "wanted is that you may write there", _own(room.folder)
            )
        elif room.free_bytes < LITTLE_FREE_BYTES:
            tell = failed if room.free_bytes < LEAST_FREE_BYTES else warning
            yield tell(name, free, "wanted is more; what takes it", f"du -xh {quote(room.folder)} | sort -h | tail")
        else:
            yield ok(name, free)
    if exposed:
        what = f"anybody on this machine can read {', '.join(exposed)}"
        yield failed(name, what, "wanted", f"chmod o= {' '.join(map(quote, exposed))}")


def _own(folder: str) -> str:
    return f'sudo chown -R "$(id -u)" {quote(folder)}'


def database_finding(health: Health) -> Finding:
    name, version = "database", ".".join(map(str, health.version))
    if health.damage:
        why = f"the database is damaged: {health.damage}"
        return failed(name, why, "wanted is the newest backup", "publisher restore FILE")
    if health.kind == "PostgreSQL" and health.version[0] < OLDEST_POSTGRESQL:
        wanted = f"wanted is {OLDEST_POSTGRESQL} or later; on Debian"
        return failed(name, f"this is PostgreSQL {version}", wanted, "sudo apt install postgresql")
    return ok(name, f"{health.kind} {version}, sound, its tables at step {health.revision}")


def database_trouble(trouble: PublisherError, state: str) -> Finding:
    """It can't be used. `state`: the folder where it is, if it is a file."""
    lines = (
        ("newer publisher", "pip install --upgrade publisher"),
        ("restore a backup", "publisher restore FILE"),
        ("may write to", _own(state)),
        ("the database on", "PUBLISHER_DATABASE_URL=postgresql://user:password@host/name"),
    )
    why = str(trouble)
    line = next((line for sign, line in lines if sign in why), None)
    return failed("database", why, "this may mend it" if line else "", *([line] if line else []))


def clock_finding(now: datetime, site: Site, traces: Mapping[str, datetime]) -> Finding:
    """`traces`: when things were last done, by their names; a clock that shows less is behind."""
    local = f"{now.astimezone(site.timezone):%Y-%m-%d %H:%M} in {site.timezone}"
    what, at = max(traces.items(), key=lambda trace: trace[1], default=("", now))
    if at <= now + CLOCK_TOLERANCE:
        return ok("clock", f"it is {local}")
    why = f"it is {local} by this clock, and {what} is of {at.astimezone(site.timezone):%Y-%m-%d %H:%M}"
    return failed("clock", f"{why}: it is behind, or was ahead then", "wanted", "sudo timedatectl set-ntp true")


def relay_finding(
    server: str, trouble: RelayDown | None, certificate_until: datetime | None, now: datetime, shown: Mapping[str, str]
) -> Finding:
    """`shown`: the settings about this server as lines of `.env`, by their names."""
    if trouble:
        found, _, wanted = str(trouble).rpartition("; ")
        names = dict.fromkeys(re.findall(r"PUBLISHER_\w+", wanted))
        lines = [shown[name] for name in names if name in shown]
        return failed("SMTP", found, f"{wanted}; in .env stands" if lines else wanted, *lines)
    if certificate_until is None:
        return ok("SMTP", f"{server} is ready to take letters")
    until = f"{server} is ready to take letters; its certificate ends {_days(certificate_until, now)}"
    if certificate_until - now < CERTIFICATE_NOTICE:
        return warning(
            "SMTP", until, "wanted is that whoever runs it renews it; on your own machine", "sudo certbot renew"
        )
    return ok("SMTP", until)


def _days(until: datetime, now: datetime) -> str:
    return f"on {until:%Y-%m-%d}, in {(until - now).days} days"


def web_findings(
    site: Site,
    feed: Fetched,
    built: bytes | None,
    service: Fetched | None,
    certificate_until: datetime | None,
    now: datetime,
    include: str,
) -> Iterator[Finding]:
    """`feed`: what stands at the feed's address; `built`: what a build wrote for it; `service`: where readers join, None
    where nobody can. `include`: nginx's text for this site.
    """
    name, url = "web address", site.absolute("/atom.xml")
    serve = "publisher serve" if is_loopback(site.host) else f"include {include};"
    who = "wanted is" if is_loopback(site.host) else "wanted is a web server; for nginx, in its server block"
    if feed.status != 200:
        yield failed(name, f"{url}: {_answer(feed)}", who, serve)
    elif built is None:
        yield failed(name, f"{url} answers, and nothing is built here to compare it with", "wanted", "publisher build")
    elif feed.body == built:
        yield ok(name, f"{url} is what was built here")
    elif atom_id(feed.body) == atom_id(built):
        wanted = "wanted is the newest; where a web server serves the folder that is built, nothing is to be copied"
        yield warning(name, f"{url} is our feed in another state than what was built here", wanted, serve)
    else:
        yield failed(name, f"{url} answers with something that is not our feed", who, serve)
    if certificate_until and certificate_until - now < CERTIFICATE_NOTICE:
        why = f"the certificate of {site.host} ends {_days(certificate_until, now)}"
        yield warning(name, why, "wanted is a new one, with certbot", "sudo certbot renew")
    if service is not None:
        yield from _service_findings(name, site, service)


def _service_findings(name: str, site: Site, service: Fetched) -> Iterator[Finding]:
    if service.status != 200:
        why = f"{site.service_url}: {_answer(service)}, so nobody can join, confirm or leave"
        yield failed(name, why, "wanted is that it runs there", "publisher serve")
    parts = urlsplit(site.service_url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        setting = "SITE_URL" if site.service_url == site.url else "SERVICE_URL"
        yield warning(
            name,
            f"{site.service_url} has no https, and mail programs show Unsubscribe only with it (RFC 8058)",
            "wanted is a certificate, and in .env",
            f"PUBLISHER_{setting}=https{site.service_url[4:]}",
        )


def _answer(fetched: Fetched) -> str:
    return f"answers {fetched.status} {fetched.reason}" if fetched.status else f"nobody answers ({fetched.reason})"


def feed_findings(files: Mapping[str, bytes | None], newest_id: str | None, folder: str) -> Iterator[Finding]:
    """`files`: the three feeds, by the names of their files; `newest_id`: of the newest post that is public."""
    name, wanted, build = "feeds", "wanted", "publisher build"
    absent = [file for file, data in files.items() if data is None]
    ids = {file: item_ids(file, data) for file, data in files.items() if data is not None}
    broken = [file for file, found in ids.items() if found is None]
    old = [file for file, found in ids.items() if found is not None and newest_id and newest_id not in found]
    if absent:
        yield failed(name, f"no {' or '.join(absent)} in {folder}", wanted, build)
    if broken:
        yield failed(name, f"{', '.join(broken)} in {folder} can't be read", wanted, f"{build} --full")
    if old:
        yield failed(name, f"{', '.join(old)} in {folder} is older than the newest post", wanted, build)
    if not (absent or broken or old):
        yield ok(name, f"{', '.join(files)} are there, with the newest post" if newest_id else "no post is public yet")


def ticker_finding(*, serves: bool, ticked_at: datetime | None, now: datetime, has_mail: bool, crontab: str) -> Finding:
    """`crontab`: the line that makes cron do it."""
    if serves:
        return ok("ticker", "publisher serve is at work on this site")
    if ticked_at and now - ticked_at < TICKS_APART:
        return ok("ticker", f"publisher tick ran {(now - ticked_at) // timedelta(minutes=1)} minutes ago")
    last = f"last ran on {ticked_at:%Y-%m-%d %H:%M} UTC" if ticked_at else "never ran"
    tell = failed if has_mail else warning
    undone = "no digest is made" if has_mail else "posts of the future don't appear by themselves"
    return tell(
        "ticker",
        f"publisher serve does not run, and tick {last}: {undone}",
        "wanted is serve, or in the crontab",
        crontab,
    )


def no_mail() -> Finding:
    return warning(
        "SMTP",
        "no mail leaves, nobody can join and no digest is made",
        "wanted in .env is your provider's server",
        "PUBLISHER_SMTP_HOST=smtp.example.org",
    )


def mail_to_files() -> Finding:
    return skipped("SMTP", "letters become files (PUBLISHER_MAIL_TRANSPORT=file)")

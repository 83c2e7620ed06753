"""Examine everything that feeds, pages and letters need, in order; each check by itself, whatever becomes of the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from publisher.actions.publication import Relay, Workshop
from publisher.actions.survey import take_stock
from publisher.certificate import certificate_until
from publisher.core import checkup, mailauth
from publisher.core.errors import PublisherError, RelayDown
from publisher.core.feeds import FORMATS
from publisher.core.finding import Finding, failed, skipped
from publisher.core.mailauth import Mailing
from publisher.core.records import Answers, Lookup, Question
from publisher.disk.kept import Kept
from publisher.disk.lock import Lock
from publisher.disk.room import last_written, open_to_all, room
from publisher.fetch import fetch

if TYPE_CHECKING:
    from publisher.storage import Storage

Ask = Callable[[Iterable[Question]], Mapping[Question, Lookup]]
Find = Callable[[Mailing, Answers], Iterable[Finding]]
_MOST_QUESTIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server, and what the settings say of it."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    relay: Relay
    lines: Mapping[str, str]
    """The lines of `.env` about it, by their settings; secrets are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is examined, and the tools for it."""

    workshop: Workshop
    storage: "Storage | PublisherError"
    """Or why it could not be opened."""
    mailing: Mailing | None
    """None where no mail leaves."""
    servers: tuple[Server, ...]
    """None where letters become files."""
    secrets: tuple[Path, ...]
    """Files that nobody else is to read."""
    ask: Ask
    """The DNS."""
    tick: str
    """How `publisher tick` is called from anywhere on this machine."""


def examine(examination: Examination, now: datetime) -> Iterator[Finding]:
    """One finding or more of each check, as they come."""
    checks = _Checks(examination, now)
    for name, check in checks.all():
        try:
            yield from check()
        except PublisherError as error:
            yield failed(name, str(error), "")
        except OSError as error:
            yield failed(name, f"{error.filename or 'the system'}: {error.strerror or error}", "")
        except Exception as error:
            why = f"this check itself broke off ({type(error).__name__}: {error})"
            yield failed(name, why, "wanted is a report of this line: it is a bug of ours")


class _Checks:
    def __init__(self, examination: Examination, now: datetime) -> None:
        self._examination, self._now = examination, now
        self._site, self._folders = examination.workshop.site, examination.workshop.folders

    def all(self) -> list[tuple[str, Callable[[], Iterable[Finding]]]]:
        dns = (
            ("DNS", _one(mailauth.domain_finding)),
            ("SPF", _one(mailauth.spf_finding)),
            ("DKIM", mailauth.dkim_findings),
            ("DMARC", _one(mailauth.dmarc_finding)),
            ("MX", _one(mailauth.mx_finding)),
        )
        return [
            ("configuration", self._settings),
            ("disk", self._disk),
            ("database", self._database),
            ("clock", self._clock),
            *((name, lambda name=name, find=find: self._dns(name, find)) for name, find in dns),
            ("SMTP", self._smtp),
            ("web address", self._web),
            ("feeds", self._feeds),
            ("ticker", self._ticker),
        ]

    def _settings(self) -> Iterator[Finding]:
        relays = [server.host for server in self._examination.servers]
        return checkup.settings_findings(self._site, self._examination.mailing, relays)

    def _disk(self) -> Iterator[Finding]:
        rooms = [room(self._folders.state), room(self._folders.output)]
        return checkup.disk_findings(rooms, [str(path) for path in open_to_all(self._examination.secrets)])

    def _database(self) -> Iterator[Finding]:
        try:
            with self._storage.read() as tx:
                health = tx.health()
        except PublisherError as trouble:
            yield checkup.database_trouble(trouble, str(self._folders.state))
        else:
            yield checkup.database_finding(health)

    def _clock(self) -> Iterator[Finding]:
        traces: dict[str, datetime] = {}
        if newest := last_written(self._folders.state):
            traces[f"var/{newest[0]}"] = newest[1]
        if self._is_open:
            with self._storage.read() as tx:
                for edition in tx.editions.all(limit=1):
                    traces[f"edition {edition.number}"] = edition.frozen_at
        yield checkup.clock_finding(self._now, self._site, traces)

    def _dns(self, name: str, find: Find) -> Iterator[Finding]:
        mailing = self._examination.mailing
        if mailing is None or not self._examination.servers:
            yield skipped(name, "no mail leaves this machine")
        elif mailing.unasked:
            yield skipped(name, mailing.unasked)
        else:
            yield from find(mailing, self._answers)

    @cached_property
    def _answers(self) -> Answers:
        """What one answer names, the records of an included domain for one, is asked in the next round."""
        answers: dict[Question, Lookup] = {}
        mailing = self._examination.mailing
        assert mailing is not None, "mail leaves"
        while missing := mailauth.mail_questions(mailing, answers) - answers.keys():
            if len(answers) > _MOST_QUESTIONS:
                break
            answers |= self._examination.ask(sorted(missing))
        return answers

    def _smtp(self) -> Iterator[Finding]:
        if self._examination.mailing is None:
            yield checkup.no_mail()
        elif not self._examination.servers:
            yield checkup.mail_to_files()
        for server in self._examination.servers:
            trouble, until = None, None
            try:
                server.relay.connect().close()
            except RelayDown as error:
                trouble = error
            if not trouble and server.security != "none":
                until = certificate_until(server.host, server.port, starttls=server.security == "starttls")
            yield checkup.relay_finding(f"{server.host}:{server.port}", trouble, until, self._now, server.lines)

    def _web(self) -> Iterator[Finding]:
        site, parts = self._site, urlsplit(self._site.url)
        service = None
        if self._examination.mailing:
            health = fetch(f"{site.service_url}/healthz")
            service = health if health.status in (200, None) else fetch(f"{site.service_url}/subscribe")
        return checkup.web_findings(
            site,
            fetch(site.absolute("/atom.xml")),
            self._feed("atom.xml"),
            service,
            certificate_until(site.host, parts.port or 443) if parts.scheme == "https" else None,
            self._now,
            str(self._folders.state / "nginx.conf"),
        )

    def _feeds(self) -> Iterator[Finding]:
        placed = take_stock(self._examination.workshop, Kept(), self._now).library.placed
        files = {each.file: self._feed(each.file) for each in FORMATS}
        return checkup.feed_findings(files, placed[0].id if placed else None, str(self._folders.output))

    def _feed(self, name: str) -> bytes | None:
        try:
            return (self._folders.output / name).read_bytes()
        except FileNotFoundError:
            return None

    def _ticker(self) -> Iterator[Finding]:
        serves = Lock(self._folders.state / "serve.lock").is_held()
        ticked = None
        if not serves and not self._is_open:
            yield skipped("ticker", "the database can't be asked")
            return
        if not serves:
            with self._storage.read() as tx:
                ticked = tx.marks.get("ticked_at")
        yield checkup.ticker_finding(
            serves=serves,
            ticked_at=datetime.fromisoformat(ticked) if ticked else None,
            now=self._now,
            has_mail=self._examination.mailing is not None,
            crontab=f"* * * * *  {self._examination.tick}",
        )

    @property
    def _is_open(self) -> bool:
        return not isinstance(self._examination.storage, PublisherError)

    @property
    def _storage(self) -> "Storage":
        """Raises what stood in its way."""
        if isinstance(self._examination.storage, PublisherError):
            raise self._examination.storage
        return self._examination.storage


def _one(find: Callable[[Mailing, Answers], Finding]) -> Find:
    return lambda mailing, answers: [find(mailing, answers)]

"""An outbox full of letters that are due, in a real database, and a clock that stands until somebody moves it.

room = Mailroom(folder, ["ann@one.test", "bob@two.test"], SMTP_PORT=str(server.port))
room.send()
room.letter("ann@one.test").state
"""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from publisher.actions.deliver import Drained, drain
from publisher.actions.publication import Now
from publisher.actions.tick import tick
from publisher.app import open_app
from publisher.core.limits import Limit
from tests.processes import Site
from tests.site import Hand, new_site
from tests.storage.worlds import Events

BEGUN = datetime(2026, 3, 25, 9, tzinfo=UTC)
DUE = datetime(2026, 3, 26, 8, 1, tzinfo=UTC)
_POST = "---\ntitle: Salt\ndate: 2026-03-25T10:00:00Z\n---\nThirty-one grams of it in a litre.\n"
_SETTINGS = {
    "SITE_URL": "http://127.0.0.1:8000",
    "MAIL_FROM": "news@news.test",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "9",
    "SMTP_SECURITY": "none",
    "HOLD": "0s",
    "LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the database knows of a letter."""

    state: str
    attempts: int
    doubts: int
    wait: timedelta
    """From when it was due until it is tried again."""
    reply: str
    relay: str | None
    is_suppressed: bool
    """Its address."""
    is_owed: bool
    """Its post is in the reader's arrears."""


class Mailroom:
    """Each letter goes to a reader of its own, in the order of `addresses`."""

    def __init__(self, folder: Path, addresses: list[str], database_url: str | None = None, **settings: str) -> None:
        shutil.copytree(_empty() if database_url else _frozen(tuple(addresses)), folder)
        self.site = Site(folder)
        if database_url:
            self.site.set(DATABASE_URL=database_url)
            _freeze(self.site, addresses)
        self.site.set(**{name: f"'{value}'" for name, value in settings.items()})
        assert self.states() == {"pending": len(addresses)}
        self.clock = Hand(DUE)
        self.log = Events()
        self._app = open_app(folder, now=DUE, environment={})
        self.publication = replace(self._app.publication, log=self.log)

    def close(self) -> None:
        self._app.close()

    def send(self, now: Now | None = None, stop: threading.Event | None = None) -> Drained:
        """A run through the outbox, by default at the time that `clock` shows."""
        return drain(self.publication, now or self.clock, stop or threading.Event())

    def with_settings(self, **settings: str) -> None:
        """From now on."""
        self.site.set(**{name: f"'{value}'" for name, value in settings.items()})
        self._app.close()
        self._app = open_app(self.site.folder, now=self.clock(), environment={})
        self.publication = replace(self._app.publication, log=self.log)

    def letter(self, address: str) -> Kept:
        [(state, attempts, doubts, at, reply, relay, suppressed, owed)] = self.site.rows(
            f"""
            SELECT d.state, d.attempts, d.doubts, d.next_attempt_at, d.last_reply, d.relay,
                (SELECT count(*) FROM suppressions WHERE address_key = s.address_key),
                (SELECT count(*) FROM arrears WHERE subscriber = s.id)
            FROM deliveries d JOIN subscribers s ON s.id = d.subscriber WHERE s.address = '{address}'
            """
        )
        next_at = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        return Kept(
            state=state,
            attempts=attempts,
            doubts=doubts,
            wait=max(timedelta(), next_at.replace(tzinfo=UTC) - DUE),
            reply=reply or "",
            relay=relay,
            is_suppressed=bool(suppressed),
            is_owed=bool(owed),
        )

    def states(self) -> dict[str, int]:
        return dict(self.site.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))

    def limit(self, name: str) -> Limit | None:
        with self.publication.storage.read() as tx:
            return next((limit for limit in tx.limits.all() if limit.name == name), None)

    def is_shut(self, name: str) -> bool:
        limit = self.limit(name)
        return bool(limit and limit.shut_until and limit.shut_until > self.clock.at)

    @property
    def relay(self) -> str:
        """The name of the first one's limit."""
        return f"relay:{self.publication.relays[0].name}"

    def events(self, name: str) -> list[dict[str, object]]:
        return [values for event, values in self.log if event == name]


def _new_folder() -> Path:
    keep = TemporaryDirectory(prefix="publisher-mailroom-")
    _kept.append(keep)
    return Path(keep.name) / "site"


_kept: list[TemporaryDirectory[str]] = []


@cache
def _empty() -> Path:
    """A site that was built once, which takes the longest. Copy it."""
    folder = new_site(_new_folder(), _SETTINGS)
    app = open_app(folder, now=BEGUN, environment={})
    tick(app.publication, BEGUN)
    app.close()
    return folder


@cache
def _frozen(addresses: tuple[str, ...]) -> Path:
    """The same with an edition for them. Copy it."""
    folder = shutil.copytree(_empty(), _new_folder())
    _freeze(Site(folder), addresses)
    return folder


def _freeze(site: Site, addresses: Sequence[str]) -> None:
    app = open_app(site.folder, now=BEGUN, environment={})
    tick(app.publication, BEGUN)
    columns = "handle, address, address_key, standing, cursor, next_due_at, source, created_at, confirmed_at"
    due, begun = f"{DUE - timedelta(minutes=1):%F %T}.000000", f"{BEGUN:%F %T}.000000"
    rows = ", ".join(
        f"('{number:016}', '{to}', '{to}', 'active', 0, '{due}', 'test', '{begun}', '{begun}')"
        for number, to in enumerate(addresses, 1)
    )
    site.change(f"INSERT INTO subscribers ({columns}) VALUES {rows}")
    site.write("salt.md", _POST)
    tick(app.publication, DUE)
    app.close()

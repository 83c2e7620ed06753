"""A publication without files: posts as values, a clock as a number of hours, and a relay that answers on cue."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.actions.deliver import Drained, drain
from publisher.actions.publication import Folders, Publication, Rules
from publisher.core.letter import Sender
from publisher.core.model import Envelope, Library, Post, Reply, Site
from publisher.core.retry import Answer
from publisher.core.slots import Daily
from publisher.core.token import Keys
from publisher.storage import Storage
from publisher.templates import Templates

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
KEYS = Keys(keys=("k" * 32,))
ACCEPTED = Answer(stage="data", reply=Reply(code=250, enhanced="2.0.0", text="ok"))
REFUSED = Answer(stage="rcpt", reply=Reply(code=550, enhanced=None, text="no"))
UNKNOWN = Answer(stage="rcpt", reply=Reply(code=550, enhanced="5.1.1", text="no such user"))
BUSY = Answer(stage="rcpt", reply=Reply(code=451, enhanced="4.3.0", text="later"))
BROKEN = Answer(stage="data", reply=None)

Cue = Callable[[Envelope], Answer]


class Events(list[tuple[str, dict[str, object]]]):
    """A log that keeps what was told."""

    def debug(self, event: str, **values: object) -> None:
        self.append((event, values))

    info = warning = error = debug


@dataclass
class CuedRelay:
    """Takes every letter, keeps those that arrive, and answers what it is told to."""

    cue: Cue = lambda _: ACCEPTED
    arrived: list[Envelope] = field(default_factory=list)
    loses_doubtful: bool = False
    """Whether a letter whose answer never came has not arrived either."""

    def connect(self) -> "CuedRelay":
        return self

    def send(self, envelope: Envelope) -> Answer:
        answer = self.cue(envelope)
        if answer == ACCEPTED or (answer == BROKEN and not self.loses_doubtful):
            self.arrived.append(envelope)
        return answer

    def close(self) -> None:
        pass

    def letters(self, address: str) -> list[Envelope]:
        return [envelope for envelope in self.arrived if envelope.rcpt_to == address]


def headlines(envelope: Envelope) -> list[str]:
    """The headlines of a digest, read from its text part."""
    message = message_from_bytes(envelope.message)
    part = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    lines = payload.decode().splitlines()
    return sorted({line.strip() for line in lines if line.strip().startswith("Headline-")})


def post(number: int, *, text: str = "text", mail: bool = True) -> Post:
    """The post of this number, published so many minutes after the start."""
    at = START + timedelta(minutes=number)
    path = f"/2026/03/{number}/"
    return Post(
        key=f"2026-03-01:p{number}",
        id=f"tag:example.org,2026-03-01:p{number}",
        source=f"p{number}.md",
        path=path,
        url=f"https://example.org{path}",
        title=f"Headline-{number}",
        headline=f"Headline-{number}",
        published_at=at,
        updated_at=at,
        html=f"<p>{text}</p>",
        content_html=f"<p>{text}</p>",
        text=text,
        summary=text,
        mail=mail,
    )


def library(*posts: Post) -> Library:
    newest_first = tuple(sorted(posts, key=lambda found: (found.published_at, found.key), reverse=True))
    return Library(posts=newest_first, assets=(), problems=(), next_at=None)


def publication(storage: Storage, folder: Path, relay: CuedRelay) -> Publication:
    zone = ZoneInfo("UTC")
    site = Site(
        url="https://example.org",
        service_url="https://example.org",
        title="Example",
        description="An example",
        language="en",
        timezone=zone,
    )
    sender = Sender(
        name="Example",
        address="digest@example.org",
        reply_to=None,
        bounce_domain="example.org",
        host="example.org",
        service_url="https://example.org",
        archive_url="https://example.org/archive/",
        keys=KEYS,
    )
    return Publication(
        site=site,
        rules=Rules(
            slots=Daily(at=time(8), zone=zone),
            hold=timedelta(hours=1),
            release_burst=1000,
            stale_after=timedelta(hours=72),
            welcome_posts=0,
            uncertain="resend",
            connections=1,
        ),
        folders=Folders(
            site=folder,
            posts=folder / "posts",
            output=folder / "public",
            templates=folder / "templates",
            state=folder / "var",
        ),
        storage=storage,
        templates=Templates(site, folder / "templates"),
        keys=KEYS,
        sender=sender,
        relay=relay,
        log=Events(),
    )


def send(found: Publication, now: datetime) -> Drained:
    return drain(found, lambda: now, threading.Event())


def with_rules(found: Publication, **changes: object) -> Publication:
    return replace(found, rules=replace(found.rules, **changes))  # type: ignore[arg-type]


def counted(envelopes: list[Envelope]) -> Counter[str]:
    """How often each headline arrived."""
    return Counter(headline for envelope in envelopes for headline in headlines(envelope))

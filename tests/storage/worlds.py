"""A publication whose posts are told by number, with a clock as a number of hours, and a relay that answers on cue."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from functools import lru_cache
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from publisher.actions import scan as ledger
from publisher.actions.deliver import Drained, drain
from publisher.actions.publication import Folders, Publication, Rules
from publisher.actions.survey import Survey
from publisher.core.identity import Register
from publisher.core.letter import Sender
from publisher.core.library import Library, arrange
from publisher.core.manuscript import Source, read_manuscript
from publisher.core.model import Envelope, Reply, Site
from publisher.core.retry import Answer
from publisher.core.slots import Daily
from publisher.core.token import Keys
from publisher.storage import Storage
from publisher.templates import Templates

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
SITE = Site(
    url="https://example.org",
    service_url="https://example.org",
    title="Example",
    description="An example",
    language="en",
    timezone=ZoneInfo("UTC"),
)
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


@dataclass(eq=False)
class CuedRelay:
    """Takes every letter, keeps those that arrive, and answers what it is told to."""

    cue: Cue = lambda _: ACCEPTED
    arrived: list[Envelope] = field(default_factory=list)
    loses_doubtful: bool = False
    """Whether a letter whose answer never came has not arrived either."""

    name, connections, preference, rate = "cued", 1, 0, None
    is_open, wants_to_write, deadline = True, False, float("inf")

    def connect(self) -> "CuedRelay":
        return self

    def fileno(self) -> int:
        return -1

    def proceed(self) -> None:
        pass

    def give_up(self) -> Answer:
        return BROKEN

    def begin(self, envelope: Envelope) -> Answer:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A post and its file."""

    number: int
    text: str = "text"
    mail: bool = True
    is_doubtful: bool = False

    @property
    def key(self) -> str:
        return f"2026-03-01:p{self.number}"

    @property
    def source(self) -> str:
        return f"p{self.number}.md"

    @property
    def data(self) -> bytes:
        at, mail = START + timedelta(minutes=self.number), "" if self.mail else "mail: false\n"
        return f"---\ntitle: Headline-{self.number}\ndate: {at.isoformat()}\n{mail}---\n{self.text}\n".encode()


@dataclass(frozen=True, slots=True)
class Pieces:
    """All posts that are public at a moment."""

    posts: tuple[Piece, ...]

    @property
    def library(self) -> Library:
        return _library(self.posts)


@lru_cache(maxsize=64)
def _library(pieces: tuple[Piece, ...]) -> Library:
    sources = [Source(path=PurePosixPath(piece.source), data=piece.data) for piece in pieces]
    manuscripts = [read_manuscript(source, SITE, "posts") for source in sources]
    found = arrange(manuscripts, {}, Register(), SITE, datetime.max.replace(tzinfo=UTC), folder="posts")
    doubtful = {piece.key for piece in pieces if piece.is_doubtful}
    return replace(found, placed=tuple(each._replace(is_doubtful=each.key in doubtful) for each in found.placed))


def post(number: int, *, text: str = "text", mail: bool = True, is_doubtful: bool = False) -> Piece:
    """The post of this number, published so many minutes after the start."""
    return Piece(number=number, text=text, mail=mail, is_doubtful=is_doubtful)


def library(*posts: Piece) -> Pieces:
    return Pieces(posts)


def scan(site: Publication, found: Pieces, now: datetime, *, is_register_lost: bool = False) -> None:
    """Put these posts into the folder, and tell the ledger of them."""
    site.folders.posts.mkdir(exist_ok=True)
    for piece in found.posts:
        (site.folders.posts / piece.source).write_bytes(piece.data)
    survey = Survey(
        library=found.library, register=Register(), is_register_lost=is_register_lost, sources={}, assets={}
    )
    ledger.scan(site, survey, now)


def publication(storage: Storage, folder: Path, relay: CuedRelay) -> Publication:
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
        site=SITE,
        rules=Rules(
            slots=Daily(at=time(8), zone=SITE.timezone),
            hold=timedelta(hours=1),
            release_burst=1000,
            stale_after=timedelta(hours=72),
            welcome_posts=0,
            uncertain="resend",
            domain_limits={},
        ),
        folders=Folders(
            site=folder,
            posts=folder / "posts",
            output=folder / "public",
            templates=folder / "templates",
            state=folder / "var",
            compiled=folder / "var" / "build" / "templates",
        ),
        storage=storage,
        templates=Templates(SITE, folder / "templates"),
        keys=KEYS,
        sender=sender,
        relays=(relay,),
        log=Events(),
    )


def send(found: Publication, now: datetime) -> Drained:
    return drain(found, lambda: now, threading.Event())


def with_rules(found: Publication, **changes: object) -> Publication:
    return replace(found, rules=replace(found.rules, **changes))  # type: ignore[arg-type]


def counted(envelopes: list[Envelope]) -> Counter[str]:
    """How often each headline arrived."""
    return Counter(headline for envelope in envelopes for headline in headlines(envelope))

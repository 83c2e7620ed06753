"""One publication, ready to work: its site, its rules, and the tools that act for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from publisher.core.model import Site
from publisher.templates import Templates

if TYPE_CHECKING:  # a build that touches no database is not made to load one
    from publisher.core.letter import Sender
    from publisher.core.limits import Rate
    from publisher.core.slots import Daily
    from publisher.core.token import Keys
    from publisher.smtp.switchboard import OpenLine
    from publisher.storage import Storage

Now = Callable[[], datetime]
"""The publication's clock."""
KEY_NAME = "secret-key"
"""In `var`: the key of a site whose settings name none."""


class Relay(Protocol):
    """Somebody who takes letters: a mail server, or a folder. Not equal to any other."""

    @property
    def name(self) -> str:
        """In words, for the owner, and in the database."""
        ...

    @property
    def connections(self) -> int:
        """How many at a time."""
        ...

    @property
    def rate(self) -> "Rate | None": ...

    @property
    def preference(self) -> int:
        """Letters go to those of the lowest that answer."""
        ...

    def connect(self) -> "OpenLine":
        """Raises PublisherError where nobody answers, with what to change."""
        ...


class Log(Protocol):
    """One event a line; an address only at debug."""

    def debug(self, event: str, **values: object) -> object: ...

    def info(self, event: str, **values: object) -> object: ...

    def warning(self, event: str, **values: object) -> object: ...

    def error(self, event: str, **values: object) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the owner decided."""

    slots: "Daily"
    hold: timedelta
    release_burst: int
    stale_after: timedelta
    welcome_posts: int
    uncertain: Literal["resend", "leave"]
    domain_limits: "Mapping[str, Rate]"
    """How fast letters may leave to single domains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    site: Path
    posts: Path
    output: Path
    templates: Path
    state: Path
    """`var`: locks, the database, letters that were written to files."""
    compiled: Path
    """In it: compiled templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What it takes to build pages and feeds."""

    site: Site
    folders: Folders
    templates: Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication(Workshop):
    """What it takes to do everything."""

    rules: Rules
    storage: "Storage"
    keys: "Keys"
    sender: "Sender | None"
    """None where mail is not set up: then nobody's posts are used up by letters that could not leave."""
    relays: tuple[Relay, ...]
    log: Log

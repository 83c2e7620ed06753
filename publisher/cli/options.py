"""The options that several commands share."""

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("wanted is a time like 2026-11-22T08:00:00Z") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


SiteFolder = Annotated[Path, typer.Option("--site", metavar="DIR", help="The site's folder.")]
Now = Annotated[
    datetime | None,
    typer.Option(
        "--now", metavar="ISO-8601", parser=_instant, help="Act as if it were this time (UTC without a zone)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]


def set_by_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set from now on, so that the letter at hand can be finished."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def say(text: str = "") -> None:
    """Talk, which goes to stderr."""
    print(text, file=sys.stderr, flush=True)


def put(value: Any, *, as_json: bool, text: str) -> None:
    """Data, which goes to stdout."""
    print(json.dumps(value, ensure_ascii=False, default=str, indent=2) if as_json else text, flush=True)

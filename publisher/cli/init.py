"""`publisher init`: a new site."""

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Annotated

import typer

from publisher.actions.publish import take_in
from publisher.app import open_app
from publisher.cli.options import Now, SiteFolder, say
from publisher.config import example
from publisher.core.errors import PublisherError
from publisher.disk import write

_FIRST_POST = """\
---
title: The first post
date: {now}
tags: [notes]
---
This is a post. It lies in the folder `posts`, one file for each, and you write it in
[Markdown](https://commonmark.org/help/): *emphasis*, lists, pictures, footnotes[^1].

Change it, or delete it and write another. A new file with a title and a date is a new post.

[^1]: Like this one.
"""


def run(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The new site's folder.")] = None,
    site: SiteFolder = Path(),
    now: Now = None,
) -> int:
    """Make a new site: settings with a fresh key, and a first post."""
    place = folder or site
    settings = place / ".env"
    if settings.exists():
        raise PublisherError(f"{settings}: there is a site already, wanted is an empty folder: publisher init DIR")
    place.mkdir(parents=True, exist_ok=True)
    write(settings, example({"secret_key": secrets.token_urlsafe(32)}).encode(), mode=0o600)
    if not (place / "posts").exists():
        text = _FIRST_POST.format(now=f"{now or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        write(place / "posts" / "first-post.md", text.encode())
    app = open_app(place, now=now)
    take_in(app.publication, app.clock.now())
    here = "" if place == Path() else f"cd {quote(str(place))} && "
    say(f"A new site in {place.resolve()}: write posts in posts/, settings are in .env.")
    say("The posts that are there now are mailed to nobody, those that you write from now on to all subscribers.")
    say(f"Next: {here}{_program()} serve")
    return 0


def _program() -> str:
    """How this command was called, so that the next line can be pasted wherever it is installed."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{quote(sys.executable)} -m publisher"
    if which("publisher") or not called.is_file():
        return "publisher"
    return quote(str(called.absolute()))

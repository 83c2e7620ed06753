"""`publisher init`: a new site, or an existing blog's folder made one."""

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from shutil import which
from typing import Annotated

import typer

from publisher.actions.tick import take_in
from publisher.app import open_app
from publisher.cli.options import Now, SiteFolder, say
from publisher.config import PREFIX, adopted, example, read_settings
from publisher.core.errors import PublisherError
from publisher.core.generators.adopted import Adopted
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
    """Make a new site: settings with a fresh key, and a first post; an existing blog keeps its posts, and its settings count."""
    place = folder or site
    settings = place / ".env"
    others = _of_other_programs(settings)
    if others:
        read_settings(place)  # what it can't live with is told before anything is written
    place.mkdir(parents=True, exist_ok=True)
    before = adopted(place)
    values = {name: found.value for name, found in before.settings.items()} if before else {}
    ours = example({"secret_key": secrets.token_urlsafe(32), **values})
    write(settings, others + ours.encode(), mode=0o600)
    posts = place / values.get("posts_dir", "posts")
    if not posts.exists():
        text = _FIRST_POST.format(now=f"{now or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        write(posts / "first-post.md", text.encode())
    app = open_app(place, now=now)
    take_in(app.publication, app.clock.now())
    here = "" if place == Path() else f"cd {quote(str(place))} && "
    if before:
        _tell(before)
    say(f"A new site in {place.resolve()}: write posts in {values.get('posts_dir', 'posts')}/, settings are in .env.")
    say("The posts that are there now are mailed to nobody, those that you write from now on to all subscribers.")
    say(f"Next: {here}{_program()} serve")
    return 0


def _of_other_programs(settings: Path) -> bytes:
    """What stands in a `.env` already, with an empty line below it; our settings follow. Raises PublisherError at ours."""
    if not settings.exists():
        return b""
    try:
        text = settings.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise PublisherError(f"{settings}: the file can't be read ({why}), wanted is one that can, or none") from error
    if PREFIX in text:
        raise PublisherError(f"{settings}: there is a site already, wanted is an empty folder: publisher init DIR")
    line_end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{line_end}\n".encode() if text else b""


def _tell(before: Adopted) -> None:
    """What was found of a site generator, and what of it was not taken over."""
    if before.settings:
        say(f"{before}. All of that was written into .env: look it through.")
    for note in before.notes:
        say(str(note))


def _program() -> str:
    """How this command was called, so that the next line can be pasted wherever it is installed."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{quote(sys.executable)} -m publisher"
    if which("publisher") or not called.is_file():
        return "publisher"
    return quote(str(called.absolute()))

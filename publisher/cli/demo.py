"""`publisher demo`: the whole thing in a throw-away site, in one minute."""

import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from publisher.actions.deliver import drain
from publisher.actions.subscribe import confirm, find, sign_up
from publisher.actions.tick import publish_and_scan, tick
from publisher.app import App, open_app
from publisher.cli.options import say
from publisher.cli.serve import DEFAULT_PORT, listening, serve
from publisher.config import Settings
from publisher.core.errors import PublisherError
from publisher.schedule import Ticker
from publisher.templates import shipped

_READER = "reader@example.org"
_NEW_POST = """\
---
title: The post that came after you signed up
date: {now}
tags: [demo]
---
This post was written a moment ago, after the reader had confirmed. So it stands in the next digest, and
the posts before it do not.

- It was **held** for ten minutes, in which it could still be taken back.
- It left **once**, in the digest of the reader's next hour.
"""


def run(
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="The port, 8000 or any free one if not given.")
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the digest.")] = False,
) -> int:
    """Build the sample posts, sign a reader up, publish a post, send the digest to a file, and show it all."""
    with _listener(port) as listener:
        folder = Path(tempfile.mkdtemp(prefix="publisher-demo-"))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        at, sent = _a_day(folder, url)
        say(f"A sample site was built, a reader signed up, a post came out, and {sent} letters left as files.")
        if no_serve:
            say(f"They are in {folder / 'var' / 'mail'}, the pages and feeds in {folder / 'public'}.")
            return 0
        try:
            app = _open(folder, url, at, is_running=True)
            serve(app, listener, Ticker(app.publication, app.clock.now), is_dev=True, words=_addresses(url))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


@contextmanager
def _listener(port: int | None) -> Iterator[socket.socket]:
    """On the port that was asked for; where nobody asked and 8000 is taken, on any."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(listening("127.0.0.1", DEFAULT_PORT if port is None else port))
        except PublisherError:
            if port is not None:
                raise
            found = stack.enter_context(listening("127.0.0.1", 0))
        yield found


def _a_day(folder: Path, url: str) -> tuple[datetime, int]:
    """What takes a day in life: returns the time when it is over, and how many letters left."""
    shutil.copytree(shipped().parent / "posts", folder / "posts", ignore=shutil.ignore_patterns(".*"))
    start = datetime.now(UTC).replace(microsecond=0)
    app = _open(folder, url, start)
    publish_and_scan(app.publication, start)
    sign_up(app.publication, _READER, secrets.token_hex(8), start)
    letters = _send(app)
    confirm(app.publication, find(app.publication, _READER), start)
    (folder / "posts" / "after-you-signed-up.md").write_text(_NEW_POST.format(now=start.isoformat()), encoding="utf-8")
    tick(app.publication, start)
    slot = app.publication.rules.slots.first_after(start + Settings().hold)
    app.close()
    app = _open(folder, url, slot)
    tick(app.publication, slot)
    letters += _send(app)
    app.close()
    return slot, letters


def _open(folder: Path, url: str, now: datetime, *, is_running: bool = False) -> App:
    changes = {
        "site_url": url,
        "site_title": "The Spring Balance",
        "site_description": "Notes of somebody who measures things at home: tides, bread, bees, bicycles.",
        "mail_transport": "file",
        "log_level": "warning",
    }
    return open_app(folder, now=now, is_running=is_running, changes=changes, environment={})


def _send(app: App) -> int:
    return drain(app.publication, app.clock.now, threading.Event()).counts["sent"]


def _addresses(url: str) -> tuple[str, ...]:
    return (
        "",
        f"  the pages       {url}/",
        f"  the feeds       {url}/rss.xml  {url}/atom.xml  {url}/feed.json",
        f"  the sign-up     {url}/subscribe",
        f"  the letters     {url}/dev/mail",
        "",
        "Sign up with any address: its letters come to /dev/mail, nothing leaves this machine. The site is gone when you stop.",
        "Your own: publisher init my-site",
    )

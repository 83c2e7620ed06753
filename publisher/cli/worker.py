"""`publisher worker`: a sender that runs until it is stopped; several may, on several machines with PostgreSQL."""

from pathlib import Path
from typing import Annotated

import typer

from publisher.app import open_app
from publisher.cli.options import Now, SiteFolder, say, set_by_signals
from publisher.schedule import Worker


def run(
    site: SiteFolder = Path(),
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency", min=1, max=8, help="So many senders in this process, each with its own connections."
        ),
    ] = 1,
    now: Now = None,
) -> int:
    """Send what others planned, until stopped. Several may run, on several machines with PostgreSQL."""
    stop = set_by_signals()
    app = open_app(site, now=now, is_running=True)
    if app.publication.sender is None:
        say("No mail leaves: PUBLISHER_SMTP_HOST is not set (see .env).")
        return 1
    Worker(app.publication, app.clock.now, stop).run(concurrency=concurrency)
    app.close()
    return 0

"""`publisher release`: the owner's word on posts that came in a burst."""

from pathlib import Path
from typing import Annotated

import typer

from publisher.actions.release import answer_waiting
from publisher.app import open_app
from publisher.cli.options import SiteFolder, say


def run(
    site: SiteFolder = Path(),
    history: Annotated[bool, typer.Option("--history", help="Mail them to nobody.")] = False,
) -> int:
    """Mail the posts that came in too great a number at once; with --history, let them be old posts."""
    keys = answer_waiting(open_app(site).publication, is_history=history)
    fate = "will be mailed to nobody" if history else "will be in the next digest"
    say(f"{len(keys)} posts {fate}." if keys else "No post waits for your word.")
    return 0

"""`publisher editions`: what was frozen, held and sent, and the owner's word on it."""

from pathlib import Path
from typing import Annotated

import typer

from publisher.actions import editions
from publisher.actions.editions import EditionView
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say
from publisher.cli.outcome import told

app = typer.Typer(help="What was frozen, held and sent.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="The edition's number.")]


@app.command("list")
@told
def list_(site: SiteFolder = Path(), json: Json = False) -> int:
    """The newest first."""
    found = editions.overview(open_app(site).publication)
    put(
        [_value(view) for view in found],
        as_json=json,
        text="\n".join(_line(view) for view in found) or "no editions yet",
    )
    return 0


@app.command()
@told
def show(number: Number, site: SiteFolder = Path(), json: Json = False) -> int:
    """One edition: its posts, and its letters by state."""
    view = editions.view(open_app(site).publication, number)
    text = "\n".join([_line(view), *(f"  {post}" for post in view.posts)])
    put(_value(view), as_json=json, text=text)
    return 0


@app.command()
@told
def approve(number: Number, site: SiteFolder = Path(), now: Now = None) -> int:
    """Let a held edition leave."""
    opened = open_app(site, now=now)
    editions.approve(opened.publication, number, opened.clock.now())
    say(f"Edition {number} leaves with the next tick.")
    return 0


@app.command()
@told
def cancel(
    number: Number,
    site: SiteFolder = Path(),
    now: Now = None,
    again: Annotated[
        bool, typer.Option("--again", help="Its readers are owed the posts in their next digest.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Its readers never get the posts by email.")] = False,
) -> int:
    """Stop what has not left of an edition; say what becomes of its posts."""
    if again == drop:
        raise typer.BadParameter("say --again (its posts come in the next digest) or --drop (they never do)")
    opened = open_app(site, now=now)
    count = editions.cancel(opened.publication, number, is_owed_again=again, now=opened.clock.now())
    say(f"{count} letters of edition {number} will not leave.")
    return 0


@app.command()
@told
def retry(number: Number, site: SiteFolder = Path(), now: Now = None) -> int:
    """Make the readers who did not get it due again, at once."""
    opened = open_app(site, now=now)
    count = editions.retry(opened.publication, number, opened.clock.now())
    say(f"{count} readers get what they are owed with the next tick.")
    return 0


def _line(view: EditionView) -> str:
    edition = view.edition
    held = f" because {edition.held_because}" if edition.state == "held" else ""
    letters = ", ".join(f"{count} {state}" for state, count in view.tally.items())
    return (
        f"{edition.number:>5}  {edition.frozen_at:%Y-%m-%d %H:%M}  {edition.state}{held}  {letters}  {edition.subject}"
    )


def _value(view: EditionView) -> dict[str, object]:
    edition = view.edition
    return {
        "number": edition.number,
        "state": edition.state,
        "held_because": edition.held_because,
        "subject": edition.subject,
        "frozen_at": edition.frozen_at.isoformat(),
        "posts": view.posts,
        "letters": view.tally,
    }

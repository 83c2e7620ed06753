"""`publisher why`: whether a reader had a post, and the reason."""

from pathlib import Path
from typing import Annotated, Any

import typer

from publisher.actions.explain import Explanation, explain_to
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put
from publisher.core.why import Tracked


def run(
    address: Annotated[str, typer.Argument(help="A reader's mail address.")],
    post: Annotated[str, typer.Argument(help="The post's file, address on the web, slug, title or key.")],
    site: SiteFolder = Path(),
    now: Now = None,
    json: Json = False,
) -> int:
    """Whether a reader had a post: when, by which mail server; or not, and why."""
    app = open_app(site, now=now)
    found = explain_to(app.publication, address, post, app.clock.now())
    put(_value(address, found), as_json=json, text=f"{found.post}, {address}: {found.why.text}")
    return 0


def _value(address: str, found: Explanation) -> dict[str, Any]:
    why, history = found.why, found.history
    reader, post = history.subscriber, history.post
    return {
        "address": address,
        "post": {
            "key": found.post.key,
            "file": found.post.file or None,
            "title": found.post.title or None,
            "release": post.number if post else None,
            "released_at": history.released_at and history.released_at.isoformat(),
        },
        "case": why.case,
        "why": why.text,
        "until": why.until and why.until.isoformat(),
        "mend": why.mend,
        "standing": reader.standing if reader else None,
        "letters": [_letter(letter) for letter in history.letters],
    }


def _letter(letter: Tracked) -> dict[str, Any]:
    return {
        "edition": letter.edition,
        "state": letter.state,
        "address": letter.address,
        "attempts": letter.attempts,
        "doubts": letter.doubts,
        "reply": letter.last_reply,
        "relay": letter.relay,
        "finished_at": letter.finished_at and letter.finished_at.isoformat(),
        "next_attempt_at": None if letter.finished_at else letter.next_attempt_at.isoformat(),
    }

"""`publisher build`: posts to feeds and pages."""

from pathlib import Path
from typing import Annotated

import typer

from publisher.actions.publish import publish
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, problem_value, put, say


def run(
    site: SiteFolder = Path(),
    output: Annotated[Path | None, typer.Option("--output", help="Write here instead of PUBLISHER_OUTPUT_DIR.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a post has a problem.")] = False,
    now: Now = None,
    json: Json = False,
) -> int:
    """Write pages and feeds; only what changed is touched."""
    app = open_app(site, now=now)
    _, done = publish(app.publication, app.clock.now(), output)
    for problem in done.problems:
        say(str(problem))
    folder = output or app.publication.folders.output
    put(
        {
            "posts": done.posts,
            "written": done.written,
            "removed": done.removed,
            "seconds": done.seconds,
            "problems": [problem_value(problem) for problem in done.problems],
        },
        as_json=json,
        text=f"{done.posts} posts in {folder}: {done.written} files written, {done.removed} removed, {done.seconds:.2f} s",
    )
    return 1 if strict and done.problems else 0

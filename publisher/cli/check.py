"""`publisher check`: what is wrong with the posts, without publishing them."""

from pathlib import Path

from publisher.actions.publish import inspect
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, problem_value, put


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """List every problem in the posts and templates, with file, line and what is wanted."""
    app = open_app(site, now=now)
    library, problems = inspect(app.publication, app.clock.now())
    lines = [str(problem) for problem in problems]
    put(
        [problem_value(problem) for problem in problems],
        as_json=json,
        text="\n".join(lines) if lines else f"{len(library.posts)} posts, no problems",
    )
    return 1 if any(problem.severity == "error" for problem in problems) else 0

"""`publisher check`: what is wrong with the posts, without publishing them."""

from pathlib import Path

from publisher.actions.inspect import inspect
from publisher.app import open_workshop
from publisher.cli.building import tell_of_generator
from publisher.cli.options import Json, Now, SiteFolder, put
from publisher.clock import clock
from publisher.core.model import problem_value


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """List every problem in the posts, their links and the templates, with file, line and what is wanted."""
    tell_of_generator(site)
    library, problems = inspect(open_workshop(site), clock(now, is_fixed=True).now())
    lines = [str(problem) for problem in problems]
    put(
        [problem_value(problem) for problem in problems],
        as_json=json,
        text="\n".join(lines) if lines else f"{len(library.placed)} posts, no problems",
    )
    return 1 if any(problem.severity == "error" for problem in problems) else 0

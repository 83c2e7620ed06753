"""What `publisher build` does."""

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from publisher.actions.ping import ping_due
from publisher.actions.publication import Workshop
from publisher.actions.publish import Build, publish
from publisher.actions.survey import Survey
from publisher.app import open_app, open_workshop
from publisher.cli.outcome import say
from publisher.cli.quick import Asked, put_report
from publisher.clock import clock
from publisher.config import adopted
from publisher.core.library import Library
from publisher.core.model import problem_value
from publisher.disk.stamp import Seen, outputs_signature, remove_stamp, write_stamp


def build(asked: Asked, seen: Seen, now: datetime | None = None) -> int:
    """Returns the exit code. `seen` is how the site looked before, `now` another time than the real one."""
    settings = seen.settings
    workshop = open_workshop(Path(asked.site))
    inputs = seen.inputs(str(workshop.folders.posts), str(workshop.folders.templates))
    tell_of_generator(Path(asked.site))
    if asked.feeds:
        workshop = replace(workshop, site=replace(workshop.site, pages=False))
    at = clock(now).now()

    def tell(survey: Survey, *, is_news: bool) -> None:
        """Another database is not looked for: `tick` and `serve` tell it whatever they find."""
        if is_news:
            from publisher.actions.scan import scan

            scan(open_app(Path(asked.site), now=now).publication, survey, at)

    remove_stamp(str(workshop.folders.site))
    output = Path(asked.output) if asked.output else workshop.folders.output
    library, done = publish(workshop, at, tell, output=output, is_full=asked.full, is_zipped=asked.gzip)
    report = _report(done, output)
    if done.is_settled and not asked.feeds:
        stamp = {"settings": settings, "inputs": inputs, "report": {**report, "written": 0, "removed": 0}}
        _stamp(workshop, library, at, asked, stamp)
    put_report(report, seconds=done.seconds, as_json=asked.json)
    ping_due(workshop, at, _Words())
    return 1 if asked.strict and done.problems else 0


def tell_of_generator(site: Path) -> None:
    """What was taken from the settings of the blog's own generator, and what could not be."""
    if found := adopted(site):
        for line in (str(found), *map(str, found.notes)):
            say(line)


class _Words:
    """A log of one command: what failed is said, the rest is not worth a word."""

    def debug(self, event: str, **values: object) -> None:
        pass

    info = debug

    def warning(self, event: str, **values: object) -> None:
        say(f"{event}: {', '.join(f'{name} {value}' for name, value in values.items())}")

    error = warning


def _report(done: Build, folder: Path) -> dict[str, Any]:
    return {
        "posts": done.posts,
        "folder": str(folder),
        "written": done.written,
        "removed": done.removed,
        "problems": [problem_value(problem) for problem in done.problems],
    }


def _stamp(workshop: Workshop, library: Library, at: datetime, asked: Asked, stamp: dict[str, Any]) -> None:
    folders = workshop.folders
    posts, output = str(folders.posts), os.path.realpath(asked.output or folders.output)
    places = {
        "posts": posts,
        "templates": str(folders.templates),
        "output": output,
        "asked_output": output if asked.output else None,
    }
    until = library.next_at.timestamp() if library.next_at else float("inf")
    lasts = {"from": at.timestamp(), "until": until, "outputs": outputs_signature(posts, output)}
    write_stamp(str(folders.site), {**places, **lasts, **stamp})

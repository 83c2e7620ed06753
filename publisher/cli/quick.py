"""`publisher build` with plain options. It imports little, and of that no more than there is work for: where nothing has
changed it is over before a parser of arguments is loaded.
"""

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from publisher.disk.stamp import Seen


@dataclass(slots=True, kw_only=True)
class Asked:
    """The options of a build."""

    site: str = "."
    output: str | None = None
    full: bool = False
    feeds: bool = False
    gzip: bool = False
    strict: bool = False
    json: bool = False


def quick_build(arguments: list[str]) -> int | None:
    """The exit code; None for what only the whole command understands, help and mistakes among it."""
    asked = _parse(arguments)
    if asked is None:
        return None
    start = time.perf_counter()
    seen = Seen(os.path.realpath(asked.site))
    if not (asked.full or asked.feeds or asked.gzip or asked.strict):
        report = seen.report(asked.output and os.path.realpath(asked.output), time.time())
        if report is not None:
            put_report(report, seconds=time.perf_counter() - start, as_json=asked.json)
            return 0
    from publisher.cli.building import build
    from publisher.cli.outcome import ended

    return ended(build, asked, seen)


def _parse(arguments: list[str]) -> Asked | None:
    asked = Asked()
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in ("--site", "--output"):
            value = value if equals else next(rest, "")
            if not value or value.startswith("-"):
                return None
            setattr(asked, name[2:], value)
        elif argument in ("--full", "--feeds", "--gzip", "--strict", "--json"):
            setattr(asked, argument[2:], True)
        else:
            return None
    return asked


def put_report(report: dict[str, Any], *, seconds: float, as_json: bool) -> None:
    """Problems to stderr, the rest to stdout."""
    for problem in report["problems"]:
        place = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
        print(f"{place}: {problem['what']}, {problem['wanted']}", file=sys.stderr)
    if as_json:
        import json

        told = {"posts": report["posts"], "written": report["written"], "removed": report["removed"]}
        value = {**told, "seconds": round(seconds, 3), "problems": report["problems"]}
        print(json.dumps(value, ensure_ascii=False, indent=2), flush=True)
        return
    counts = f"{report['written']} files written, {report['removed']} removed, {seconds:.2f} s"
    print(f"{report['posts']} posts in {report['folder']}: {counts}", flush=True)

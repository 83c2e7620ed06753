"""`publisher doctor`: is everything there that feeds, pages and letters need, and what is to be added where it is not."""

import sys
from collections import Counter
from pathlib import Path
from shlex import quote
from shutil import get_terminal_size, which
from textwrap import wrap

from publisher.actions.examine import examine
from publisher.app import open_examination
from publisher.cli.options import Json, Now, SiteFolder, put, say
from publisher.clock import clock
from publisher.core.finding import Finding, finding_value

_BROAD = 60
_UNBROKEN = 10_000
"""Where nobody looks: one line for each finding, whatever its length."""


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """Check settings, disk, database, clock, DNS, mail server, web address, feeds and ticker, and say what to add."""
    moment = clock(now)
    examination = open_examination(site, moment, program=_program())
    width = get_terminal_size((_UNBROKEN, 0)).columns
    found: list[Finding] = []
    for finding in examine(examination, moment.now()):
        found.append(finding)
        if not json:
            put(None, as_json=False, text=_shown(finding, width))
    if json:
        put([finding_value(finding) for finding in found], as_json=True, text="")
    counts = Counter(finding.state for finding in found)
    if not json:
        say()
        say(f"{counts['failed']} failed, {counts['warning']} warnings, {counts['ok']} in order")
    return 1 if counts["failed"] else 0


def _shown(finding: Finding, width: int) -> str:
    """The words fit the terminal; the lines to be copied are left whole."""
    head = f"{finding.state:<8} {finding.check:<14} " if width >= _BROAD else f"{finding.state} {finding.check}: "
    indent = " " * (24 if width >= _BROAD else 2)
    words = head + "; ".join(filter(None, (finding.found, finding.wanted))) + (":" if finding.lines else "")
    talk = wrap(words, max(width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*talk, *(f"    {line}" for line in finding.lines)])


def _program() -> str:
    """How this program is called from anywhere on this machine."""
    called = Path(sys.argv[0])
    found = str(called) if called.is_file() else which("publisher")
    if found is None or called.name == "__main__.py":
        return f"{quote(sys.executable)} -m publisher"
    return quote(str(Path(found).absolute()))

"""`publisher build`: posts to feeds and pages."""

import os
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.building import build
from publisher.cli.options import Json, Now, SiteFolder
from publisher.cli.quick import Asked
from publisher.disk.stamp import Seen


def run(
    site: SiteFolder = Path(),
    output: Annotated[Path | None, typer.Option("--output", help="Write here instead of PUBLISHER_OUTPUT_DIR.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Make everything anew, whatever was kept.")] = False,
    feeds: Annotated[bool, typer.Option("--feeds", help="Write no pages, as with PUBLISHER_PAGES=off.")] = False,
    gzip: Annotated[bool, typer.Option("--gzip", help="Write a .gz beside each text file, for web servers.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a post has a problem.")] = False,
    now: Now = None,
    json: Json = False,
) -> int:
    """Write pages and feeds; only what changed is touched."""
    target = str(output) if output else None
    asked = Asked(site=str(site), output=target, full=full, feeds=feeds, gzip=gzip, strict=strict, json=json)
    return build(asked, Seen(os.path.realpath(site)), now)

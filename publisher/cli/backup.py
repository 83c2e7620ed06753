"""`publisher backup`: database, id register and key in one file, while everything runs on."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from publisher.actions.backup import Facts, backup, backup_to
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say


def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file, or a folder for a new one; - for stdout.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    site: SiteFolder = Path(),
    now: Now = None,
    json: Json = False,
) -> int:
    """Put the database, the id register and the key into one file; `publisher restore` brings them back."""
    if file == "-" and (json or sys.stdout.isatty()):
        raise typer.BadParameter("- is for a pipe: publisher backup - | ssh elsewhere 'cat > backup.tar.gz'")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is half written is removed
    app = open_app(site, now=now)
    if file == "-":
        _tell(backup_to(app.publication, sys.stdout.buffer, app.clock.now()))
        return 0
    path, facts = backup(app.publication, Path(file), app.clock.now(), is_forced=force)
    _tell(facts)
    value = {"file": str(path), "size_bytes": path.stat().st_size, "rows": facts.rows, "has_key": facts.has_key}
    put(value, as_json=json, text=str(path))
    return 0


def _tell(facts: Facts) -> None:
    say(f"{facts.rows['subscribers']} subscribers and {facts.rows['editions']} editions are in it: keep it secret.")
    key = "" if facts.has_key else "PUBLISHER_SECRET_KEY, "
    say(f"Not in it: {key}the other settings in .env, DKIM keys, posts and templates.")

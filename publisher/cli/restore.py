"""`publisher restore`: bring back what `publisher backup` put aside, and hold all mail."""

import signal
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from publisher.actions.backup import KEY
from publisher.actions.publication import KEY_NAME
from publisher.actions.restore import Backup, Restored, opened, restore
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say
from publisher.config import read_settings


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What publisher backup wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put aside what is here, and replace it.")] = False,
    site: SiteFolder = Path(),
    now: Now = None,
    json: Json = False,
) -> int:
    """Bring back the database, the id register and the key of a backup. No letter leaves until you approve it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the database is as it was before
    with opened(file) as found:
        app = open_app(site, now=now, changes=_changes(site, found))
        done = restore(app.publication, found, app.clock.now(), is_replacing=replace)
    facts = done.facts
    readers, editions = facts.rows["subscribers"], facts.rows["editions"]
    what = (
        f"{readers} subscribers and {editions} editions of {facts.site_url}, as of {facts.made_at:%Y-%m-%d %H:%M} UTC"
    )
    for line in _lines(done, file):
        say(line)
    value = {
        "made_at": facts.made_at.isoformat(),
        "site_url": facts.site_url,
        "rows": facts.rows,
        "held": done.held,
        "cancelled": done.cancelled,
        "put_aside": done.put_aside and str(done.put_aside),
        "key": done.key,
    }
    put(value, as_json=json, text=f"restored: {what}")
    return 0


def _changes(site: Path, found: Backup) -> dict[str, Any]:
    """A site that has no key yet gets none of its own now."""
    is_keyless = read_settings(site).secret_key is None and not (site / "var" / KEY_NAME).exists()
    return {"secret_key": found.key} if is_keyless and found.key else {}


def _lines(done: Restored, file: Path) -> list[str]:
    lines = [f"What was here before is in {done.put_aside}."] if done.put_aside else []
    if done.key == "replaced":
        lines.append(
            f"var/{KEY_NAME} is the backup's: restart what serves the web. Links that the key before it signed are broken "
            f"until it stands in PUBLISHER_OLD_SECRET_KEYS: tar -xzOf {quote(str(done.put_aside))} {KEY}"
        )
    elif done.key == "other":
        where = f"tar -xzOf {quote(str(file))} {KEY}" if done.facts.has_key else "it stood in that site's settings"
        lines.append(
            "Another key signed the links in letters that left before: they are broken until it stands in "
            f"PUBLISHER_OLD_SECRET_KEYS ({where})."
        )
    if done.cancelled:
        lines.append(
            f"{done.cancelled} letters such as confirm a sign-up will not leave: who waits for one signs up again."
        )
    lines.append(
        "The backup knows nothing of what came after it: letters that left since may come again, who joined since is missing, "
        "and who left since is back. So no digest leaves until you approve it."
    )
    if done.held:
        return [*lines, *(f"Edition {number} is held: publisher editions approve {number}" for number in done.held)]
    return [*lines, "No edition waits; the next one will be held. Next: publisher tick, or publisher serve"]

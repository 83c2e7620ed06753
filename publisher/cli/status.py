"""`publisher status`: one screen on how things stand."""

from pathlib import Path

from publisher.actions.status import status
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """Subscribers, the outbox, held editions, the next digest, and what is wrong."""
    app = open_app(site, now=now)
    found = status(app.publication, app.clock.now())
    lines = [
        f"subscribers   {_tally(found.subscribers) or 'none yet'}",
        f"letters       {_tally(found.letters) or 'none yet'}",
        f"next digest   {found.next_at:%Y-%m-%d %H:%M %Z}, if there is something new",
        f"last edition  {found.last_edition or 'none yet'}",
        *(f"attention     {line}" for line in found.attention),
    ]
    value = {
        "subscribers": found.subscribers,
        "letters": found.letters,
        "next_at": found.next_at.isoformat(),
        "last_edition": found.last_edition,
        "attention": found.attention,
    }
    put(value, as_json=json, text="\n".join(lines))
    return 0


def _tally(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))

"""`publisher send`: empty the outbox, once."""

from pathlib import Path

from publisher.actions.deliver import drain
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say, set_by_signals


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """Send what waits in the outbox. Ctrl-C lets the letter at hand finish."""
    app = open_app(site, now=now)
    if app.publication.sender is None:
        say("No mail leaves: PUBLISHER_SMTP_HOST is not set (see .env).")
        return 1
    done = drain(app.publication, app.clock.now, set_by_signals())
    letters = ", ".join(f"{count} {state}" for state, count in sorted(done.counts.items()))
    put(
        {"letters": dict(done.counts), "in_doubt": done.in_doubt},
        as_json=json,
        text=letters or ("nothing was sent" if done.is_down else "nothing to send"),
    )
    return 1 if done.is_down else 0

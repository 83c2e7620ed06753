"""`publisher send`: empty the outbox, once."""

from pathlib import Path
from time import monotonic
from typing import Any

from publisher.actions.deliver import Drained, drain
from publisher.actions.status import due
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say, set_by_signals
from publisher.cli.progress import shown_progress


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """Send what waits in the outbox. Ctrl-C lets the letter at hand finish."""
    app = open_app(site, now=now)
    if app.publication.sender is None:
        say("No mail leaves: PUBLISHER_SMTP_HOST is not set (see .env).")
        return 1
    stop, began_at = set_by_signals(), monotonic()
    with shown_progress(due(app.publication, app.clock.now())) as progress:
        done = drain(app.publication, app.clock.now, stop, progress)
    value = _value(done, monotonic() - began_at, due(app.publication, app.clock.now()))
    put(value, as_json=json, text=_text(done, value))
    return 1 if done.is_down else 0


def _value(done: Drained, seconds: float, left: int) -> dict[str, Any]:
    return {
        "letters": dict(done.counts),
        "in_doubt": done.in_doubt,
        "put_off": done.put_off,
        "seconds": round(seconds, 3),
        "per_second": round(done.counts.total() / seconds, 1),
        "left": left,
    }


def _text(done: Drained, value: dict[str, Any]) -> str:
    counts = [f"{count} {state}" for state, count in sorted(done.counts.items())]
    rest = {"put off by limits": done.put_off, "taken over in doubt": done.in_doubt, "left": value["left"]}
    told = ", ".join(counts + [f"{count} {name}" for name, count in rest.items() if count])
    if not counts:
        nothing = "nothing was sent" if done.is_down else "nothing to send"
        return f"{nothing}: {told}" if told else nothing
    return f"{told} ({value['seconds']:.1f} s, {value['per_second']:,.0f} a second)"

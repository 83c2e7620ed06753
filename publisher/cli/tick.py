"""`publisher tick`: everything that is due now, once; for cron."""

from pathlib import Path

from publisher.actions.deliver import drain
from publisher.actions.ping import ping_due
from publisher.actions.tick import tick
from publisher.app import open_app
from publisher.cli.options import Json, Now, SiteFolder, put, say, set_by_signals


def run(site: SiteFolder = Path(), now: Now = None, json: Json = False) -> int:
    """Scan, build, release, compose and send what is due. Several at once are safe."""
    app = open_app(site, now=now)
    done = tick(app.publication, app.clock.now())
    ping_due(app.publication, app.clock.now(), app.publication.log)
    for problem in done.build.problems:
        say(str(problem))
    if app.publication.sender is None:
        say("No mail leaves and no digest is made: PUBLISHER_SMTP_HOST is not set (see .env).")
    sent = drain(app.publication, app.clock.now, set_by_signals())
    put(
        {
            "posts": done.build.posts,
            "written": done.build.written,
            "released": done.released,
            "editions": [edition.edition for edition in done.composed],
            "held": [edition.edition for edition in done.composed if edition.held_because],
            "letters": dict(sent.counts),
            "in_doubt": sent.in_doubt,
        },
        as_json=json,
        text=(
            f"{done.build.posts} posts, {done.build.written} files written, {done.released} released, "
            f"{len(done.composed)} editions, {sent.counts['sent']} letters sent"
        ),
    )
    return 1 if sent.is_down else 0

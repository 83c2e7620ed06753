"""What the owner sees: one screen after a scripted history, and the line that shows how far the sending has come."""

import json
import os
import pty
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.actions.deliver import drain
from publisher.actions.editions import approve
from publisher.actions.subscribe import add, sign_up
from publisher.actions.tick import tick
from publisher.app import App, open_app
from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer
from tests.servers.loopback import HOST, free_port
from tests.site import POST, START, Ran, command, environment, new_site, publisher
from tests.storage.worlds import ACCEPTED, BROKEN, BUSY, REFUSED, UNKNOWN, CuedRelay

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
EIGHT = START + HOUR
POLICY = Answer(stage="rcpt", reply=Reply(code=550, enhanced="5.7.1", text="not from you"))
ANSWERS = {"busy": BUSY, "refused": REFUSED, "unknown": UNKNOWN, "broken": BROKEN, "policy": POLICY}


class Site:
    """A site in Berlin, eight of whose readers have a mail server each."""

    def __init__(self, folder: Path) -> None:
        settings = {
            "MAIL_TRANSPORT": "file",
            "SITE_TITLE": "Low Water",
            "LOG_LEVEL": "error",
            "TIMEZONE": "Europe/Berlin",
        }
        self.folder = new_site(folder, settings | {"DIGEST_TIME": "09:00", "HOLD": "30m"})
        self.app: App = open_app(self.folder, now=START, environment={})
        self.relay = CuedRelay(cue=self._answer)
        tick(self.app.publication, START)
        for n, name in enumerate(["ann", "ben", *ANSWERS, "off"]):
            add(self.app.publication, f"{name}@{name}.example", f"{n:016}", START)

    def write(self, name: str) -> None:
        (self.folder / "posts" / f"{name}.md").write_text(POST.replace("Low water", name))

    def tick(self, now: datetime) -> None:
        tick(self.app.publication, now)

    def send(self, now: datetime) -> None:
        drain(replace(self.app.publication, relays=(self.relay,)), lambda: now, threading.Event())

    def status(self, now: datetime) -> Ran:
        return publisher("status", "--now", now.isoformat(), cwd=self.folder)

    def _answer(self, envelope: Envelope) -> Answer:
        return ANSWERS.get(envelope.rcpt_to.partition("@")[0], ACCEPTED)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path / "site")
    yield found
    found.app.close()


def test_a_new_site_has_a_short_status(tmp_path: Path) -> None:
    folder = new_site(tmp_path / "site", {"MAIL_TRANSPORT": "file"})
    done = publisher("status", "--now", START.isoformat(), cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "subscribers   none yet\n"
        "last run      none yet\n"
        "next digest   2026-11-22 08:00 UTC, if there is something new\n"
        "last edition  none yet\n"
        "outbox        empty\n"
        "letters       none yet\n"
    )


def test_one_screen_tells_how_things_stand(site: Site) -> None:
    site.write("Ebb")
    for now in (START + MINUTE, START + 40 * MINUTE, EIGHT):
        site.tick(now)
    sign_up(site.app.publication, "new@new.example", "f" * 16, EIGHT)
    site.send(EIGHT)
    site.write("Flow")
    site.tick(EIGHT + MINUTE)
    assert site.status(EIGHT + 2 * MINUTE).out == (
        "subscribers   8 active, 1 pending\n"
        "suppressed    1 bounced, in the last 30 days\n"
        "last run      2026-11-22 09:01 CET\n"
        "next digest   2026-11-23 09:00 CET, if there is something new\n"
        "posts         1 on hold until 2026-11-22 09:31 CET\n"
        "last edition  1, sending, 2026-11-22 09:00 CET: Ebb\n"
        "              2 deferred, 2 failed, 1 pending, 3 sent\n"
        "outbox        2 deferred, 1 put off; the next is due at 2026-11-22 09:05 CET\n"
        "letters       2 deferred, 2 failed, 1 pending, 4 sent\n"
        "in doubt      1: nobody knows whether they arrived\n"
        "shut          domain policy.example until 2026-11-22 09:05 CET, after 1 refusal: 550 5.7.1 not from you\n"
        "attention     1 letter of edition 1 deferred: 451 4.3.0 later\n"
        "attention     1 letter of edition 1 failed: 550 5.1.1 no such user\n"
        "attention     1 letter of edition 1 deferred: 550 5.7.1 not from you\n"
        "attention     1 letter of edition 1 failed: 550 no\n"
    )


def test_a_held_edition_and_a_ticker_that_stands_still_are_told_with_what_to_do(site: Site) -> None:
    site.write("Ebb")
    for now in (START + MINUTE, START + 40 * MINUTE):
        site.tick(now)
    late = EIGHT + 4 * DAY
    told = site.status(late).out
    assert "attention     nothing has run since a digest was due: publisher serve, or publisher tick by cron\n" in told
    site.tick(late)
    held = site.status(late).out
    assert "outbox        8 held\n" in held
    assert "attention     edition 1 is held: publisher editions approve 1\n" in held
    assert "nothing has run" not in held
    approve(site.app.publication, 1, late)
    assert "outbox        8 due now\n" in site.status(late).out


def test_the_same_in_json(site: Site) -> None:
    site.write("Ebb")
    for now in (START + MINUTE, START + 40 * MINUTE, EIGHT):
        site.tick(now)
    site.send(EIGHT)
    done = publisher("status", "--json", "--now", EIGHT.isoformat(), cwd=site.folder)
    found = json.loads(done.out)
    assert found["outbox"] == {
        "due": 0, "leaving": 0, "deferred": 2, "put_off": 1, "next_at": found["outbox"]["next_at"], "in_doubt": 1
    }  # fmt: skip
    assert found["shut"] == [
        {
            "name": "domain:policy.example",
            "until": "2026-11-22T08:05:00+00:00",
            "refusals": 1,
            "reason": "550 5.7.1 not from you",
        }
    ]
    assert (found["in_doubt"], found["held"], found["suppressed"]) == (1, [], {"bounced": 1})
    assert found["ticked_at"] == "2026-11-22T09:00:00+01:00"
    assert found["posts"] == {"on_hold": 0, "next_release_at": None, "waiting": 0}


def test_sending_shows_its_progress_on_a_terminal_and_nowhere_else(site: Site) -> None:
    site.write("Ebb")
    for now in (START + MINUTE, START + 40 * MINUTE, EIGHT):
        site.tick(now)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command("send", "--json", "--now", EIGHT.isoformat()),
        cwd=site.folder,
        env=environment() | {"TERM": "xterm", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert json.loads(done.stdout)["letters"] == {"sent": 8}
    assert re.search(r"8 sent, 0 failed, 0 deferred .*\d+/s", shown)
    assert publisher("send", "--now", EIGHT.isoformat(), cwd=site.folder).err == ""


def test_the_summary_of_sending_tells_what_is_put_off_and_what_is_left(site: Site) -> None:
    add(site.app.publication, "amy@ann.example", "a" * 16, START)
    site.write("Ebb")
    for now in (START + MINUTE, START + 40 * MINUTE, EIGHT):
        site.tick(now)
    send, dead = ("send", "--now", EIGHT.isoformat()), {"MAIL_TRANSPORT": "smtp", "SMTP_HOST": HOST}
    down = dead | {"SMTP_PORT": str(free_port()), "SMTP_SECURITY": "none", "MAIL_FROM": "me@example.org"}
    failed = publisher(*send, cwd=site.folder, settings=down)
    assert (failed.code, failed.out) == (1, "nothing was sent: 9 left\n")
    limited = {"DOMAIN_LIMITS": "ann.example=1/h"}
    sent = publisher(*send, cwd=site.folder, settings=limited)
    assert re.fullmatch(r"8 sent, 1 put off by limits \(\d+\.\d s, \d+ a second\)\n", sent.out)
    assert sent.code == 0

"""A publication that comes back from a backup holds its letters; a kill, or anybody at work, leaves all as it was.

Real processes, a real mail server, both databases.
"""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from publisher.actions.subscribe import add
from publisher.actions.tick import tick
from publisher.app import open_app
from publisher.disk.lock import Lock
from tests.processes import Running, Site
from tests.servers.loopback import HOST, free_port, wait_until
from tests.servers.smtp import Cue, ScriptedSmtp, SmtpProcess, Stage, script
from tests.site import Ran, new_site, publisher

BEGIN = datetime(2027, 3, 25, 9, 0, tzinfo=UTC)
WRITTEN = datetime(2027, 3, 25, 10, 0, tzinfo=UTC)
DUE = datetime(2027, 3, 26, 8, 1, tzinfo=UTC)
"""A minute after the slot."""
LATER = DUE + timedelta(hours=1)
POST = "---\ntitle: Salt\ndate: 2027-03-25T10:00:00Z\n---\nThirty-one grams of it in a litre.\n"
READERS = [f"reader-{number}@restore.test" for number in range(6)]


def prepare(folder: Path, database_url: str) -> Site:
    """Six readers, and a post that is due on the next day."""
    site = Site(new_site(folder))
    site.set(
        DATABASE_URL=database_url,
        MAIL_FROM="news@news.test",
        SMTP_SECURITY="none",
        SMTP_HOST=HOST,
        SMTP_PORT=free_port(),
    )
    app = open_app(folder, now=BEGIN, environment={})
    tick(app.publication, BEGIN)
    for number, reader in enumerate(READERS):
        add(app.publication, reader, f"{number:016x}", BEGIN)
    site.write("salt.md", POST)
    tick(app.publication, WRITTEN)
    app.close()
    return site


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///var/publisher.db"
    url: str = request.getfixturevalue("postgresql").create_database()
    return url


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Site:
    return prepare(tmp_path / "site", database_url)


def run(site: Site, *arguments: str, now: datetime) -> Ran:
    return publisher(*arguments, "--now", now.isoformat(), cwd=site.folder)


def ask(site: Site, *arguments: str, now: datetime) -> Any:
    done = run(site, *arguments, "--json", now=now)
    assert done.code == 0, done.err
    return json.loads(done.out)


def recipients(server: ScriptedSmtp) -> Counter[str]:
    return Counter(letter.rcpt_to[0] for letter in server.letters)


def message_ids(server: ScriptedSmtp) -> set[str]:
    return {str(message_from_bytes(letter.message)["Message-ID"]) for letter in server.letters}


def test_nothing_leaves_after_a_restore_until_the_owner_approves_it(site: Site, tmp_path: Path) -> None:
    """Of a backup from the middle of an edition the rest leaves; of one from before it, which knows no letter, all of it."""
    before, midway = str(tmp_path / "before.tar.gz"), str(tmp_path / "midway.tar.gz")
    ask(site, "backup", before, now=WRITTEN)
    busy: dict[tuple[Stage, str], Cue] = {("rcpt", reader): "451 4.3.0 later" for reader in READERS[3:]}
    with ScriptedSmtp(script(busy)) as server:
        site.set(SMTP_PORT=server.port)
        assert ask(site, "tick", now=DUE)["letters"] == {"sent": 3, "deferred": 3}
        ask(site, "backup", midway, now=DUE)
        first_ids = message_ids(server)
    with ScriptedSmtp() as server:
        site.set(SMTP_PORT=server.port)
        assert ask(site, "restore", midway, "--replace", now=LATER)["held"] == [1]
        held = ask(site, "tick", now=LATER)
        assert (held["editions"], held["letters"]) == ([], {})
        assert ask(site, "send", now=LATER)["letters"] == {}
        assert recipients(server) == {}
        assert run(site, "editions", "approve", "1", now=LATER).code == 0
        assert ask(site, "tick", now=LATER)["letters"] == {"sent": 3}
        assert recipients(server) == Counter(READERS[3:])
    with ScriptedSmtp() as server:
        site.set(SMTP_PORT=server.port)
        assert ask(site, "restore", before, "--replace", now=LATER + timedelta(minutes=1))["held"] == []
        held = ask(site, "tick", now=LATER)
        assert (held["editions"], held["held"], held["letters"]) == ([2], [2], {})
        assert recipients(server) == {}
        assert run(site, "editions", "approve", "2", now=LATER).code == 0
        assert ask(site, "tick", now=LATER)["letters"] == {"sent": 6}
        assert recipients(server) == Counter(READERS)
        assert not message_ids(server) & first_ids, "a mail program would show none that it knows already"
        assert ask(site, "tick", now=LATER)["letters"] == {}


def test_a_letter_that_was_on_the_wire_when_the_backup_was_made_is_in_doubt(site: Site, tmp_path: Path) -> None:
    site.set(UNCERTAIN="leave")
    with SmtpProcess(delay_seconds=60) as server:
        site.set(SMTP_PORT=server.port)
        with site.started("tick", now=DUE) as sender:
            wait_until(lambda: states(site).get("sending") == 1 or not sender.runs(), "a letter on the wire")
            ask(site, "backup", str(tmp_path / "a.tar.gz"), now=DUE)
            busy = run(site, "restore", str(tmp_path / "a.tar.gz"), "--replace", now=DUE)
            sender.kill()
    assert (busy.code, busy.err) == (
        75,
        "letters are leaving here: stop what sends them, or try again when it is done\n",
    )
    site.change("UPDATE deliveries SET lease_until = 1")
    assert restored(site, tmp_path / "a.tar.gz", "--replace").code == 0
    assert states(site) == {"uncertain": 1, "pending": 5}
    assert site.rows("SELECT count(*) FROM deliveries WHERE lease_owner IS NOT NULL") == [(0,)]
    assert site.rows("SELECT state, held_because FROM editions") == [("held", "restored")]


def states(site: Site) -> dict[str, int]:
    return dict(site.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))


def restored(site: Site, path: Path, *arguments: str) -> Ran:
    return run(site, "restore", str(path), *arguments, now=LATER)


# Who is at work


def test_a_backup_is_made_while_everything_runs_and_a_restore_waits_until_nothing_does(
    site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "a.tar.gz"
    with site.served(WRITTEN):
        made = ask(site, "backup", str(path), now=WRITTEN)
        assert made["rows"]["subscribers"] == len(READERS)
        busy = restored(site, path, "--replace")
        assert (busy.code, busy.out) == (75, "")
        assert busy.err == "publisher serve is at work here: stop it first, then run the same again\n"
    building = Lock(site.folder / "var" / "build.lock")
    assert building.acquire()
    assert restored(site, path, "--replace").code == 75
    building.release()
    before = content(site)
    assert restored(site, path, "--replace").code == 0
    assert content(site) == before


def test_a_sender_on_another_machine_is_not_robbed_of_its_letters(site: Site, tmp_path: Path) -> None:
    ask(site, "backup", str(tmp_path / "a.tar.gz"), now=DUE)
    assert run(site, "tick", now=DUE).code == 1, "nobody listens"
    site.change("UPDATE deliveries SET lease_owner = 'elsewhere:1', lease_until = 99999999999999")
    busy = restored(site, tmp_path / "a.tar.gz", "--replace")
    assert busy.code == 75
    assert "another machine may be sending letters: stop its sender" in busy.err
    assert states(site) == {"pending": len(READERS)}


def content(site: Site) -> dict[str, list[tuple[Any, ...]]]:
    """Without what a restore leaves behind on purpose."""
    tables = ("posts", "releases", "subscribers", "suppressions", "arrears", "editions", "edition_items", "deliveries")
    return {table: sorted(site.rows(f"SELECT * FROM {table}"), key=str) for table in tables}


# Kills


MANY = 30_000
CROWD = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many})
    INSERT INTO subscribers (handle, address, address_key, standing, cursor, next_due_at, source, created_at)
    SELECT n || '-of-the-crowd', n || '@crowd.test', n || '@crowd.test', standing, cursor, next_due_at, source, created_at
    FROM subscribers, numbers WHERE address = '{first}'
"""


@pytest.fixture
def crowded(site: Site) -> Site:
    site.change(CROWD.format(many=MANY, first=READERS[0]))
    return site


def test_a_restore_that_is_killed_leaves_what_was_there_and_the_next_one_succeeds(
    crowded: Site, tmp_path: Path
) -> None:
    """The kills are spread over the time that the loading takes, which the first run tells."""
    site, path = crowded, tmp_path / "a.tar.gz"
    ask(site, "backup", str(path), now=WRITTEN)
    site.change("DELETE FROM subscribers WHERE address LIKE '%@crowd.test'")
    seconds = load(site, path, Running.wait)
    killed = 0
    for part in (0.2, 0.6):
        site.change("DELETE FROM subscribers WHERE address LIKE '%@crowd.test'")
        before = content(site)
        assert len(before["subscribers"]) == len(READERS)
        load(site, path, lambda process, part=part: kill_after(seconds * part, process))  # type: ignore[misc]
        found = content(site)
        assert found == before or len(found["subscribers"]) == len(READERS) + MANY
        killed += found == before
    assert killed, "the kills came too late to say anything"
    load(site, path, Running.wait)
    assert len(content(site)["subscribers"]) == len(READERS) + MANY


def load(site: Site, path: Path, then: Callable[[Running], object]) -> float:
    """A restore, from when what was there is put aside: the loading comes after it. How many seconds it was."""
    aside = [*site.folder.glob("var/before-restore-*")]
    now = LATER + timedelta(minutes=len(aside))
    with site.started("restore", str(path), "--replace", now=now) as process:
        wait_until(lambda: [*site.folder.glob("var/before-restore-*")] != aside or not process.runs(), "the put-aside")
        assert process.runs(), process.log
        begin = time.monotonic()
        then(process)
        return time.monotonic() - begin


def kill_after(seconds: float, process: Running) -> None:
    time.sleep(seconds)
    process.kill()


@pytest.mark.parametrize(("how", "code", "left"), [(signal.SIGTERM, 130, 0), (signal.SIGKILL, -signal.SIGKILL, 1)])
def test_a_backup_that_is_ended_half_way_is_not_there(
    crowded: Site, tmp_path: Path, how: signal.Signals, code: int, left: int
) -> None:
    """What a kill leaves behind has no name that anybody would take for a backup, and is as secret."""
    folder = tmp_path / "backups"
    folder.mkdir()
    with crowded.started("backup", str(folder / "a.tar.gz"), now=WRITTEN) as process:
        wait_until(lambda: any(folder.iterdir()) or not process.runs(), "the first bytes")
        process.send(how)
        assert process.wait() == code, process.log
        assert process.log == ""
    assert [path.name[:5] for path in folder.iterdir()] == [".new-"] * left
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600] * left
    ask(crowded, "backup", str(folder / "a.tar.gz"), now=WRITTEN)

"""What a kill, a stop and a crowd do to the mail: nobody is left out, and nothing comes twice but the letter at hand.

Real processes, real SIGKILL. The moments are of two kinds: exact ones, where the mail server itself kills its client in
the middle of a letter, and ones that fall where they may.
"""

import random
import shutil
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.processes import Running, Site, get
from tests.servers.loopback import HOST, free_port, wait_until
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import Accepted, Drop, ScriptedSmtp, SmtpProcess, Stage

BEGIN = datetime(2027, 3, 25, 9, 0, tzinfo=UTC)
WRITTEN = datetime(2027, 3, 25, 10, 0, tzinfo=UTC)
DUE = datetime(2027, 3, 26, 8, 1, tzinfo=UTC)
"""A minute after the slot."""
POST = "---\ntitle: Salt\ndate: 2027-03-25T10:00:00Z\n---\nThirty-one grams of it in a litre.\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one reader and one post that is due on the next day. Copy it."""
    return prepare(tmp_path_factory.mktemp("prepared") / "site").folder


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Site:
    return copied(prepared, tmp_path / "site")


def prepare(folder: Path, **settings: str) -> Site:
    site = Site(folder)
    assert site.run("init", now=BEGIN).code == 0
    site.set(MAIL_FROM="news@news.test", SMTP_SECURITY="none", SMTP_HOST=HOST, SMTP_PORT=free_port(), **settings)
    if "DATABASE_URL" in settings:
        site.ask("tick", now=BEGIN)  # what `init` did in the other database: what is there now is mailed to nobody
    assert site.run("subscribers", "add", "reader-1@kills.test", now=BEGIN).code == 0
    site.write("salt.md", POST)
    assert site.ask("tick", now=WRITTEN)["released"] == 0
    return site


def copied(prepared: Path, folder: Path) -> Site:
    shutil.copytree(prepared, folder)
    return Site(folder)


def crowd(site: Site, size: int) -> set[str]:
    """The addresses of so many readers, all like the first."""
    columns = "standing, cursor, next_due_at, source, created_at, confirmed_at"
    site.change(
        f"""
        WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {size})
        INSERT INTO subscribers (handle, address, address_key, {columns})
        SELECT substr(handle, 1, 9) || (1000000 + n), 'reader-' || n || '@kills.test', 'reader-' || n || '@kills.test', {columns}
        FROM subscribers, numbers
        """
    )
    return {f"reader-{n}@kills.test" for n in range(1, size + 1)}


def doubts(site: Site) -> int:
    [(found,)] = site.rows("SELECT coalesce(sum(doubts), 0) FROM deliveries")
    return int(found)


def states(site: Site) -> dict[str, int]:
    return dict(site.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))


# Killed while letters leave


class Killer:
    """A mail server that kills its client once, at a stage of its n-th letter, before it answers."""

    def __init__(self) -> None:
        self.victim: Running | None = None
        self.stage: Stage | str = ""
        self.countdown = 0
        self.letters: list[Accepted] = []
        self.server = ScriptedSmtp(self._answer, keep=self._keep)

    def arm(self, victim: Running, stage: str, countdown: int) -> None:
        self.victim, self.stage, self.countdown = victim, stage, countdown

    def _answer(self, stage: Stage, recipient: str) -> Drop | None:
        return Drop() if self._strikes(stage) else None

    def _keep(self, letter: Accepted) -> None:
        """The letter is taken, and the server answerable for it; its client may not live to hear so."""
        self.letters.append(letter)
        self._strikes("taken")

    def _strikes(self, stage: str) -> bool:
        if stage != self.stage or self.victim is None:
            return False
        self.countdown -= 1
        if self.countdown:
            return False
        self.victim.kill()
        return True


@pytest.fixture
def killer() -> Iterator[Killer]:
    found = Killer()
    with found.server:
        yield found


@pytest.fixture(scope="module")
def prepared_on_postgresql(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The same there: its folder, and the URL of its database."""
    url = postgresql.create_database()
    return prepare(tmp_path_factory.mktemp("prepared") / "site", DATABASE_URL=url).folder, url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    if request.param == "sqlite":
        return copied(request.getfixturevalue("prepared"), tmp_path / "site")
    folder, url = request.getfixturevalue("prepared_on_postgresql")
    site = copied(folder, tmp_path / "site")
    copy = f"{url}_of_{tmp_path.name}"
    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as server:
        names = [sql.Identifier(each.rpartition("/")[2]) for each in (copy, url)]
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    site.set(DATABASE_URL=copy)
    return site


def test_killed_at_every_stage_of_a_letter(any_site: Site, killer: Killer) -> None:
    """Before the intent is written nothing is in doubt, after it exactly the one letter; only one that was taken comes twice."""
    site, readers = any_site, crowd(any_site, 20)
    site.set(SMTP_PORT=killer.server.port)
    told: list[str] = []
    for stage in ("ehlo", "mail", "rcpt", "data", "dot", "taken"):
        with site.started("tick", now=DUE) as tick:
            killer.arm(tick, stage, 1 if stage == "ehlo" else 3)
            assert tick.wait() == -signal.SIGKILL, stage
            told += [event["count"] for event in tick.events("letters.uncertain")]
    last = site.ask("tick", now=DUE)
    assert [*told, str(last["in_doubt"])] == ["1"] * 5
    assert doubts(site) == 5
    assert states(site) == {"sent": 20}
    repeated = all_have_it_with_repeats(killer.letters, readers)
    assert repeated == 1
    assert site.rows("SELECT state FROM editions") == [("sent",)]


def test_killed_with_the_policy_to_leave_it(site: Site, killer: Killer) -> None:
    """A letter in doubt counts as had: nothing ever comes twice, and the one that was not taken is lost, by the owner's word."""
    readers = crowd(site, 8)
    site.set(SMTP_PORT=killer.server.port, UNCERTAIN="leave")
    for stage in ("taken", "rcpt"):
        with site.started("tick", now=DUE) as tick:
            killer.arm(tick, stage, 2)
            assert tick.wait() == -signal.SIGKILL
    site.ask("tick", now=DUE)
    had = [letter.rcpt_to[0] for letter in killer.letters]
    assert len(had) == len(set(had)) == len(readers) - 1
    assert states(site) == {"sent": 6, "uncertain": 2}
    assert site.rows("SELECT state FROM editions") == [("sent_with_errors",)]


def all_have_it_with_repeats(letters: list[Accepted], readers: set[str]) -> int:
    """Returns how many repeats there were: each the same letter, byte for byte."""
    by_reader: dict[str, set[tuple[str, bytes]]] = {}
    for letter in letters:
        by_reader.setdefault(letter.rcpt_to[0], set()).add((letter.mail_from, letter.message))
    assert set(by_reader) == readers
    assert all(len(same) == 1 for same in by_reader.values())
    assert len({message for same in by_reader.values() for _, message in same}) == len(readers)
    return len(letters) - len(readers)


@pytest.mark.parametrize("connections", [1, 3])
def test_killed_again_and_again(site: Site, connections: int) -> None:
    """Wherever a kill falls, at most the letters at hand come twice: one for each connection."""
    readers, chance, kills = crowd(site, 120), random.Random(connections), 3
    with SmtpProcess(delay_seconds=0.01 * connections) as server:
        site.set(SMTP_PORT=server.port, SMTP_CONNECTIONS=connections)
        for kill in range(kills):
            before = len(server.letters())
            command = ("tick",) if kill % 2 else ("serve", "--port", str(site.port))
            with site.started(*command, now=DUE + timedelta(minutes=kill)) as sender:
                server.wait_for(before + chance.randint(1, 20))
                time.sleep(chance.uniform(0, 0.03))
                sender.kill()
        assert len(server.letters()) < len(readers), "the kills came too late to say anything"
        with site.started("serve", "--port", str(site.port), now=DUE + timedelta(minutes=kills)) as serve:
            serve.wait_for_event("edition.finished")
            assert serve.stop() == 0
        letters = server.letters()
    ids = {letter["rcpt_to"][0]: set[str]() for letter in letters}
    for letter in letters:
        ids[letter["rcpt_to"][0]].add(letter["message_id"])
    assert set(ids) == readers
    assert all(len(same) == 1 for same in ids.values()), "a repeat has the Message-ID of the first"
    repeats = len(letters) - len(readers)
    assert repeats <= doubts(site) <= kills * connections
    assert states(site) == {"sent": len(readers)}


def test_a_stop_finishes_the_letter_at_hand(site: Site) -> None:
    """SIGTERM: nothing is in doubt, nothing comes twice, and the rest leaves after the next start."""
    readers = crowd(site, 60)
    with SmtpProcess(delay_seconds=0.05) as server:
        site.set(SMTP_PORT=server.port)
        with site.started("serve", "--port", str(site.port), now=DUE) as serve:
            server.wait_for(5)
            assert serve.stop() == 0
        left = len(readers) - len(server.letters())
        assert 0 < left <= len(readers) - 5
        assert states(site) == {"sent": len(readers) - left, "pending": left}
        assert site.rows("SELECT count(*) FROM deliveries WHERE lease_owner IS NOT NULL") == [(0,)]
        assert site.ask("tick", now=DUE + timedelta(minutes=1))["letters"] == {"sent": left}
        assert Counter(letter["rcpt_to"][0] for letter in server.letters()) == Counter(readers)
    assert doubts(site) == 0


# Killed while the edition is frozen


MANY = 20_000


@pytest.fixture(scope="module")
def crowded(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody listens at its mail server's port, so that what is frozen stays as it is."""
    site = copied(prepared, tmp_path_factory.mktemp("crowded") / "site")
    crowd(site, MANY)
    return site.folder


def test_killed_while_composing_it_is_all_or_nothing(crowded: Path, tmp_path: Path) -> None:
    """The kills are spread over the time that the edition takes, which the first run tells."""
    seconds = compose(copied(crowded, tmp_path / "whole"), lambda tick: tick.wait_for_event("edition.frozen"))
    found = Counter[int]()
    for number, part in enumerate((0.0, 0.4, 0.8)):
        site = copied(crowded, tmp_path / str(number))
        compose(site, lambda _, part=part: time.sleep(seconds * part))  # type: ignore[misc]
        found[frozen(site)] += 1
        assert site.run("tick", now=DUE).code == 1, "nobody listens"
        assert frozen(site) == MANY
        assert site.rows("SELECT count(*) FROM editions") == [(1,)]
    assert set(found) <= {0, MANY}
    assert found[0], "no kill fell into the middle"


def compose(site: Site, until: Callable[[Running], object]) -> float:
    """Begin with the edition and be killed after that; how many seconds it was."""
    with site.started("tick", now=DUE) as tick:
        tick.wait_for_event("post.released")
        begin = time.monotonic()
        until(tick)
        tick.kill()
        return time.monotonic() - begin


def frozen(site: Site) -> int:
    """How many letters there are; whose reader has one was planned for, and nobody else."""
    [(letters, readers)] = site.rows("SELECT count(*), count(DISTINCT subscriber) FROM deliveries")
    assert letters == readers
    [(planned,)] = site.rows(
        "SELECT count(*) FROM subscribers WHERE cursor = 1 AND next_due_at > '2027-03-27' AND last_letter_at IS NOT NULL"
    )
    assert planned == letters
    assert site.rows("SELECT count(*) FROM edition_items") == [(min(letters, 1),)]
    return int(letters)


# Several at once


def test_two_ticks_at_once_send_everything_once(any_site: Site) -> None:
    readers = crowd(any_site, 120)
    with SmtpProcess(delay_seconds=0.005) as server:
        any_site.set(SMTP_PORT=server.port)
        with ThreadPoolExecutor(2) as pool:
            ticks = [pool.submit(any_site.ask, "tick", now=DUE) for _ in range(2)]
            done = [tick.result() for tick in ticks]
        assert Counter(letter["rcpt_to"][0] for letter in server.letters()) == Counter(readers)
    assert sum(one["letters"].get("sent", 0) for one in done) == len(readers)
    assert any_site.rows("SELECT number, state FROM editions") == [(1, "sent")]
    assert doubts(any_site) == 0


def test_a_tick_beside_serve_sends_everything_once(site: Site) -> None:
    readers = crowd(site, 120)
    with SmtpProcess(delay_seconds=0.005) as server:
        site.set(SMTP_PORT=server.port)
        with site.started("serve", "--port", str(site.port), now=DUE) as serve:
            site.ask("tick", now=DUE)
            wait_until(lambda: states(site) == {"sent": len(readers)}, "all letters")
            assert serve.stop() == 0
        assert Counter(letter["rcpt_to"][0] for letter in server.letters()) == Counter(readers)
    assert doubts(site) == 0


def test_a_second_serve_on_the_same_site_refuses(site: Site) -> None:
    with site.served(DUE):
        second = site.run("serve", "--port", str(free_port()), now=DUE)
        assert second.code == 75
        assert second.err.splitlines() == [
            f"another publisher serves {site.folder} already: stop it first, or serve the web alone with --no-schedule"
        ]
        port = free_port()
        with site.started("serve", "--no-schedule", "--port", str(port), now=DUE) as web:
            wait_until(lambda: not web.runs() or get(f"http://{HOST}:{port}/").status == 200, "the web alone")
            assert web.stop() == 0


def test_serve_on_a_port_in_use_says_what_to_type(site: Site) -> None:
    with socket.create_server((HOST, site.port)):
        done = site.run("serve", "--port", str(site.port))
    assert done.code == 1
    assert done.err.splitlines() == [
        f"{HOST}:{site.port}: Address already in use, wanted is a free one: --port {site.port + 1}"
    ]

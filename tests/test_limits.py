"""How fast letters leave, to whom, and through which relay: measured at the mail servers."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from publisher.actions.deliver import drain
from tests.mailroom import DUE, Mailroom
from tests.servers.loopback import free_port
from tests.servers.smtp import Accepted, Drop, Offer, ScriptedSmtp

OpenRoom = Callable[..., Mailroom]


@pytest.fixture
def open_room(tmp_path: Path) -> Iterator[OpenRoom]:
    with ExitStack() as stack:

        def open_one(count: int, **settings: str) -> Mailroom:
            room = Mailroom(tmp_path / "site", [f"{number}@one.test" for number in range(count)], **settings)
            stack.callback(room.close)
            return room

        yield open_one


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgresql").create_database()
    return url


def running() -> Callable[[], datetime]:
    """A clock that runs on from when the letters are due."""
    begun = monotonic()
    return lambda: DUE + timedelta(seconds=monotonic() - begun)


def most_within(letters: Sequence[Accepted], seconds: float) -> int:
    """So many came at the most within so long."""
    at = sorted(letter.accepted_at.timestamp() for letter in letters)
    return max(sum(begin <= each < begin + seconds for each in at) for begin in at)


def span(letters: Sequence[Accepted]) -> float:
    at = [letter.accepted_at.timestamp() for letter in letters]
    return max(at) - min(at)


# a relay's rate


def test_letters_leave_at_their_rate_evenly(open_room: OpenRoom) -> None:
    with ScriptedSmtp() as server:
        room = open_room(60, SMTP_PORT=str(server.port), SMTP_RATE="20", SMTP_CONNECTIONS="8")
        turns: list[None] = []
        drain(room.publication, room.clock, threading.Event(), lambda _: turns.append(None))
        letters = server.letters
    assert room.states() == {"sent": 60}
    assert 2.8 <= span(letters) <= 4.5
    assert most_within(letters, 1.0) <= 20 + 2
    assert most_within(letters, 0.1) <= 2 + 2
    assert len(turns) <= 4 * 60, "it waits, instead of asking again and again"


def test_two_senders_keep_the_rate_together(open_room: OpenRoom, database_url: str | None) -> None:
    with ScriptedSmtp() as server, ThreadPoolExecutor(2) as pool:
        settings = {"SMTP_PORT": str(server.port), "SMTP_RATE": "40", "SMTP_CONNECTIONS": "4"}
        room = open_room(80, database_url=database_url, **settings)
        done = [each.result() for each in [pool.submit(room.send) for _ in range(2)]]
        letters = server.letters
    assert sum(each.counts["sent"] for each in done) == 80
    assert len({letter.rcpt_to for letter in letters}) == len(letters) == 80
    assert most_within(letters, 1.0) <= 40 + 4
    assert span(letters) >= 1.8


def test_a_restart_forgets_no_rate(open_room: OpenRoom) -> None:
    with ScriptedSmtp() as server:
        room = open_room(30, SMTP_PORT=str(server.port), SMTP_RATE="10")
        for count in (5, 10, 15):
            stop = threading.Event()
            with ThreadPoolExecutor(1) as pool:
                sending = pool.submit(room.send, stop=stop)
                server.wait_for(count)
                stop.set()
                sending.result()
            room.with_settings()
        assert most_within(server.letters, 1.0) <= 10 + 2


def test_a_stop_is_heeded_while_a_slow_rate_is_waited_for(open_room: OpenRoom) -> None:
    stop = threading.Event()
    with ScriptedSmtp() as server, ThreadPoolExecutor(1) as pool:
        room = open_room(5, SMTP_PORT=str(server.port), SMTP_RATE="1/m")
        sending = pool.submit(room.send, stop=stop)
        server.wait_for(2)  # one of them ahead of its time
        threading.Event().wait(0.3)
        begun = monotonic()
        stop.set()
        assert sending.result(5).counts == {"sent": 2}
    assert monotonic() - begun < 2


# a domain's


def test_a_limited_domain_gets_its_letters_at_its_pace_while_others_go_at_once(tmp_path: Path) -> None:
    limited, others = [f"{n}@slow.test" for n in range(20)], [f"{n}@one.test" for n in range(20)]
    with ScriptedSmtp() as server:
        settings = {"SMTP_PORT": str(server.port), "SMTP_CONNECTIONS": "4", "DOMAIN_LIMITS": "slow.test=10/s"}
        room = Mailroom(tmp_path / "site", [*limited, *others], **settings)
        room.send(running())
        room.close()
        slow = [letter for letter in server.letters if letter.rcpt_to[0].endswith("@slow.test")]
        fast = [letter for letter in server.letters if letter.rcpt_to[0].endswith("@one.test")]
    assert room.states() == {"sent": 40}
    assert span(fast) < 1.0
    assert 1.7 <= span(slow) <= 4.0
    assert most_within(slow, 1.0) <= 10 + 2
    assert room.site.rows("SELECT DISTINCT attempts FROM deliveries") == [(1,)]


def test_under_a_clock_that_stands_still_the_run_ends_and_says_how_many_wait(open_room: OpenRoom) -> None:
    with ScriptedSmtp() as server:
        room = open_room(20, SMTP_PORT=str(server.port), DOMAIN_LIMITS="one.test=60/m")
        done = room.send()
    assert done.counts["sent"] + done.put_off == 20
    assert done.put_off >= 17
    [(first, last)] = room.site.rows(
        "SELECT min(next_attempt_at), max(next_attempt_at) FROM deliveries WHERE state <> 'sent'"
    )
    assert f"{DUE:%F %T}" < first < f"{DUE + timedelta(seconds=3):%F %T}"
    assert f"{DUE + timedelta(seconds=15):%F %T}" < last < f"{DUE + timedelta(seconds=25):%F %T}"


# several relays


def relays(room_settings: dict[str, str], tmp_path: Path, *tables: str) -> dict[str, str]:
    """The settings, with a file of these relays."""
    path = tmp_path / "relays.toml"
    path.write_text("\n".join(f'[[relay]]\nhost = "127.0.0.1"\nsecurity = "none"\n{table}' for table in tables))
    return room_settings | {"SMTP_HOST": "", "RELAYS_FILE": str(path)}


def test_the_lowest_preference_takes_all_while_it_answers(open_room: OpenRoom, tmp_path: Path) -> None:
    with ScriptedSmtp() as first, ScriptedSmtp() as second:
        tables = f"port = {second.port}\npreference = 20", f"port = {first.port}\npreference = 10"
        room = open_room(20, **relays({}, tmp_path, *tables))
        room.send()
        assert (len(first.letters), second.connections) == (20, 0)


def test_where_the_first_is_down_the_second_takes_over_and_gives_back(open_room: OpenRoom, tmp_path: Path) -> None:
    first = ScriptedSmtp()
    with ScriptedSmtp() as second:
        tables = f"port = {first.port}\npreference = 10", f"port = {second.port}\npreference = 20"
        room = open_room(6, **relays({}, tmp_path, *tables))
        room.site.change(
            "UPDATE deliveries SET next_attempt_at = datetime(next_attempt_at, (id / 3) || ' hours') || '.000000'"
        )
        done = room.send()
        assert done.counts == {"sent": 2}
        assert not done.is_down
        assert room.is_shut(room.relay)
        assert len(second.letters) == 2
        with first:
            room.clock.move(minutes=3)
            room.send()
            room.clock.move(hours=1)
            room.send()
            assert (len(first.letters), len(second.letters)) == (3, 2), "after its time it is the first again"
            assert not room.is_shut(room.relay)


def test_a_relay_that_dies_in_the_middle_loses_and_doubles_nothing(open_room: OpenRoom, tmp_path: Path) -> None:
    died = threading.Event()

    def dies(stage: str, to: str) -> Drop | None:
        if stage == "rcpt" and len(first.letters) >= 15:
            died.set()
        return Drop() if died.is_set() and stage != "dot" else None

    with ScriptedSmtp(dies) as first, ScriptedSmtp() as second:
        tables = f"port = {first.port}\nconnections = 3", f"port = {second.port}\nconnections = 2\npreference = 1"
        room = open_room(60, **relays({}, tmp_path, *tables))
        done = room.send()
        assert done.counts == {"sent": 60}
        arrived = Counter(letter.rcpt_to[0] for letter in [*first.letters, *second.letters])
        assert set(arrived.values()) == {1}
        assert len(first.letters) >= 15
        assert {letter.connection for letter in second.letters} <= {1, 2}
        assert dict(room.site.rows("SELECT relay, count(*) FROM deliveries GROUP BY relay")) == {
            f"127.0.0.1:{server.port}": len(server.letters) for server in (first, second)
        }


def test_equals_share_and_each_has_its_own_connections(open_room: OpenRoom, tmp_path: Path) -> None:
    offer = Offer(delay_seconds=0.02)
    with ScriptedSmtp(offer=offer) as one, ScriptedSmtp(offer=offer) as other:
        tables = f"port = {one.port}\nconnections = 3", f"port = {other.port}\nconnections = 1"
        room = open_room(60, **relays({}, tmp_path, *tables))
        room.send()
        assert len(one.letters) + len(other.letters) == 60
        assert len(other.letters) >= 5
        assert len(one.letters) > len(other.letters)
        assert (one.connections, other.connections) == (3, 1)


def test_a_slow_relay_does_not_slow_its_equal(open_room: OpenRoom, tmp_path: Path) -> None:
    with ScriptedSmtp() as quick, ScriptedSmtp() as slow:
        tables = f'port = {quick.port}\nrate = "40/s"', f'port = {slow.port}\nrate = "1/m"'
        room = open_room(30, **relays({}, tmp_path, *tables))
        begun = monotonic()
        room.send()
        assert len(slow.letters) <= 2
        assert monotonic() - begun < 5
    assert room.states() == {"sent": 30}


def test_where_all_are_down_it_says_so_and_the_next_run_tries_again(open_room: OpenRoom, tmp_path: Path) -> None:
    server = ScriptedSmtp()
    tables = f"port = {free_port()}", f"port = {server.port}\npreference = 1"
    room = open_room(3, **relays({}, tmp_path, *tables))
    assert room.send().is_down
    assert room.states() == {"pending": 3}
    with server:
        assert room.send().counts == {"sent": 3}

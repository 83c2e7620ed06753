"""The hub hears of each feed that changed, whatever it does with us, and a build never waits for it for long."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs

import pytest

from publisher.actions.ping import ping_due, remember
from publisher.actions.publication import Workshop
from publisher.app import open_workshop
from publisher.core.pings import BACK_OFF, GIVE_UP_AFTER, Ping, after_failure, parse_pings, render_pings, with_changed
from publisher.disk.lock import Lock
from publisher.websub import ping
from tests.servers.loopback import HOST, free_port
from tests.site import START, new_site

RSS, ATOM = "https://example.org/rss.xml", "https://example.org/tags/b%C3%BCro/atom.xml?a=b&c"


class Hub:
    """Answers as it is told, and writes down what it was asked."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, list[str]]]] = []
        self.answers: list[int] = []
        self.before_answer: threading.Event | None = None
        self.while_asked: list[Workshop] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hub.heard.append((self.headers["Content-Type"], parse_qs(form)))
                for workshop in hub.while_asked:
                    remember(workshop, [RSS])
                if hub.before_answer:
                    hub.before_answer.wait(20)
                self.send_response(hub.answers.pop(0) if hub.answers else 202)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                hub.heard.append(("GET", {}))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_port}/hub"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def topics(self) -> list[str]:
        return [form["hub.url"][0] for _, form in self.heard]

    @contextmanager
    def running(self) -> Iterator["Hub"]:
        self._thread.start()
        try:
            yield self
        finally:
            if self.before_answer:
                self.before_answer.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class Lines:
    """A log that can be read."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, **values: object) -> object:
        self.said.append((event, values))
        return None

    info = warning = error = debug

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.said]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub().running() as found:
        yield found


@pytest.fixture
def log() -> Lines:
    return Lines()


def workshop_of(folder: Path, hub_url: str, site_url: str = "https://example.org") -> Workshop:
    given = {"PUBLISHER_SITE_URL": site_url, "PUBLISHER_WEBSUB_HUB": hub_url}
    return open_workshop(new_site(folder / "site"), environment=given)


@pytest.fixture
def workshop(tmp_path: Path, hub: Hub) -> Workshop:
    return workshop_of(tmp_path, hub.url)


def waiting(workshop: Workshop) -> dict[str, Ping]:
    file = workshop.folders.state / "websub"
    return parse_pings(file.read_text()) if file.exists() else {}


# -- the tool


def test_a_ping_is_the_form_that_hubs_know(hub: Hub) -> None:
    done = ping(hub.url, ATOM)
    assert (done.topic, done.status, done.is_taken) == (ATOM, 202, True)
    assert hub.heard == [("application/x-www-form-urlencoded", {"hub.mode": ["publish"], "hub.url": [ATOM]})]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_any_other_answer_is_told_and_no_redirect_is_followed(hub: Hub, status: int) -> None:
    hub.answers = [status]
    done = ping(hub.url, RSS)
    assert (done.status, done.is_taken) == (status, False)
    assert done.reason
    assert len(hub.heard) == 1


def test_nobody_there_is_told(tmp_path: Path) -> None:
    done = ping(f"http://{HOST}:{free_port()}/", RSS)
    assert (done.status, done.is_taken) == (None, False)
    assert "refused" in done.reason


def test_a_hub_that_keeps_silent_is_left_after_the_timeout(hub: Hub) -> None:
    hub.before_answer = threading.Event()
    start = monotonic()
    done = ping(hub.url, RSS, timeout_seconds=0.3)
    assert monotonic() - start < 5
    assert (done.status, "timed out" in done.reason) == (None, True)


def test_what_is_no_http_is_told() -> None:
    with socket.create_server((HOST, 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        done = ping(f"http://{HOST}:{server.getsockname()[1]}/", RSS)
        thread.join()
    assert done.status is None
    assert done.reason


# -- the action


def test_what_changed_is_sent_once_and_then_forgotten(workshop: Workshop, hub: Hub, log: Lines) -> None:
    remember(workshop, [RSS, ATOM])
    remember(workshop, [RSS])
    assert hub.heard == []
    ping_due(workshop, START, log)
    assert hub.topics == [RSS, ATOM]
    assert log.said == [("websub.pinged", {"topics": 2, "first": RSS})]
    assert not (workshop.folders.state / "websub").exists()
    ping_due(workshop, START, log)
    assert len(hub.heard) == 2


def test_what_fails_comes_again_after_a_while_and_the_others_do_not(workshop: Workshop, hub: Hub, log: Lines) -> None:
    hub.answers = [500, 204]
    remember(workshop, [RSS, ATOM])
    ping_due(workshop, START, log)
    assert log.events == ["websub.pinged", "websub.failed"]
    assert log.said[-1][1]["reason"] == "500 Internal Server Error"
    assert [*waiting(workshop)] == [RSS]
    ping_due(workshop, START + BACK_OFF[0] - timedelta(seconds=1), log)
    assert hub.topics == [RSS, ATOM]
    ping_due(workshop, START + BACK_OFF[0], log)
    assert hub.topics == [RSS, ATOM, RSS]
    assert waiting(workshop) == {}


def test_a_hub_that_is_down_is_asked_ever_more_rarely_and_given_up_after_a_day(tmp_path: Path, log: Lines) -> None:
    workshop = workshop_of(tmp_path, f"http://{HOST}:{free_port()}/")
    remember(workshop, [RSS, ATOM])
    at, tries = START, 0
    while waiting(workshop):
        before = waiting(workshop)
        ping_due(workshop, at, log)
        tries += waiting(workshop) != before
        at += timedelta(minutes=1)
        assert tries < 30
    assert GIVE_UP_AFTER <= at - START < GIVE_UP_AFTER + BACK_OFF[-1] + timedelta(minutes=2)
    assert 8 <= tries <= 16
    assert log.events[-2:] == ["websub.failed", "websub.given_up"]
    assert log.events.count("websub.failed") == tries


def test_a_hub_that_keeps_silent_is_asked_once_for_all(workshop: Workshop, hub: Hub, log: Lines) -> None:
    hub.before_answer = threading.Event()
    remember(workshop, [RSS, ATOM])
    start = monotonic()
    ping_due(workshop, START, log, timeout_seconds=0.3)
    assert monotonic() - start < 5
    assert len(hub.heard) == 1
    assert {topic: ping.tries for topic, ping in waiting(workshop).items()} == {RSS: 1, ATOM: 1}


def test_what_changes_while_it_is_sent_is_sent_again(workshop: Workshop, hub: Hub, log: Lines) -> None:
    hub.while_asked = [workshop]
    remember(workshop, [RSS, ATOM])
    ping_due(workshop, START, log)
    assert [*waiting(workshop)] == [RSS]
    hub.while_asked = []
    ping_due(workshop, START, log)
    assert hub.topics == [RSS, ATOM, RSS]
    assert waiting(workshop) == {}


def test_two_at_once_do_not_ping_twice(workshop: Workshop, hub: Hub, log: Lines) -> None:
    remember(workshop, [RSS])
    other = Lock(workshop.folders.state / "websub.pinging")
    assert other.acquire()
    ping_due(workshop, START, log)
    assert (hub.heard, log.said) == ([], [])
    other.release()
    ping_due(workshop, START, log)
    assert hub.topics == [RSS]


def test_without_a_hub_nothing_is_written_down(tmp_path: Path, log: Lines) -> None:
    workshop = workshop_of(tmp_path, "")
    remember(workshop, [RSS])
    ping_due(workshop, START, log)
    assert not [*workshop.folders.state.glob("websub*")]


@pytest.mark.parametrize(("site_url", "is_told"), [("http://127.0.0.1:8000", False), ("https://example.org", True)])
def test_a_hub_elsewhere_is_not_told_of_a_site_on_this_machine(tmp_path: Path, site_url: str, is_told: bool) -> None:
    workshop = workshop_of(tmp_path, "https://hub.example.com/", site_url)
    remember(workshop, [f"{site_url}/rss.xml"])
    assert bool(waiting(workshop)) is is_told


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"", b"a\tb\n", b"x\t1\t-1\t-\t-\n", b"x\t1\t0\tnoon\t-\n", b"x\t1\t0\t2026-11-22\t-\n"]
)
def test_a_damaged_file_costs_a_ping_and_no_more(workshop: Workshop, hub: Hub, log: Lines, damage: bytes) -> None:
    (workshop.folders.state / "websub").write_bytes(damage)
    ping_due(workshop, START, log)
    assert (hub.heard, log.said) == ([], [])
    remember(workshop, [RSS])
    ping_due(workshop, START, log)
    assert hub.topics == [RSS]


def test_a_disk_that_takes_nothing_raises_nothing(workshop: Workshop, hub: Hub, log: Lines) -> None:
    (workshop.folders.state / "websub").mkdir()
    remember(workshop, [RSS])
    ping_due(workshop, START, log)
    assert hub.heard == []
    assert log.events == ["websub.failed"]


# -- what is kept


AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_pings_come_back_from_the_file_as_they_were() -> None:
    pings = with_changed({}, [RSS, ATOM])
    failed = after_failure(pings[ATOM], AT)
    assert failed
    both = {**pings, ATOM: failed}
    assert parse_pings(render_pings(both)) == both
    assert render_pings(both).splitlines()[0] == f"{RSS}\t1\t0\t-\t-"


def test_a_new_change_keeps_the_wait_and_begins_the_day_anew() -> None:
    failed = after_failure(Ping(topic=RSS), AT)
    assert failed
    later = with_changed({RSS: failed}, [RSS])[RSS]
    assert (later.next_try_at, later.tries, later.first_try_at) == (failed.next_try_at, 1, None)
    assert after_failure(failed, AT + GIVE_UP_AFTER) is None
    assert after_failure(later, AT + GIVE_UP_AFTER)


def test_a_clock_that_was_ahead_delays_nothing() -> None:
    failed = after_failure(Ping(topic=RSS), AT + timedelta(days=900))
    assert failed
    assert failed.is_due(AT)
    assert not failed.is_due(AT + timedelta(days=900))

"""Many lines in one thread: whatever comes in pieces, late, or not at all."""

import socket
import threading
from collections.abc import Callable
from time import monotonic

import pytest

from publisher.core.relays import Route
from publisher.smtp import Answered, Line, Lost, Opened, Relay, Switchboard, line
from publisher.smtp.switchboard import News
from tests.servers.certificates import Authority
from tests.servers.loopback import wait_until
from tests.servers.rude_smtp import Client, RudeSmtp
from tests.servers.smtp import Offer, ScriptedSmtp
from tests.test_smtp import envelope, relay

LARGE = b"Subject: Large\r\n\r\n" + b"".join(b"%07d %s\r\n" % (n, b"salt " * 10) for n in range(5000))
"""Some 300 KB."""


def collected(switchboard: Switchboard, is_enough: Callable[[list[News]], bool], seconds: float = 20) -> list[News]:
    found: list[News] = []
    until = monotonic() + seconds
    while not is_enough(found):
        assert monotonic() < until, found
        found += switchboard.wait(0.001)
    return found


def opened(switchboard: Switchboard, to: Relay, count: int) -> list[Line]:
    for _ in range(count):
        switchboard.open(to)
    news = collected(switchboard, lambda found: len(found) >= count)
    lines = [each.line for each in news if isinstance(each, Opened)]
    assert len(lines) == count, news
    return lines  # type: ignore[return-value]


def codes(news: list[News]) -> list[int | None]:
    answers = [each.answer for each in news if isinstance(each, Answered)]
    return [answer.reply.code if answer.reply else None for answer in answers]


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_large_letters_leave_in_pieces_and_arrive_whole(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    certificate = None if security == "none" else authority.certificate()
    offer = Offer(certificate=certificate, implicit_tls=security == "tls")
    assert len(LARGE) > 280_000
    with ScriptedSmtp(offer=offer) as server, Switchboard() as switchboard:
        lines = opened(switchboard, relay(server.port, host="localhost", security=security), 6)
        for number, each in enumerate(lines):
            each._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            switchboard.begin(each, envelope(f"{number}@reader.test", LARGE))
        pieces: list[bool] = []

        def is_enough(found: list[News]) -> bool:
            pieces.extend(each.wants_to_write for each in lines)
            return len(found) >= 6

        assert codes(collected(switchboard, is_enough)) == [250] * 6
        assert any(pieces), "it was meant to leave in pieces"
        assert {letter.rcpt_to[0] for letter in server.letters} == {f"{number}@reader.test" for number in range(6)}
        assert {letter.message for letter in server.letters} == {LARGE}


def test_who_leaves_in_the_middle_of_the_content_has_taken_nothing() -> None:
    """As long as a part of it is still here, it is not in doubt."""

    def talk(client: Client) -> None:
        client.greet()
        client.hear_commands(3)
        client.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
        client.hear(10_000)

    with RudeSmtp(talk, receive_buffer=4096) as server, Switchboard() as switchboard:
        (each,) = opened(switchboard, relay(server.port), 1)
        switchboard.begin(each, envelope(message=LARGE * 30))
        (news,) = collected(switchboard, bool)
        assert isinstance(news, Answered)
        assert (news.answer.stage, news.answer.reply) == ("rcpt", None)
        assert not each.is_open


@pytest.mark.parametrize(("said", "code"), [(b"552 5.3.4 too big\r\n", 552), (b"250 2.0.0 taken\r\n", None)])
def test_an_answer_in_the_middle_of_the_content_can_only_be_a_refusal(said: bytes, code: int | None) -> None:
    def talk(client: Client) -> None:
        client.greet()
        client.hear_commands(3)
        client.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
        client.hear(10_000)
        client.say(said)
        threading.Event().wait(2)

    with RudeSmtp(talk, receive_buffer=4096) as server, Switchboard() as switchboard:
        (each,) = opened(switchboard, relay(server.port), 1)
        switchboard.begin(each, envelope(message=LARGE * 30))
        assert codes(collected(switchboard, bool)) == [code]


def test_every_single_byte_may_come_alone() -> None:
    def talk(client: Client) -> None:
        client.greet()
        for _ in range(2):
            client.hear_commands(3)
            for byte in b"250-ok\r\n250 2.1.0 ok\r\n250 ok\r\n354-go\r\n354 on\r\n":
                client.say(bytes([byte]))
            client.hear_content()
            for byte in b"250-2.0.0 taken\r\n250\r\n":
                client.say(bytes([byte]))

    with RudeSmtp(talk) as server, Switchboard() as switchboard:
        (each,) = opened(switchboard, relay(server.port), 1)
        for _ in range(2):
            switchboard.begin(each, envelope())
            assert codes(collected(switchboard, bool)) == [250]


def test_sixty_four_lines_at_once() -> None:
    with ScriptedSmtp(offer=Offer(delay_seconds=0.2)) as server, Switchboard() as switchboard:
        lines = opened(switchboard, relay(server.port), 64)
        begun = monotonic()
        for number, each in enumerate(lines):
            switchboard.begin(each, envelope(f"{number}@reader.test"))
        assert codes(collected(switchboard, lambda found: len(found) >= 64)) == [250] * 64
        assert monotonic() - begun < 64 * 0.2 / 4, "they wait at the same time"
        assert len({letter.connection for letter in server.letters}) == 64


@pytest.mark.parametrize("was_used", [False, True])
@pytest.mark.parametrize("words", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_a_line_that_the_server_closes_while_nothing_is_to_do_is_noticed(was_used: bool, words: bytes) -> None:
    leave = threading.Event()

    def talk(client: Client) -> None:
        client.greet()
        if was_used:
            client.take_letter()
            client.say(b"250 2.0.0 taken\r\n")
        leave.wait(10)
        client.say(words)

    with RudeSmtp(talk) as server, Switchboard() as switchboard:
        (each,) = opened(switchboard, relay(server.port), 1)
        if was_used:
            switchboard.begin(each, envelope())
            collected(switchboard, bool)
        assert switchboard.wait(0.1) == []
        leave.set()
        assert collected(switchboard, bool, 5) == [Lost(each)]


def test_at_the_end_every_line_says_goodbye_also_one_that_carried_nothing() -> None:
    with ScriptedSmtp() as server:
        with Switchboard() as switchboard:
            opened(switchboard, relay(server.port), 3)
        assert server.stages().count("quit") == 3


def test_a_line_that_is_there_after_the_end_is_closed() -> None:
    greet = threading.Event()
    heard: list[bytes] = []

    def talk(client: Client) -> None:
        greet.wait(10)
        client.greet()
        client.hear_commands(1)
        heard.extend(client.commands)
        client.say(b"221 bye\r\n")

    with RudeSmtp(talk) as server:
        switchboard = Switchboard()
        switchboard.open(relay(server.port))
        wait_until(lambda: bool(server.clients), "a connection")
        switchboard.close()
        greet.set()
        wait_until(lambda: len(heard) == 2, "its goodbye", seconds=5)
    assert heard[-1].upper() == b"QUIT\r\n"


def test_servers_that_ignore_a_goodbye_are_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "_GOODBYE_SECONDS", 0.5)

    def talk(client: Client) -> None:
        client.greet()
        client.hear_commands(1)
        threading.Event().wait(2)

    with RudeSmtp(talk) as server:
        switchboard = Switchboard()
        opened(switchboard, relay(server.port), 8)
        begun = monotonic()
        switchboard.close()
        assert monotonic() - begun < 1.5


def test_one_that_is_silent_ends_at_its_time_while_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "FINAL_DOT_SECONDS", 0.4)

    def talk(client: Client) -> None:
        client.greet()
        while True:
            content = client.take_letter()
            if b"silence" not in content:
                client.say(b"250 2.0.0 taken\r\n")

    with RudeSmtp(talk) as server, Switchboard() as switchboard:
        silent, other = opened(switchboard, relay(server.port), 2)
        switchboard.begin(silent, envelope(message=b"Subject: silence\r\n\r\n"))
        switchboard.begin(other, envelope())
        assert codes(collected(switchboard, lambda found: len(found) >= 2)) == [250, None]
        assert (silent.is_open, other.is_open) == (False, True)


def test_a_bell_wakes_whoever_waits() -> None:
    with Switchboard() as switchboard:
        threading.Timer(0.2, switchboard.ring).start()
        begun = monotonic()
        assert switchboard.wait(10) == []
        assert monotonic() - begun < 5


def test_a_route_of_its_own_for_each_relay() -> None:
    """Two that are written alike are two all the same: lines are told apart by them."""
    route = Route(host="127.0.0.1", port=25, security="none")
    assert Relay(route=route, own_name="a") != Relay(route=route, own_name="a")

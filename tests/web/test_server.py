"""What stands between the socket and the application: the shortcut for known requests, and when it steps aside."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from publisher.web.guard import BODY_LIMIT_BYTES
from tests.servers.loopback import HOST
from tests.site import raw
from tests.web.asking import Ground, ask, ground, own

HOST_LINE = b"Host: tides.example\r\n"
CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("server") / "site") as found:
        yield found


@pytest.fixture(scope="module", params=[True, False], ids=["quick", "plain"])
def port(request: pytest.FixtureRequest, site: Ground) -> Iterator[int]:
    with own(site.publication, is_quick=request.param) as found:
        for path in ("/rss.xml", "/"):
            assert ask(found, "GET", path).status == 200
        yield found


def whole(connection: socket.socket, ends_with: bytes) -> bytes:
    """Everything until these bytes came."""
    found = b""
    while not found.endswith(ends_with):
        piece = connection.recv(1 << 20)
        assert piece, f"it hung up after {found[-200:]!r}"
        found += piece
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept_Encoding": "gzip"},
        {"If_None_Match": "*"},
        {"If_Modified_Since": "Fri, 31 Dec 2100 23:59:59 GMT"},
        {"Range": "bytes=0-9"},
        {"Connection": "keep-alive"},
        {"Connection": "close"},
        {"Connection": "Upgrade", "Upgrade": "h2c"},
        {"Expect": "100-continue"},
        {"X_Odd": "caf\u00e9"},
        {"Content_Length": "0"},
    ],
)
def test_with_and_without_the_shortcut_the_answer_is_the_same(site: Ground, headers: dict[str, str]) -> None:
    with own(site.publication) as quick, own(site.publication, is_quick=False) as plain:
        for path in (
            "/rss.xml",
            "/rss.xml?a=b",
            "/%72ss.xml",
            "/",
            "/bell.mp3",
            "/nothing",
            "/tags/b%C3%A4r/rss.xml",
            "/tags",
        ):
            for method in ("GET", "HEAD"):
                for _ in range(2):  # unknown, then known
                    one, other = (ask(number, method, path, **headers) for number in (quick, plain))
                    assert (one.status, one.body) == (other.status, other.body), path
                    one_headers, other_headers = (
                        {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
                        for answer in (one, other)
                    )
                    assert one_headers == other_headers


def test_a_connection_may_ask_again_and_again(port: int, site: Ground) -> None:
    feed, page = ((site.output / name).read_bytes() for name in ("rss.xml", "index.html"))
    with closing(socket.create_connection((HOST, port), timeout=10)) as connection:
        for _ in range(3):
            for path, body in ((b"/rss.xml", feed), (b"/", page), (b"/nothing", b"</html>\n"), (b"/rss.xml", feed)):
                connection.sendall(b"GET " + path + b" HTTP/1.1\r\n" + HOST_LINE + b"\r\n")
                assert whole(connection, body[-50:])


def test_a_request_may_come_byte_by_byte(port: int, site: Ground) -> None:
    with closing(socket.create_connection((HOST, port), timeout=10)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /rss.xml HTTP/1.1\r\n" + HOST_LINE + b"\r\n":
            connection.send(bytes([byte]))
        assert whole(connection, (site.output / "rss.xml").read_bytes()[-50:]).startswith(b"HTTP/1.1 200 ")


def test_several_requests_at_once_are_answered_in_order(port: int, site: Ground) -> None:
    asks = [b"/rss.xml", b"/", b"/nothing", b"/rss.xml"]
    requests = b"".join(b"HEAD " + path + b" HTTP/1.1\r\n" + HOST_LINE + b"\r\n" for path in asks)
    last = b"HEAD / HTTP/1.1\r\n" + HOST_LINE + CLOSE + b"\r\n"
    answers = raw(port, requests + last).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"200", b"404", b"200", b"200"]
    assert [b"rss+xml" in answer for answer in answers] == [True, False, False, True, False]


@pytest.mark.parametrize("line", [b"HTTP/1.1\r\nConnection: close", b"HTTP/1.0"])
def test_who_wants_no_more_is_hung_up_on(port: int, line: bytes) -> None:
    answer = raw(port, b"GET /rss.xml " + line + b"\r\n" + HOST_LINE + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    if b"1.1" in line:  # in 1.0 that goes without saying
        assert b"\r\nconnection: close\r\n" in answer.partition(b"\r\n\r\n")[0].lower() + b"\r\n"


def test_a_known_file_is_no_way_past_the_guard(port: int) -> None:
    head = b"GET /rss.xml HTTP/1.1\r\n" + HOST_LINE + CLOSE + b"Content-Length: %d\r\n\r\n" % (BODY_LIMIT_BYTES + 1)
    assert raw(port, head).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /rss.xml HTTP/1.1\r\n" + HOST_LINE + CLOSE + b"Content-Length: 5\r\n\r\nhello",
        b"GET /rss.xml HTTP/1.1\r\n" + HOST_LINE + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_a_body_that_nobody_wants_is_passed_over(port: int, request_bytes: bytes) -> None:
    assert raw(port, request_bytes).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /rss.xml HTTP/1.1\r\nHost : tides.example\r\n\r\n",
        b"GET /rss.xml HTTP/1.1\r\n folded\r\n\r\n",
        b"GET /rss.xml HTTP/1.1\r\nBad\x00Name: 1\r\n" + HOST_LINE + b"\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET /\xff HTTP/1.1\r\n" + HOST_LINE + b"\r\n",
    ],
)
def test_what_is_no_request_gets_no_file(port: int, request_bytes: bytes) -> None:
    with closing(socket.create_connection((HOST, port), timeout=10)) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert not answer.startswith(b"HTTP/1.1 200 ")
    assert ask(port, "GET", "/rss.xml").status == 200


def test_who_falls_silent_is_hung_up_on(site: Ground) -> None:
    with own(site.publication, timeout_keep_alive=1) as port:
        ask(port, "GET", "/rss.xml")
        with closing(socket.create_connection((HOST, port), timeout=20)) as connection:
            for _ in range(2):
                connection.sendall(b"HEAD /rss.xml HTTP/1.1\r\n" + HOST_LINE + b"\r\n")
                whole(connection, b"\r\n\r\n")
                time.sleep(0.6)  # less than the limit, twice more than it
            assert connection.recv(1) == b""


def test_who_asks_and_does_not_read_is_asked_nothing_more_and_holds_up_nobody(tmp_path: Path) -> None:
    with ground(tmp_path / "site") as site:
        (site.output / "flood.txt").write_bytes(b"The flood came in at noon.\n" * 100_000)
        with own(site.publication) as port, closing(socket.create_connection((HOST, port), timeout=1)) as greedy:
            assert ask(port, "GET", "/flood.txt").status == 200
            request = b"GET /flood.txt HTTP/1.1\r\n" + HOST_LINE + b"X-Fill: " + b"x" * 1800 + b"\r\n\r\n"
            with pytest.raises(TimeoutError):  # when the kernel's buffers are full
                greedy.sendall(request * 20_000)
            assert ask(port, "GET", "/rss.xml").status == 200


def test_a_stop_waits_for_no_idle_reader(site: Ground) -> None:
    with own(site.publication, timeout_keep_alive=60) as port:
        ask(port, "GET", "/rss.xml")
        reader = socket.create_connection((HOST, port), timeout=10)
        reader.sendall(b"HEAD /rss.xml HTTP/1.1\r\n" + HOST_LINE + b"\r\n")
        whole(reader, b"\r\n\r\n")
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert reader.recv(1) == b""
    reader.close()

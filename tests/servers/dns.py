"""A name server that answers on cue, by UDP and TCP.

    zone = {"example.org": {"MX": ["10 mx.example.org."], "TXT": ["v=spf1 -all"]}, "broken.test": SERVFAIL}
    with StubDns(zone) as dns:
        ...     # ask HOST:dns.port; what was asked is in dns.asked

A name that is not in the zone is not there (NXDOMAIN), one without records of the kind has none. An answer that is too long
for a datagram is cut, so that it is asked again by TCP.
"""

import socket
import threading
from collections.abc import Mapping, Sequence
from socketserver import BaseRequestHandler, BaseServer, ThreadingTCPServer, ThreadingUDPServer
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.servers.loopback import HOST

SERVFAIL: Literal["SERVFAIL"] = "SERVFAIL"
SILENCE: Literal["SILENCE"] = "SILENCE"
Records = Mapping[str, Sequence[str]]
"""By their kinds; each as it stands in a zone, but for TXT, which is the text itself."""
Zone = Mapping[str, Records | Literal["SERVFAIL", "SILENCE"]]
_TTL_SECONDS = 60
_DATAGRAM_BYTES = 512


class Asked(NamedTuple):
    name: str
    kind: str
    over: Literal["udp", "tcp"]


class StubDns:
    """Listens from `with` to its end. `zone` may be changed meanwhile."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[Asked] = []
        self._servers: list[BaseServer] = []
        self.port = 0

    def __enter__(self) -> Self:
        stub = self

        class Datagram(BaseRequestHandler):
            def handle(self) -> None:
                data, reply = self.request
                if answer := stub._answer(data, "udp"):
                    reply.sendto(_short(answer), self.client_address)

        class Stream(BaseRequestHandler):
            def handle(self) -> None:
                data = _read(self.request, int.from_bytes(_read(self.request, 2)))
                if answer := stub._answer(data, "tcp"):
                    wire = answer.to_wire()
                    self.request.sendall(len(wire).to_bytes(2) + wire)

        self.port, self._servers = _both(Datagram, Stream)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _answer(self, data: bytes, over: Literal["udp", "tcp"]) -> dns.message.Message | None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return None
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(Asked(name, kind, over))
        there = self.zone.get(name)
        if there == SILENCE:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if there == SERVFAIL:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif there is None and not any(other.endswith(f".{name}") for other in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif isinstance(there, Mapping) and (records := there.get(kind)):
            texts = [_quoted(record) if kind == "TXT" else record for record in records]
            answer.answer.append(dns.rrset.from_text(question.name, _TTL_SECONDS, "IN", kind, *texts))
        return answer


def _both(datagram: type[BaseRequestHandler], stream: type[BaseRequestHandler]) -> tuple[int, list[BaseServer]]:
    """Servers for UDP and TCP, and the port number that they share."""
    while True:
        udp = ThreadingUDPServer((HOST, 0), datagram)
        port: int = udp.socket.getsockname()[1]
        try:
            return port, [udp, ThreadingTCPServer((HOST, port), stream)]
        except OSError:
            udp.server_close()


def _read(connection: socket.socket, size: int) -> bytes:
    """So many bytes, or none where it is closed before."""
    data = b""
    while len(data) < size:
        if not (part := connection.recv(size - len(data))):
            return b""
        data += part
    return data


def _short(answer: dns.message.Message) -> bytes:
    try:
        return answer.to_wire(max_size=_DATAGRAM_BYTES)
    except dns.exception.TooBig:
        answer.answer.clear()
        answer.flags |= dns.flags.TC
        return answer.to_wire()


def _quoted(text: str) -> str:
    """A string holds 255 bytes."""
    parts: list[Any] = [text[start : start + 255] for start in range(0, len(text), 255)]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)

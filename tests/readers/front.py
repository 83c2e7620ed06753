"""A reverse proxy on loopback that writes down what was asked and what was answered: who comes again with what he knows,
and gets a 304 for it.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.loopback import HOST, free_port

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    path: str
    agent: str
    knows: str
    """The validators that the reader brought."""
    status: int
    modified: str
    """The Last-Modified of the answer."""


class Front(ThreadingHTTPServer):
    """Stands before whatever listens on the port `behind`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, free_port()), _Handler)
        self.url = f"http://{HOST}:{self.server_port}"
        self.behind = 0
        self.visits: list[Visit] = []

    @contextmanager
    def running(self) -> Iterator["Front"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="front")
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join(20)
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Front
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        with closing(HTTPConnection(HOST, self.server.behind, timeout=30)) as connection:
            connection.request(self.command, self.path, headers=kept)
            answer = connection.getresponse()
            body = answer.read()
        self.server.visits.append(
            Visit(
                path=self.path,
                agent=self.headers.get("User-Agent", ""),
                knows=" ".join(self.headers.get(name, "") for name in ("If-None-Match", "If-Modified-Since")).strip(),
                status=answer.status,
                modified=answer.headers.get("Last-Modified", ""),
            )
        )
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on stderr: `visits` has it all."""

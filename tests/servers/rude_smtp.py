"""A mail server by sockets alone, for what no library would say: byte by byte, too early, too much, or half.

def talk(client: Client) -> None:
    client.greet()
    client.hear_commands(3)
    client.say(b"250 ok\\r\\n250 ok\\r\\n354 go\\r\\n250 I need no letter\\r\\n")

with RudeSmtp(talk) as server:
    ...     # `talk` is called for each connection, in a thread of its own; at its end the connection is closed
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.servers.loopback import HOST

PIPELINING = b"250-rude.test\r\n250-SIZE 33554432\r\n250 PIPELINING\r\n"


class Client:
    """Who has connected."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self.commands: list[bytes] = []

    def say(self, words: bytes) -> None:
        self._connection.sendall(words)

    def hear(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        return self._file.read(size)

    def hear_commands(self, count: int) -> None:
        """Raises EOFError at the end."""
        for _ in range(count):
            line = self._file.readline()
            if not line:
                raise EOFError
            self.commands.append(line)

    def greet(self, offers: bytes = PIPELINING) -> None:
        self.say(b"220 rude.test\r\n")
        self.hear_commands(1)
        self.say(offers)

    def take_letter(self) -> bytes:
        """A whole transaction of an ordinary kind, up to the final dot."""
        self.hear_commands(1)
        if self.commands[-1].startswith(b"RSET"):
            self.say(b"250 ok\r\n")
            self.hear_commands(1)
        if self.commands[-1].upper().startswith(b"QUIT"):
            raise EOFError
        self.hear_commands(2)
        self.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
        return self.hear_content()

    def hear_content(self) -> bytes:
        lines: list[bytes] = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line)
        return b"".join(lines)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self._connection.close()


class RudeSmtp:
    """`receive_buffer`: so little does the kernel take in for a server that doesn't listen."""

    def __init__(self, talk: Callable[[Client], None], *, receive_buffer: int | None = None) -> None:
        self._talk = talk
        self._listener = socket.socket()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind((HOST, 0))
        self._listener.listen(100)
        self.port: int = self._listener.getsockname()[1]
        self.clients: list[Client] = []
        self._threads = [threading.Thread(target=self._listen, name="rude smtp")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self.clients:
            client.close()
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            client = Client(connection)
            self.clients.append(client)
            thread = threading.Thread(target=self._serve, args=[client], name="rude smtp")
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: Client) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError):
            self._talk(client)
        client.close()

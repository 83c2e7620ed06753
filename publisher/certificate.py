"""When a server's certificate ends. Decides nothing."""

import socket
import ssl
from datetime import UTC, datetime
from typing import Any

TIMEOUT_SECONDS = 10.0


def certificate_until(host: str, port: int, *, starttls: bool = False) -> datetime | None:
    """None where nobody shows one that can be trusted. `starttls`: the server speaks SMTP first (RFC 3207)."""
    context = ssl.create_default_context()
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as plain:
            if starttls:
                _ask_for_tls(plain)
            with context.wrap_socket(plain, server_hostname=host) as secure:
                found: dict[str, Any] = secure.getpeercert() or {}
                return datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), UTC)
    except (OSError, ValueError, LookupError):
        return None


def _ask_for_tls(plain: socket.socket) -> None:
    """After its answer to STARTTLS the server waits, so that nothing of what follows is read here."""
    with plain.makefile("rb") as answers:
        for command in (b"", b"EHLO localhost\r\n", b"STARTTLS\r\n"):
            plain.sendall(command)
            while answers.readline(1000)[3:4] == b"-":
                pass

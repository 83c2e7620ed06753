"""Letters as files, for a site without a mail server."""

from hashlib import sha256
from pathlib import Path

from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer
from publisher.disk import write


class MailFolder:
    """Letters as `.eml` files, for a site without a mail server. The same letter again is the same file.

    It is a relay and its own line: a letter is there at once.
    """

    connections, preference, rate = 1, 0, None
    is_open, wants_to_write, deadline = True, False, float("inf")

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        return self.folder.name

    def connect(self) -> "MailFolder":
        return self

    def fileno(self) -> int:
        return -1

    def begin(self, envelope: Envelope) -> Answer:
        name = sha256(_message_id(envelope.message)).hexdigest()[:16]
        head = f"Return-Path: <{envelope.mail_from}>\r\nX-Envelope-To: <{envelope.rcpt_to}>\r\n".encode()
        path = self.folder / f"{name}.eml"
        write(path, head + envelope.message, mode=0o600, is_durable=True)
        return Answer(stage="data", reply=Reply(code=250, enhanced="2.0.0", text=f"written to {path.name}"))

    def proceed(self) -> None:
        pass

    def give_up(self) -> Answer:
        return Answer(stage="data", reply=None)

    def close(self) -> None:
        pass


def _message_id(message: bytes) -> bytes:
    return next(line for line in message.split(b"\r\n") if line.lower().startswith(b"message-id:"))

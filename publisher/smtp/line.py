"""One open connection to a mail server, for many letters, one after the other.

A transaction is written down as a talk: what is said, and how many replies are waited for. `begin` and `proceed` carry it on
as far as the connection allows without waiting, so that one thread can hold many; `send` waits.
"""

import contextlib
import re
import select
import smtplib
import ssl
from collections.abc import Generator
from functools import lru_cache
from time import monotonic
from typing import NamedTuple

from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer, Stage

COMMAND_SECONDS = 300
"""RFC 5321, 4.5.3.2: five minutes for MAIL and RCPT."""
FINAL_DOT_SECONDS = 600
_GOODBYE_SECONDS = 5
_REPLY_LENGTH = 500
"""Of a reply's text as it is kept, for the owner's eye."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MOST_BYTES = 65_536
"""Of one reply, which may have many lines."""
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_REPLY_LINE = re.compile(rb"(\d{3})(?:[ -]([^\n]*))?\r?\n")
_LINE_DOT = re.compile(rb"(?m)^\.")
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Say(NamedTuple):
    """What is said, and what is waited for before the talk goes on."""

    words: bytes
    replies: int
    seconds: float


_Talk = Generator[_Say, list[Reply], Answer]


class _OutOfStep(Exception):
    """The server says something that makes no sense here: the connection is given up."""


class Line:
    def __init__(self, smtp: smtplib.SMTP) -> None:
        """`smtp` is connected, and has said EHLO."""
        assert smtp.sock is not None
        self._smtp, self._socket = smtp, smtp.sock
        self._socket.setblocking(False)
        self._has_tls = isinstance(smtp.sock, ssl.SSLSocket)
        self._can_pipeline = smtp.has_extn("pipelining")
        self._can_utf8, self._knows_size = smtp.has_extn("smtputf8"), smtp.has_extn("size")
        self._talk: _Talk | None = None
        self._stage: Stage = "mail"
        """How far the letter at hand has come."""
        self._unsaid = memoryview(b"")
        self._heard = bytearray()
        self._replies: list[Reply] = []
        self._awaited = 0
        self._must_reset = self._says_too_much = False
        self._is_open = True
        self.deadline = float("inf")
        """When the server will have been waited for long enough, in the seconds of `time.monotonic`."""

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def wants_to_write(self) -> bool:
        return bool(self._unsaid)

    def fileno(self) -> int:
        return self._socket.fileno()

    def begin(self, envelope: Envelope) -> Answer | None:
        """Start a transaction, which `proceed` carries on; the answer, if it is there at once."""
        self._stage, self._replies = "mail", []
        self._talk = self._transaction(envelope)
        try:
            say = next(self._talk)
        except StopIteration as over:
            return self._end(over.value)
        return self._carry_on(say)

    def proceed(self) -> Answer | None:
        """Go on, now that the connection is ready for it. Where no letter is at hand, a server that has gone is noticed."""
        if self._talk is None:
            self._notice_goodbye()
            return None
        return self._carry_on(None)

    def give_up(self) -> Answer:
        """As if the connection had broken: the letter's time is over."""
        return self._broken()

    def send(self, envelope: Envelope) -> Answer:
        """One transaction, waited for. After an answer without a reply, or with 421, the line is of no more use."""
        answer = self.begin(envelope)
        while answer is None:
            left = self.deadline - monotonic()
            if left <= 0:
                return self.give_up()
            select.select([self], [self] if self.wants_to_write else [], [], left)
            answer = self.proceed()
        return answer

    def close(self) -> None:
        """Say goodbye if there is somebody to hear it."""
        if not self._is_open:
            return
        is_idle, self._is_open = self._talk is None, False
        with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
            if is_idle:
                self._socket.settimeout(_GOODBYE_SECONDS)
                self._smtp.quit()
        self._smtp.close()

    def _transaction(self, envelope: Envelope) -> _Talk:
        if not envelope.rcpt_to.isascii() and not self._can_utf8:
            return Answer(stage="rcpt", reply=Reply(code=553, enhanced="5.6.7", text="the server can't do SMTPUTF8"))
        refused: Answer | None = None
        replies: list[Reply] = []
        for words, count in self._envelope(envelope):
            replies += yield _Say(words, count, COMMAND_SECONDS)
            refused = _refusal(replies)
            if refused:
                break
        if refused is None:
            return (yield from self._content(envelope))
        if len(replies) == len(_STAGES) and replies[-1].code == 354 and refused.stage != "data":
            yield _Say(b".\r\n", 1, COMMAND_SECONDS)  # nobody takes the letter that DATA began (RFC 2920, 3.1)
        else:
            self._must_reset = True
        return refused

    def _envelope(self, envelope: Envelope) -> list[tuple[bytes, int]]:
        """MAIL, RCPT and DATA: in one write where the server can read ahead, else one by one; and how many replies to each."""
        options = f" SIZE={len(envelope.message)}" if self._knows_size else ""
        if not envelope.rcpt_to.isascii():
            options += " SMTPUTF8 BODY=8BITMIME"
        commands = [f"MAIL FROM:<{envelope.mail_from}>{options}\r\n", f"RCPT TO:<{envelope.rcpt_to}>\r\n", "DATA\r\n"]
        if self._can_pipeline:
            return [("".join(commands).encode(), 3)]
        return [(command.encode(), 1) for command in commands]

    def _content(self, envelope: Envelope) -> _Talk:
        self._stage = "data"
        message = _LINE_DOT.sub(b"..", envelope.message) if envelope.has_dots else envelope.message
        end = b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"
        (reply,) = yield _Say(message + end, 1, FINAL_DOT_SECONDS)
        if reply.code // 100 not in (2, 4, 5):
            raise _OutOfStep
        return Answer(stage="data", reply=reply)

    def _carry_on(self, say: _Say | None) -> Answer | None:
        """Say what can be said now, or hear what can be heard; the answer, when it is there."""
        assert self._talk is not None
        try:
            if say is None:
                self._flush()
                is_over = self._hear()
                if 421 in [reply.code for reply in self._replies]:
                    return self._dismissed()
                if len(self._replies) < self._awaited:
                    if is_over:
                        return self._broken()
                    return None
                if self._unsaid:
                    return self._interrupted()
                say = self._talk.send(self._heard_replies())
            self._say(say)
            self._flush()
        except StopIteration as over:
            return self._end(over.value)
        except (OSError, ValueError, _OutOfStep):
            return self._broken()
        return None

    def _say(self, say: _Say) -> None:
        """Before the first words of a talk, the rest of one that was refused is cleared away."""
        reset = b"RSET\r\n" if self._must_reset else b""
        self._unsaid = memoryview(reset + say.words)
        self._awaited = say.replies + self._must_reset
        self.deadline = monotonic() + say.seconds

    def _heard_replies(self) -> list[Reply]:
        """Without the one to RSET, whatever it is. Who says more than was asked for is not asked again."""
        replies = self._replies[int(self._must_reset) : self._awaited]
        self._says_too_much |= len(self._replies) > self._awaited
        self._replies, self._must_reset = [], False
        return replies

    def _flush(self) -> None:
        with contextlib.suppress(*_WOULD_BLOCK):
            while self._unsaid:
                self._unsaid = self._unsaid[self._socket.send(self._unsaid) :]

    def _hear(self) -> bool:
        """Returns whether the server has closed the connection."""
        is_over = False
        with contextlib.suppress(*_WOULD_BLOCK):
            while not is_over:
                heard = self._receive()
                self._heard += heard
                is_over = not heard
                if not self._has_tls and len(heard) < _MOST_BYTES:
                    break  # there is no more; TLS may have some in its own store
        self._understand()
        return is_over

    def _receive(self) -> bytes:
        """A connection that was reset is at its end, after what was heard of it before."""
        try:
            return self._socket.recv(_MOST_BYTES)
        except _WOULD_BLOCK:
            raise
        except OSError:
            return b""

    def _understand(self) -> None:
        """Take complete replies (RFC 5321, 4.2) from what was heard."""
        lines: list[bytes] = []
        taken = end = 0
        while (line_end := self._heard.find(b"\n", end) + 1) > 0:
            lines.append(bytes(self._heard[end:line_end]))
            end = line_end
            if lines[-1][3:4] != b"-":
                self._replies.append(_reply_of_lines(*lines))
                lines, taken = [], end
        if len(self._heard) - taken > _MOST_BYTES:
            raise _OutOfStep
        del self._heard[:taken]
        if self._stage == "mail" and len(self._replies) > self._must_reset:
            self._stage = "rcpt"

    def _notice_goodbye(self) -> None:
        """Nothing was asked, so whatever is said means an end."""
        try:
            if self._has_tls:
                self._socket.recv(1)
        except _WOULD_BLOCK:
            return  # TLS had something to say to itself
        except OSError:
            pass
        self._shut()

    def _dismissed(self) -> Answer:
        """The server has said 421: it closes the connection. It may have answered to the letter before."""
        position = next(n for n, reply in enumerate(self._replies) if reply.code == 421)
        is_answered = self._stage == "data" and position > 0 and not self._unsaid
        reply = self._replies[0 if is_answered else position]
        after = max(0, position - self._must_reset)
        stage = "data" if self._stage == "data" else _STAGES[min(after, len(_STAGES) - 1)]
        self._shut()
        return self._end(Answer(stage=stage, reply=reply))

    def _interrupted(self) -> Answer:
        """An answer to a letter that it has not heard to the end: it will not hear the rest."""
        reply = self._replies[-1]
        self._shut()
        is_refusal = reply.code // 100 in (4, 5)
        return self._end(Answer(stage=self._stage, reply=reply) if is_refusal else Answer(stage="rcpt", reply=None))

    def _broken(self) -> Answer:
        """In doubt is only a letter whose last byte has left: without the final dot no server has taken it."""
        stage: Stage = "rcpt" if self._stage == "data" and self._unsaid else self._stage
        self._shut()
        return self._end(Answer(stage=stage, reply=None))

    def _end(self, answer: Answer) -> Answer:
        self._talk, self.deadline = None, float("inf")
        if self._says_too_much:
            self._shut()
        return answer

    def _shut(self) -> None:
        self._is_open = False
        self._smtp.close()


_STAGES: tuple[Stage, ...] = ("mail", "rcpt", "data")


def _refusal(replies: list[Reply]) -> Answer | None:
    """The first reply that is no yes; raises _OutOfStep for one that is no answer at all."""
    for stage, reply in zip(_STAGES, replies, strict=False):
        if reply.code // 100 == (3 if stage == "data" else 2):
            continue
        if reply.code // 100 not in (4, 5):
            raise _OutOfStep
        return Answer(stage=stage, reply=reply)
    return None


@lru_cache(maxsize=256)
def _reply_of_lines(*lines: bytes) -> Reply:
    """Most of them are said again and again. Raises _OutOfStep for what is no reply."""
    found = [_REPLY_LINE.fullmatch(line) for line in lines]
    if not all(found):
        raise _OutOfStep
    parts = [each for each in found if each]
    return reply_of(int(parts[-1][1]), b" ".join(each[2] or b"" for each in parts))


def reply_of(code: int, text: bytes | str) -> Reply:
    """Split the enhanced status code (RFC 2034) from the text."""
    words = " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())[:_REPLY_LENGTH]
    words = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", words)
    found = _ENHANCED.match(words)
    return Reply(code=code, enhanced=found[1] if found else None, text=words[found.end() :] if found else words)

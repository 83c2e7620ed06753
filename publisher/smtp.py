"""An envelope to a mail server, and its answer back. smtplib connects, says EHLO, starts TLS and logs in."""

import contextlib
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from publisher.core.errors import RelayDown
from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer, Stage

CONNECT_SECONDS = 30
COMMAND_SECONDS = 300
"""RFC 5321, 4.5.3.2: five minutes for MAIL and RCPT."""
FINAL_DOT_SECONDS = 600
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A server that takes our mail."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str | None
    password: str | None
    own_name: str
    """What we call ourselves in EHLO."""

    def connect(self) -> "Connection":
        """Raises RelayDown."""
        try:
            return Connection(self._open())
        except smtplib.SMTPAuthenticationError as error:
            raise self._down(
                f"refuses the login: {_reply(error.smtp_code, error.smtp_error)}",
                "wanted are the right PUBLISHER_SMTP_USERNAME and PUBLISHER_SMTP_PASSWORD",
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise self._down(
                f"can't do that: {error}", "wanted is another PUBLISHER_SMTP_SECURITY, or no login"
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise self._down(
                f"shows a certificate that can't be trusted ({error.verify_message})",
                "wanted is the server's name as its certificate says it in PUBLISHER_SMTP_HOST",
            ) from error
        except ssl.SSLError as error:
            raise self._down(
                f"speaks no TLS here ({error.reason})",
                "wanted is PUBLISHER_SMTP_SECURITY=starttls with port 587, tls with 465",
            ) from error
        except smtplib.SMTPResponseException as error:
            raise self._down(f"answers {_reply(error.smtp_code, error.smtp_error)}", "try again later") from error
        except (OSError, smtplib.SMTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._down(
                reason, "wanted is a mail server there: PUBLISHER_SMTP_HOST, PUBLISHER_SMTP_PORT"
            ) from error

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        smtp = (
            smtplib.SMTP_SSL(local_hostname=self.own_name, timeout=CONNECT_SECONDS, context=context)
            if self.security == "tls"
            else smtplib.SMTP(local_hostname=self.own_name, timeout=CONNECT_SECONDS)
        )
        smtp._host = self.host  # type: ignore[attr-defined]  # SMTP_SSL and starttls check the certificate against it
        try:
            smtp.connect(self.host, self.port)
            assert smtp.sock is not None
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            if self.username and self.password:
                smtp.login(self.username, self.password)
            smtp.sock.settimeout(COMMAND_SECONDS)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _down(self, what: str, wanted: str) -> RelayDown:
        return RelayDown(f"the mail server {self.host}:{self.port}: {what}; {wanted}")


class Connection:
    """One open connection, for many letters."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp

    def send(self, envelope: Envelope) -> Answer:
        """One transaction. After an answer without a reply, or with 421, the connection is of no more use."""
        stage: Stage = "mail"
        try:
            if not envelope.rcpt_to.isascii() and not self._smtp.has_extn("smtputf8"):
                return Answer(
                    stage="rcpt", reply=Reply(code=553, enhanced="5.6.7", text="the server can't do SMTPUTF8")
                )
            reply = _reply(*self._smtp.mail(envelope.mail_from, self._options(envelope)))
            if reply.code // 100 == 2:
                stage = "rcpt"
                reply = _reply(*self._smtp.rcpt(envelope.rcpt_to))
                if reply.code // 100 == 2:
                    return self._data(envelope.message)
            return self._refused(stage, reply)
        except (OSError, smtplib.SMTPException, ValueError):
            self.close()
            return Answer(stage=stage, reply=None)

    def close(self) -> None:
        """Say goodbye if there is somebody to hear it."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self._smtp.sock:
                self._smtp.sock.settimeout(5)
                self._smtp.quit()
        self._smtp.close()

    def _data(self, message: bytes) -> Answer:
        begun = _reply(*self._smtp.docmd("DATA"))
        if begun.code != 354:
            return self._refused("data", begun)
        assert self._smtp.sock is not None
        stuffed = re.sub(rb"(?m)^\.", b"..", message)
        reply: Reply | None
        self._smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        try:
            self._smtp.sock.settimeout(FINAL_DOT_SECONDS)
            self._smtp.send(b".\r\n")
            reply = _reply(*self._smtp.getreply())
            self._smtp.sock.settimeout(COMMAND_SECONDS)
        except (OSError, smtplib.SMTPException):
            reply = None
        if reply is None or reply.code // 100 not in (2, 4, 5):
            self.close()
            return Answer(stage="data", reply=None)
        return Answer(stage="data", reply=reply)

    def _refused(self, stage: Stage, reply: Reply) -> Answer:
        """An answer that makes no sense here means that the two of us are out of step: the connection is given up."""
        if reply.code // 100 not in (4, 5):
            self.close()
            return Answer(stage="rcpt", reply=None)
        if reply.code == 421:
            self.close()
        else:
            self._smtp.rset()
        return Answer(stage=stage, reply=reply)

    def _options(self, envelope: Envelope) -> list[str]:
        options = [f"SIZE={len(envelope.message)}"] if self._smtp.has_extn("size") else []
        return options if envelope.rcpt_to.isascii() else [*options, "SMTPUTF8", "BODY=8BITMIME"]


def _reply(code: int, text: bytes | str) -> Reply:
    """Split the enhanced status code (RFC 2034) from the text."""
    words = " ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split())
    found = _ENHANCED.match(words)
    return Reply(code=code, enhanced=found[1] if found else None, text=words[found.end() :] if found else words)

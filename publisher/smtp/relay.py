"""A mail server that takes our letters: smtplib connects, says EHLO, starts TLS and logs in."""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import cached_property

from publisher.core.errors import RelayDown
from publisher.core.limits import Rate
from publisher.core.relays import Route
from publisher.smtp.line import Line, reply_of

CONNECT_SECONDS = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Relay:
    route: Route
    own_name: str
    """What we call ourselves in EHLO."""

    @property
    def name(self) -> str:
        return f"{self.route.host}:{self.route.port}"

    @property
    def connections(self) -> int:
        return self.route.connections

    @property
    def rate(self) -> Rate | None:
        return self.route.rate

    @property
    def preference(self) -> int:
        return self.route.preference

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Certificates are checked. To read all that this machine trusts takes longer than many a letter, so it is done once."""
        return ssl.create_default_context()

    def connect(self) -> Line:
        """Raises RelayDown."""
        try:
            return Line(self._open())
        except smtplib.SMTPAuthenticationError as error:
            raise self._down(
                f"refuses the login: {reply_of(error.smtp_code, error.smtp_error)}",
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
            raise self._down(f"answers {reply_of(error.smtp_code, error.smtp_error)}", "try again later") from error
        except UnicodeError as error:
            raise self._down(
                "takes no login with letters beyond ASCII", "wanted is another PUBLISHER_SMTP_PASSWORD"
            ) from error
        except (OSError, ValueError, smtplib.SMTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._down(
                reason, "wanted is a mail server there: PUBLISHER_SMTP_HOST, PUBLISHER_SMTP_PORT"
            ) from error

    def _open(self) -> smtplib.SMTP:
        route = self.route
        smtp = (
            smtplib.SMTP_SSL(local_hostname=self.own_name, timeout=CONNECT_SECONDS, context=self._context)
            if route.security == "tls"
            else smtplib.SMTP(local_hostname=self.own_name, timeout=CONNECT_SECONDS)
        )
        smtp._host = route.host  # type: ignore[attr-defined]  # SMTP_SSL and starttls check the certificate against it
        try:
            smtp.connect(route.host, route.port)
            assert smtp.sock is not None
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if route.security == "starttls":
                smtp.starttls(context=self._context)
                smtp.ehlo_or_helo_if_needed()
            if route.username and route.password:
                smtp.login(route.username, route.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _down(self, what: str, wanted: str) -> RelayDown:
        return RelayDown(f"the mail server {self.name}: {what}; {wanted}")

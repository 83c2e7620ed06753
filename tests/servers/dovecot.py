"""A private Dovecot: LMTP in, IMAP (with and without TLS) out, and the logins that Postfix asks for."""

import getpass
import grp
import imaplib
import pwd
import signal
import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.certificates import Authority
from tests.servers.loopback import HOST, Address, Folder, Process, free_port, listens, started, wait_until
from tests.servers.packages import is_root, program

PASSWORD = "secret"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = {host}
protocols = imap lmtp
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 200
recipient_delimiter = +
lmtp_hdr_delivery_address = original
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format = %Lu
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
{logins}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service auth {{
  inet_listener {{
    port = {auth_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

_ANYBODY = """
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%Ld/%Ln allow_all_users=yes
}}
"""

_THESE = """
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
"""


class Dovecot:
    """With `users` (address: password) only those have a mailbox, and LMTP refuses everybody else with 550.
    Without, every address at every domain has one, and its password is `PASSWORD`. What stands behind a `+` in
    the local part is cut off to find the mailbox.
    """

    def __init__(self, users: Mapping[str, str] | None = None) -> None:
        self._users = users
        self._user = "dovecot" if is_root() else getpass.getuser()
        self._group = grp.getgrgid(pwd.getpwnam(self._user).pw_gid).gr_name
        self._folder = Folder("dovecot", user=self._user)
        self._authority = Authority()
        self._process: Process | None = None
        self.host = HOST
        self.imap_port, self.imaps_port = free_port(), free_port()
        self.lmtp = Address(HOST, free_port())
        self.auth = Address(HOST, free_port())
        self.ca_file = self._authority.ca_file

    def __enter__(self) -> Self:
        self._write_configuration()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.remove()
        self._authority.__exit__(None, None, None)

    def start(self) -> None:
        command = [program("dovecot") or "dovecot", "-F", "-c", str(self._folder.path / "dovecot.conf")]
        self._process = Process(command, output=self._output, user=self._user, stop_signal=signal.SIGTERM)
        ports = (self.imap_port, self.imaps_port, self.lmtp.port, self.auth.port)
        started(self._process, lambda: all(listens(port) for port in ports), name="Dovecot", log=self.log)

    def stop(self) -> None:
        """Nobody listens until `start`; the mailboxes stay."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def mailbox(self, address: str) -> list[bytes]:
        """The messages in the inbox, oldest first, as they were stored."""
        with self._imap(address) as imap:
            imap.select("INBOX", readonly=True)
            _, (numbers, *_) = imap.search(None, "ALL")
            return [self._fetch(imap, number.decode()) for number in numbers.split()]

    def wait_for(self, address: str, count: int = 1, *, seconds: float = 20.0) -> list[bytes]:
        """Waits until the inbox holds that many or more."""
        wait_until(lambda: len(self.mailbox(address)) >= count, f"{count} in {address}", seconds=seconds)
        return self.mailbox(address)

    def put(self, address: str, message: bytes) -> None:
        """Hands a message over by LMTP; smtplib's error when it is refused."""
        with smtplib.LMTP(*self.lmtp) as lmtp:
            lmtp.sendmail("", [address], message)

    def log(self) -> str:
        files = (self._output, self._folder.path / "log")
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    @property
    def _output(self) -> Path:
        return self._folder.path / "output"

    @contextmanager
    def _imap(self, address: str) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4(self.host, self.imap_port, timeout=30) as imap:
            imap.login(address, PASSWORD if self._users is None else self._users[address])
            yield imap

    @staticmethod
    def _fetch(imap: imaplib.IMAP4, number: str) -> bytes:
        _, parts = imap.fetch(number, "(BODY.PEEK[])")
        return next(part[1] for part in parts if isinstance(part, tuple))

    def _write_configuration(self) -> None:
        folder = self._folder.path
        who = {"folder": folder, "user": self._user, "group": self._group}
        certificate = self._authority.certificate()
        certificate.key_file.chmod(0o644)
        if self._users is not None:
            self._write_users(self._users)
        configuration = _CONFIGURATION.format(
            **who,
            host=self.host,
            certificate=certificate.certificate_file,
            key=certificate.key_file,
            logins=(_ANYBODY if self._users is None else _THESE).format(**who, password=PASSWORD),
            imap_port=self.imap_port,
            imaps_port=self.imaps_port,
            lmtp_port=self.lmtp.port,
            auth_port=self.auth.port,
        )
        (folder / "dovecot.conf").write_text(configuration)

    def _write_users(self, users: Mapping[str, str]) -> None:
        entry = pwd.getpwnam(self._user)
        mail = self._folder.path / "mail"
        lines = [
            f"{address.lower()}:{{PLAIN}}{password}:{entry.pw_uid}:{entry.pw_gid}::{mail / address.lower()}\n"
            for address, password in users.items()
        ]
        (self._folder.path / "users").write_text("".join(lines))

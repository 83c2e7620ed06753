"""A private Postfix: takes mail on loopback, hands it to LMTP servers on loopback, and never lets any out."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.loopback import HOST, Address, Folder, Process, free_port, listens, started
from tests.servers.packages import program

_OWNED_FOLDERS = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace",
)  # fmt: skip

_MAIN = """
compatibility_level = 3.6
config_directory = {folder}
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = {host}
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
transport_maps = texthash:{folder}/transport
default_transport = error:5.4.4 no mail leaves the tests
relay_transport = error:5.4.4 no mail leaves the tests
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{auth.host}:{auth.port}
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
in_flow_delay = 0
message_size_limit = 26214400
"""

_MASTER = """
{host}:{port} inet n - n - - smtpd
{host}:{submission_port} inet n - n - - smtpd {submission} -o smtpd_tls_security_level=encrypt
{host}:{tls_port} inet n - n - - smtpd {submission} -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_SUBMISSION = "-o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"


class Postfix:
    """Three doors, as at a provider: `port` offers STARTTLS and relays for loopback without a login;
    `submission_port` wants STARTTLS and then a login; `tls_port` speaks TLS from the start and wants a login.
    Logins are Dovecot's. Mail goes to Dovecot, or where `routes` (domain: LMTP server) say. What can't be
    delivered is tried again every second or two; what is refused comes back to its sender as a bounce.
    """

    def __init__(self, dovecot: Dovecot, *, routes: Mapping[str, Address] | None = None) -> None:
        self._routes = {**(routes or {}), "*": dovecot.lmtp}
        self._auth = dovecot.auth
        self._folder = Folder("postfix")
        self._authority = Authority()
        self._process: Process | None = None
        self.host = HOST
        self.port, self.submission_port, self.tls_port = free_port(), free_port(), free_port()
        self.ca_file = self._authority.ca_file

    def __enter__(self) -> Self:
        self._make_folders()
        self._write_configuration()
        self._write_routes()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.remove()
        self._authority.__exit__(None, None, None)

    def start(self) -> None:
        self._process = Process([_daemons() / "master", "-c", self._folder.path], output=self._output)
        ports = (self.port, self.submission_port, self.tls_port)
        started(self._process, lambda: all(listens(port) for port in ports), name="Postfix", log=self.log)

    def stop(self) -> None:
        """Nobody listens until `start`; the queue stays."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def route(self, domain: str, to: Address) -> None:
        """From now on mail for this domain goes to this LMTP server. Restarts, which takes a second or two: a
        reload cuts connections for a moment that nobody can wait for.
        """
        self._routes[domain] = to
        self._write_routes()
        if self._process is not None:
            self.stop()
            self.start()

    def queue_length(self) -> int:
        """Letters taken and not yet delivered, bounces included."""
        return len(self._run("postqueue", "-j").splitlines())

    def flush(self) -> None:
        """Tries everything in the queue at once."""
        self._run("postqueue", "-f")

    def log(self) -> str:
        files = (self._output, self._folder.path / "log")
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    @property
    def _output(self) -> Path:
        return self._folder.path / "output"

    def _run(self, name: str, *arguments: str) -> str:
        command = [program(name) or name, "-c", str(self._folder.path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def _make_folders(self) -> None:
        queue = self._folder.path / "queue"
        for folder in (queue, queue / "pid"):
            folder.mkdir(mode=0o755)
        for folder in (*(queue / name for name in _OWNED_FOLDERS), self._folder.path / "data"):
            folder.mkdir(mode=0o700)
            shutil.chown(folder, "postfix", "postfix")
        for name, mode in (("public", 0o710), ("maildrop", 0o730)):
            (queue / name).mkdir()
            shutil.chown(queue / name, "postfix", "postdrop")
            (queue / name).chmod(mode)

    def _write_configuration(self) -> None:
        certificate = self._authority.certificate()
        main = _MAIN.format(
            folder=self._folder.path,
            host=self.host,
            auth=self._auth,
            certificate=certificate.certificate_file,
            key=certificate.key_file,
        )
        master = _MASTER.format(
            host=self.host,
            port=self.port,
            submission_port=self.submission_port,
            tls_port=self.tls_port,
            submission=_SUBMISSION,
        )
        (self._folder.path / "main.cf").write_text(main)
        (self._folder.path / "master.cf").write_text(master)

    def _write_routes(self) -> None:
        lines = [f"{domain} lmtp:inet:[{to.host}]:{to.port}\n" for domain, to in self._routes.items()]
        (self._folder.path / "transport").write_text("".join(lines))


def _daemons() -> Path:
    """Where this system keeps Postfix's own programs."""
    command = [program("postconf") or "postconf", "-d", "-h", "daemon_directory"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())

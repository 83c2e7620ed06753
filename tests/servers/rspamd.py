"""A private rspamd, a judge of letters that also asks the DNS: for keys, SPF and DMARC. Its DNS is ours, and knows no more."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.request import ProxyHandler, Request, build_opener

from tests.servers.loopback import HOST, Folder, Process, free_port, listens, started
from tests.servers.packages import is_root, program

_CONFIGURATION = """\
.include "$CONFDIR/common.conf"
options {{
    filters = "chartable,dkim,regexp";
    pidfile = "{folder}/pid";
    control_socket = "{folder}/control";
    hs_cache_dir = "{folder}";
    url_tld = "{folder}/suffixes";
    disable_hyperscan = true;
    dns {{ nameserver = ["{host}:{dns_port}"]; timeout = 1s; }}
}}
logging {{ type = "console"; level = "warning"; }}
worker "normal" {{ bind_socket = "{host}:{port}"; count = 1; }}
"""
"""What asks other machines by other ways than the DNS is off. Patterns run as they are, and the list of public suffixes is
short: both would be compiled, for a quarter of a minute at each start."""


class Verdict(NamedTuple):
    action: str
    """`no action`, `greylist`, `add header`, `reject`."""
    score: float
    rules: dict[str, float]
    """Those that spoke, and what they gave."""


class Rspamd:
    def __init__(self, dns_port: int) -> None:
        self._dns_port = dns_port
        self._user = "_rspamd" if is_root() else None
        self._folder = Folder("rspamd", user=self._user)
        self._process: Process | None = None
        self.port = free_port()

    def __enter__(self) -> Self:
        folder = self._folder.path
        configuration = _CONFIGURATION.format(folder=folder, host=HOST, port=self.port, dns_port=self._dns_port)
        (folder / "suffixes").write_text("org\ntest\n")
        (folder / "rspamd.conf").write_text(configuration)
        places = [f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR", "LOGDIR", "LOCAL_CONFDIR")]
        command: list[str | Path] = [
            program("rspamd") or "rspamd", "--no-fork", "--config", folder / "rspamd.conf", *places
        ]  # fmt: skip
        self._process = Process(command, output=folder / "output", user=self._user)
        started(self._process, lambda: listens(self.port), name="rspamd", log=self.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.stop()
        self._folder.remove()

    def verdict(self, letter: bytes, *, ip: str, name: str, mail_from: str, rcpt_to: str) -> Verdict:
        """What the reader's mail server would be told, to whom this address, of this name, hands the letter in."""
        said = {"IP": ip, "Helo": name, "Hostname": name, "From": mail_from, "Rcpt": rcpt_to}
        request = Request(f"http://{HOST}:{self.port}/checkv2", data=letter, headers=said)
        with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        rules = {rule["name"]: float(rule["score"]) for rule in found["symbols"].values()}
        return Verdict(action=found["action"], score=found["score"], rules=rules)

    def log(self) -> str:
        return (self._folder.path / "output").read_text(errors="replace")

"""Who sends the same letters: ours, Postfix's `smtp-source`, smtplib and aiosmtplib."""

import importlib.metadata
import importlib.util
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from publisher.config import Settings
from tests.benchmarks import smtp_peers
from tests.benchmarks.contenders import Missing
from tests.benchmarks.equal import Unequal
from tests.benchmarks.mailing import Mailing
from tests.benchmarks.measure import Run, run
from tests.benchmarks.sink import Sink
from tests.servers.loopback import HOST
from tests.servers.packages import postgresql_programs, program
from tests.servers.smtp import Accepted, ScriptedSmtp

MOST_APART = 0.02
"""By how much a letter's size may differ from ours."""
_TWO_AT_ONCE = '"$@" & one=$!; "$@" & two=$!; wait $one; code=$?; wait $two && exit $code'
_TOKEN = re.compile(rb"^List-Unsubscribe: <\S+/u/([0-9a-f]{32})>", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    name: str
    command: Callable[[int, int], list[str | Path]]
    """Of the port that listens, and the number of letters."""
    mailing: Mailing | None = None
    """Ours: what it sends, and keeps its books in."""

    def ready(self) -> None:
        """Before each turn; nobody counts how long it takes."""
        if self.mailing:
            self.mailing.restore()

    def check(self, count: int) -> None:
        """After each turn. Raises Unequal where the books say otherwise."""
        if self.mailing and (letters := self.mailing.letters()) != {"sent": count}:
            raise Unequal(f"ours, {self.name}: the database says {letters}, wanted are {count:,} sent")


def ours(
    name: str,
    mailing: Mailing,
    connections: int,
    *,
    is_twofold: bool = False,
    settings: Mapping[str, object] | None = None,
) -> Mailer:
    """`publisher send`, from its start to its end. `is_twofold`: two of them at once, with so many connections each."""
    prefix = ["sh", "-c", _TWO_AT_ONCE, "sh"] if is_twofold else []

    def command(port: int, _: int) -> list[str | Path]:
        given = {"SMTP_PORT": port, "SMTP_CONNECTIONS": connections, **(settings or {})}
        return [*prefix, *mailing.sending(given)]

    return Mailer(name=name, command=command, mailing=mailing)


def smtp_source(size_bytes: int, *options: str) -> Mailer:
    """Its letters have no content but their length."""
    how = [*options, "-s", "8"]

    def command(port: int, count: int) -> list[str | Path]:
        what = ["-N", "-m", str(count), "-l", str(size_bytes), "-f", smtp_peers.SENDER, "-t", "reader@example.org"]
        return [program("smtp-source") or "smtp-source", *how, *what, f"{HOST}:{port}"]

    return Mailer(name=" ".join(["smtp-source", *how]), command=command)


def library(name: str, connections: int, letter: Path) -> Mailer:
    """One that is driven by `smtp_peers.py`, without anything of ours."""

    def command(port: int, count: int) -> list[str | Path]:
        return [sys.executable, "-I", smtp_peers.__file__, name, HOST, str(port), str(count), letter]

    return Mailer(name=f"{name}, {connections}", command=command)


def peers(letter: bytes, folder: Path) -> list[Mailer]:
    """All that are installed. `letter`: one of ours, as it arrived."""
    file = folder / "letter"
    file.write_bytes(_pattern(letter))
    found = [smtp_source(len(letter), "-d"), smtp_source(len(letter)), library("smtplib", 1, file)]
    if importlib.util.find_spec("aiosmtplib"):
        found.append(library("aiosmtplib", smtp_peers.CONNECTIONS, file))
    return found


def _pattern(letter: bytes) -> bytes:
    """With slots where the reader's address and token stand."""
    address = next(line for line in letter.split(b"\r\n") if line.startswith(b"To: ")).removeprefix(b"To: ")
    token = _TOKEN.search(letter)
    assert token, "a letter with a way out"
    return letter.replace(address, smtp_peers.ADDRESS.encode()).replace(token[1], smtp_peers.TOKEN.encode())


def check_installed(parts: Collection[str]) -> None:
    """Raises Missing with all that these parts of the benchmark lack."""
    wanted = {
        "postfix": {"send", "dkim", "postgresql", "memory"} & {*parts} and not program("smtp-sink"),
        "openssl": "dkim" in parts and not program("openssl"),
        "postgresql": {"postgresql", "compose"} & {*parts} and not postgresql_programs(),
        "aiosmtplib": "send" in parts and not importlib.util.find_spec("aiosmtplib"),
    }
    if absent := [name for name, is_absent in wanted.items() if is_absent]:
        raise Missing(
            f"not installed: {', '.join(absent)}; wanted is apt-get install postfix openssl postgresql, "
            "pip install aiosmtplib"
        )


def versions() -> list[str]:
    """Of those that are here."""
    found = [f"publisher {importlib.metadata.version('publisher')}", f"smtplib of Python {platform.python_version()}"]
    if importlib.util.find_spec("aiosmtplib"):
        found.append(f"aiosmtplib {importlib.metadata.version('aiosmtplib')}")
    if postconf := program("postconf"):
        said = subprocess.run([postconf, "-d", "-h", "mail_version"], capture_output=True, text=True, check=True)
        found.append(f"postfix {said.stdout.strip()}")
    if folder := postgresql_programs():
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
        found.append(said.stdout.strip())
    return found


def dkim_settings(folder: Path) -> Mapping[str, object] | None:
    """With a new key. None where the publisher can't sign."""
    if "dkim_selector" not in {row.name for row in fields(Settings)}:
        return None
    key = folder / "dkim.pem"
    subprocess.run([program("openssl") or "openssl", "genrsa", "-out", key, "2048"], capture_output=True, check=True)
    return {"DKIM_SELECTOR": "benchmark", "DKIM_KEY_FILE": key}


def timed(mailer: Mailer, count: int, folder: Path, *, is_sampled: bool = False) -> Run:
    """One turn, into a sink of its own. Raises Unequal where a letter was lost or came twice."""
    mailer.ready()
    with Sink(folder / "sink.log") as sink:
        found = run(mailer.command(sink.port, count), folder, log=folder / "said.log", is_sampled=is_sampled)
        taken = sink.stop_after(count)
    if taken != count:
        raise Unequal(f"{mailer.name}: {taken:,} letters arrived, wanted are {count:,}")
    mailer.check(count)
    return found


def recorded(mailer: Mailer, count: int, folder: Path) -> list[Accepted]:
    """What arrives, one by one, which takes its time. Raises Unequal where not each letter has a reader of its own."""
    mailer.ready()
    with ScriptedSmtp() as server:
        run(mailer.command(server.port, count), folder, log=folder / "said.log")
        letters = list(server.letters)
    readers = {letter.rcpt_to for letter in letters}
    if len(letters) != count or len(readers) != count:
        raise Unequal(f"{mailer.name}: {len(letters)} letters to {len(readers)} readers arrived, wanted are {count}")
    mailer.check(count)
    return letters


def check_size(mailer: Mailer, letters: Collection[Accepted], wanted_bytes: int) -> None:
    """Raises Unequal."""
    for size in {len(letter.message) for letter in letters}:
        if abs(size - wanted_bytes) > MOST_APART * wanted_bytes:
            raise Unequal(f"{mailer.name}: a letter has {size:,} bytes, one of ours {wanted_bytes:,}")

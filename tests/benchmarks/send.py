"""How fast letters leave, beside other senders, and editions are made: `python -m tests.benchmarks.send`, on Linux.

The peers come by `apt-get install postfix openssl postgresql` and `pip install aiosmtplib`. All send as many letters of
the same size, about 40 KB, each to a reader of its own, over loopback to the same `smtp-sink`, a fresh one a turn. Ours is the
whole `publisher send`, which writes down on the disk what becomes of each letter; the others have their letters ready
and keep no books. It stops where a letter was lost or came twice: the sink counts, our database counts, and in turns that
are not timed some letters of every contender are looked at one by one.

- send: ours with 8 connections, and with 1, 4, 16 and 32; smtp-source with 8 (`-d` keeps them open, as all others do),
  smtplib with 1, aiosmtplib with 8
- dkim: ours signs with RSA-2048, which the others don't; left out where the publisher has no such setting
- postgresql: two processes at once on one database, with 4 connections each; server and sink share their machine
- compose: `publisher tick` for 10,000 and 1,000,000 readers, on both databases. It finds a post, whose edition is so late
  that it is held, so that nothing is sent
- memory: the highest while an edition is composed, and while one is sent to so many readers and to ten times as many;
  looked at every 20 ms, in turns that are not timed

Contenders take turns, in each round another begins. Ratios are taken within a round, their median is shown. Each turn of ours
begins with the same database, copied back before. Put TMPDIR on the disk that you mean: its kind, and how long it takes to
write, is told. Wants a machine that does nothing else, for about half an hour.
Exit code 0: measured; 1: somebody failed, or lost letters; 2: a wrong command line, or a peer that is not installed.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp

from tests.benchmarks import send_table as table
from tests.benchmarks.contenders import Missing
from tests.benchmarks.equal import Unequal
from tests.benchmarks.mailers import (
    Mailer,
    check_installed,
    check_size,
    dkim_settings,
    ours,
    peers,
    recorded,
    timed,
    versions,
)
from tests.benchmarks.mailing import Mailing
from tests.benchmarks.measure import CommandFailed, Run, run
from tests.benchmarks.table import Line, describe_start
from tests.servers.postgresql import PostgreSQL

PARTS = ("send", "dkim", "postgresql", "compose", "memory")
RECIPIENTS, QUICK_RECIPIENTS = 20_000, 300
COMPOSED, QUICK_COMPOSED = (10_000, 1_000_000), (100, 1_000)
LOOKED_AT = 50
"""Letters of each contender."""
_USUAL, _EACH_OF_TWO = 8, 4
"""Connections."""


@dataclass(kw_only=True)
class Bench:
    """What all parts need, and what they found."""

    folder: Path
    recipients: int
    rounds: int
    server: PostgreSQL | None
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def mailing(self, readers: int, server: PostgreSQL | None = None) -> Mailing:
        say(f"{readers:,} readers on {'PostgreSQL' if server else 'SQLite'}")
        return Mailing(Path(mkdtemp(dir=self.folder)), readers, server)

    def compose(self, mailing: Mailing, *, is_sampled: bool = False) -> Run:
        mailing.restore()
        found = run(mailing.composing(), self.folder, log=self.folder / "said.log", is_sampled=is_sampled)
        if (letters := mailing.letters()) != {"pending": mailing.readers}:
            raise Unequal(f"composed are {letters}, wanted is a letter for each of {mailing.readers:,} readers")
        return found

    def frozen(self, readers: int, server: PostgreSQL | None = None) -> Mailing:
        """Everything is ready to be sent, each time it is restored."""
        mailing = self.mailing(readers, server)
        self.compose(mailing)
        mailing.approve()
        mailing.save()
        return mailing


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        check_installed(options.only)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with TemporaryDirectory(prefix="publisher-benchmark-") as folder:
            print(_measure(options, Path(folder)))
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    except (CommandFailed, Unequal, AssertionError) as error:
        print(f"stopped, nothing is compared: {error}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.send", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--recipients", type=int, metavar="N", help=f"how many letters a turn ({RECIPIENTS:,})")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each is measured (3)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="few readers, one round: does it all run?")
    options = parser.parse_args(arguments)
    if options.recipients is None:
        options.recipients = QUICK_RECIPIENTS if options.quick else RECIPIENTS
    if options.quick:
        options.rounds = 1
    if options.recipients < 1 or options.rounds < 1:
        parser.error("wanted are one recipient and one round at the least")
    return options


def _measure(options: argparse.Namespace, folder: Path) -> str:
    parts = {*options.only}
    started = f"{describe_start()}, {_describe_disk(folder)}"
    with ExitStack() as stack:
        server = stack.enter_context(PostgreSQL()) if parts & {"postgresql", "compose"} else None
        bench = Bench(folder=folder, recipients=options.recipients, rounds=options.rounds, server=server)
        if parts & {"send", "dkim", "postgresql"}:
            _race(bench, parts)
        if "compose" in parts:
            _compose(bench, QUICK_COMPOSED if options.quick else COMPOSED)
        if "memory" in parts:
            _memory(bench)
    return table.render(started, versions(), bench.lines, bench.notes, options.rounds)


def _describe_disk(folder: Path) -> str:
    """Its kind, and how long it takes until a page is on it: a commit's price."""
    kind = subprocess.run(["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True, check=True)
    times = []
    with (folder / "page").open("wb", buffering=0) as file:
        for _ in range(30):
            start = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return f"{kind.stdout.strip()}, {median(times) * 1000:.1f} ms to write and fsync a page"


def _race(bench: Bench, parts: Set[str]) -> None:
    dkim = dkim_settings(bench.folder) if "dkim" in parts else None
    if "dkim" in parts and not dkim:
        bench.notes.append("DKIM: left out, as the publisher has no such setting")
    few = bench.frozen(LOOKED_AT)
    others = _looked_at(bench, [*_ours(bench, few, parts, dkim)])
    if "send" not in parts:
        others = [other for other in others if dkim and other.name == table.SOURCE]
    turns = _take_turns(bench, [*others, *_ours(bench, bench.frozen(bench.recipients), parts, dkim)])
    bench.lines += table.sending(bench.recipients, turns)
    start = run(few.sending({}), bench.folder, log=bench.folder / "said.log")
    bench.notes.append(
        f"`publisher send` with nothing to send: {start.wall_seconds:.2f} s, which are in each turn of ours"
    )


def _ours(bench: Bench, mailing: Mailing, parts: Set[str], dkim: Mapping[str, object] | None) -> list[Mailer]:
    found = [ours(table.USUAL, mailing, _USUAL)]
    if "send" in parts:
        found = [ours(table.connections(number), mailing, number) for number in table.NUMBERS]
    if dkim:
        found.append(ours(table.DKIM, mailing, _USUAL, settings=dkim))
    if "postgresql" in parts:
        shared = bench.frozen(mailing.readers, bench.server)
        found.append(ours(table.TOGETHER, shared, _EACH_OF_TWO, is_twofold=True))
    return found


def _looked_at(bench: Bench, few: Sequence[Mailer]) -> list[Mailer]:
    """The others, once the letters of everybody have been seen to be equal. Leaves no letter unsent."""
    letters = {mailer.name: recorded(mailer, LOOKED_AT, bench.folder) for mailer in few}
    if not all(b"DKIM-Signature:" in letter.message for letter in letters.get(table.DKIM, ())):
        raise Unequal("ours, with DKIM: a letter is not signed")
    example = letters[table.USUAL][0].message
    bench.notes.append(f"a letter of ours has {len(example):,} bytes")
    others = peers(example, bench.folder)
    for other in others:
        check_size(other, recorded(other, LOOKED_AT, bench.folder), len(example))
    return others


def _take_turns(bench: Bench, mailers: Sequence[Mailer]) -> table.Turns:
    turns: dict[str, list[Run]] = defaultdict(list)
    for round_number in range(bench.rounds):
        first = round_number % len(mailers)
        for mailer in (*mailers[first:], *mailers[:first]):
            found = timed(mailer, bench.recipients, bench.folder)
            turns[mailer.name].append(found)
            took = f"{bench.recipients / found.wall_seconds:,.0f}/s, {found.cpu_seconds:.2f} s of CPU"
            say(f"round {round_number + 1}: {mailer.name}: {took}")
    return turns


def _compose(bench: Bench, sizes: Sequence[int]) -> None:
    servers = {"SQLite": None, "PostgreSQL": bench.server}
    for database, target in table.COMPOSE.items():
        runs: dict[int, list[Run]] = {}
        peaks: dict[int, Run] = {}
        for readers in sizes:
            mailing = bench.mailing(readers, servers[database])
            runs[readers] = [bench.compose(mailing) for _ in range(bench.rounds)]
            peaks[readers] = bench.compose(mailing, is_sampled=True)
            mailing.close()
            say(f"composed in {median(found.wall_seconds for found in runs[readers]):.1f} s")
        bench.lines.append(table.composing(f"compose, {database}", runs, target))
        bench.lines.append(table.growth(f"memory, compose, {database}", peaks))


def _memory(bench: Bench) -> None:
    peaks: dict[int, Run] = {}
    for readers in (bench.recipients, 10 * bench.recipients):
        mailing = bench.frozen(readers)
        peaks[readers] = timed(ours(table.USUAL, mailing, _USUAL), readers, bench.folder, is_sampled=True)
        mailing.close()
        say(f"sent in {peaks[readers].wall_seconds:.1f} s")
    bench.lines.append(table.growth("memory, send, SQLite", peaks))


say = partial(print, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

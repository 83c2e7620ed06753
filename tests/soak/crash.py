"""Senders that are killed again and again, and what their readers get: `python -m tests.soak.crash`, on Linux.

Two `publisher send` at once, with eight connections each, send an edition to a mail server in a process of its own. One of
them, whichever, is killed (SIGKILL) when so many letters have arrived, and started again at once; so it goes on over the whole
run, on SQLite and on PostgreSQL. At the end every reader must have the letter, nobody a second one but for the letters that
were on the wire at a kill, each repeat must be the same bytes, and the database must look as if nothing had happened.

Exit code 0: so it was; 1: it was not, and the table says where; 2: a wrong command line.
"""

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mailroom import DUE, Mailroom
from tests.processes import Running, Site
from tests.servers.postgresql import PostgreSQL
from tests.servers.smtp import SmtpProcess

SENDERS, CONNECTIONS = 2, 8
_START_SECONDS = 1.5
"""So long does a sender take to its first letter."""
_AFTER_ALL_SECONDS = 120
"""So long may the rest take after the last kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a run left behind."""

    database: str
    readers: int
    kills: int
    seconds: float
    letters: int
    """Which the server took."""
    doubts: int
    """Letters that were on the wire at a kill, as the database counts them."""
    missed: int
    """Readers without a letter."""
    strangers: int
    """Letters to nobody whom we know."""
    changed: int
    """Repeats with other bytes or another Message-ID than the first."""
    not_sent: int
    """Deliveries that are in any other state, or were counted as tried more or less than once."""
    traces: int
    """Arrears, leases, editions that are not finished, and readers whose cursor stands elsewhere."""

    @property
    def repeats(self) -> int:
        return self.letters - self.readers + self.missed

    @property
    def most(self) -> int:
        """How many repeats there may be."""
        return self.kills * CONNECTIONS

    @property
    def is_well(self) -> bool:
        is_whole = not (self.missed or self.strangers or self.changed or self.not_sent or self.traces)
        return is_whole and self.repeats <= self.doubts <= self.most


def crash(
    folder: Path, name: str, database_url: str | None, *, readers: int, kills: int, chance: random.Random
) -> Found:
    addresses = [f"reader-{number}@crash.test" for number in range(readers)]
    begun = time.monotonic()
    delay_seconds = (
        _START_SECONDS * CONNECTIONS * kills / readers
    )  # one is killed about when the one before sends again
    with SmtpProcess(delay_seconds=delay_seconds) as server:
        settings = {"SMTP_PORT": str(server.port), "SMTP_CONNECTIONS": str(CONNECTIONS)}
        room = Mailroom(folder, addresses, database_url, **settings)
        room.close()
        crew = _Crew(room.site, chance)
        for kill in range(kills):
            crew.wait_for(server, (kill + 1) * readers // (kills + 2))
            time.sleep(chance.uniform(0, 0.05))
            crew.kill_one()
        crew.finish(room)
        letters = server.letters()
    same = defaultdict[str, set[tuple[str, str]]](set)
    for letter in letters:
        same[letter["rcpt_to"][0]].add((letter["message_id"], letter["sha256"]))
    rows = room.site.rows
    [(doubts,)] = rows("SELECT coalesce(sum(doubts), 0) FROM deliveries")
    [(not_sent,)] = rows("SELECT count(*) FROM deliveries WHERE state <> 'sent' OR attempts <> 1")
    [(traces,)] = rows(
        """
        SELECT (SELECT count(*) FROM arrears) + (SELECT count(*) FROM deliveries WHERE lease_owner IS NOT NULL)
        + (SELECT count(*) FROM editions WHERE state <> 'sent') + (SELECT count(*) FROM subscribers WHERE cursor <> 1)
        """
    )
    return Found(
        database=name,
        readers=readers,
        kills=crew.kills,
        seconds=time.monotonic() - begun,
        letters=len(letters),
        doubts=int(doubts),
        missed=len({*addresses} - {*same}),
        strangers=len({*same} - {*addresses}),
        changed=sum(len(each) > 1 for each in same.values()),
        not_sent=not_sent,
        traces=traces,
    )


@dataclass(kw_only=False)
class _Crew:
    """The senders that are at work; one that has ended is replaced."""

    site: Site
    chance: random.Random
    kills: int = 0
    senders: list[Running] = field(default_factory=list)

    def wait_for(self, server: SmtpProcess, count: int) -> None:
        give_up = time.monotonic() + _AFTER_ALL_SECONDS
        while len(server.letters()) < count:
            assert time.monotonic() < give_up, f"{count} letters were waited for in vain\n{self._last_words()}"
            self._fill_up()
            time.sleep(0.02)

    def kill_one(self) -> None:
        self._fill_up()
        victim = self.chance.choice(self.senders)
        if victim.runs():
            victim.kill()
            self.kills += 1
        self.senders.remove(victim)
        self._fill_up()

    def finish(self, room: Mailroom) -> None:
        give_up = time.monotonic() + _AFTER_ALL_SECONDS
        while [*room.states()] != ["sent"]:
            assert time.monotonic() < give_up, f"left are {room.states()}\n{self._last_words()}"
            self._fill_up()
            time.sleep(0.2)
        for sender in self.senders:
            sender.wait()

    def _fill_up(self) -> None:
        self.senders = [sender for sender in self.senders if sender.runs()]
        while len(self.senders) < SENDERS:
            self.senders.append(self.site.start("send", now=DUE))

    def _last_words(self) -> str:
        return "\n".join(sender.log[-2000:] for sender in self.senders)


def table(found: Sequence[Found]) -> str:
    names = [each.name for each in fields(Found)] + ["repeats", "most"]
    lines = [(name, *(_cell(getattr(each, name)) for each in found)) for name in names]
    lines.append(("", *("well" if each.is_well else "NOT WELL" for each in found)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(found) + 1)]
    return "\n".join(
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


def _cell(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.crash", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument("--readers", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="chooses the moments, as far as one can")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args(arguments)
    found: list[Found] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="publisher-crash-")))
        for name in [options.only] if options.only else ["sqlite", "postgresql"]:
            url = stack.enter_context(PostgreSQL()).create_database() if name == "postgresql" else None
            chance = random.Random(options.seed)
            found.append(crash(folder / name, name, url, readers=options.readers, kills=options.kills, chance=chance))
    print(table(found))
    return 0 if all(each.is_well for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

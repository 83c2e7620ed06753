"""Empty the outbox: claim, write the intents, send, write the answers.

One thread keeps all connections busy. Between two looks at them it makes one transaction, which holds the answers that have
come and the intents of the letters that go next: so a commit costs what it costs once for all of them, and what a killed
sender leaves behind is at most one letter a connection of which nobody knows whether it left.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import SimpleQueue
from time import monotonic, sleep
from typing import NamedTuple

from publisher.actions.moulds import Moulds
from publisher.actions.ownership import owned, recover
from publisher.actions.publication import Now, Publication, Relay
from publisher.actions.sluice import LONGEST_SECONDS, Sluice
from publisher.core.errors import AddressError, HeaderError, PublisherError, TemplateBroken
from publisher.core.ledger import Delivery
from publisher.core.letter import Sender
from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer, Outcome, outcome
from publisher.core.token import mac
from publisher.smtp.switchboard import Answered, Down, Lost, News, Opened, OpenLine, Switchboard
from publisher.storage import Result, Session, Storage, Transaction

BATCH = 200
"""So many letters are claimed at a time."""
RENEW_SECONDS = 10
_ON_THE_SPOT = 2
"""How often one letter is tried on a fresh connection at once."""
_REBUFFS_ENOUGH = 5
"""So many in a row, and one more for each connection."""
_LATER = timedelta(minutes=5)
"""After that it waits, uncounted."""
_RECORD_TRIES = 6
"""How often it is tried to write answers down, a second apart: unwritten, the letters would be in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one run through the outbox did, in letters by their new state."""

    counts: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    """Taken over from a sender that died."""
    put_off: int = 0
    """That wait because of a limit."""
    is_down: bool = False
    """No mail server took letters."""


Progress = Callable[[Counter[str]], None]
"""Told after each transaction how many letters have come to which state."""


def drain(publication: Publication, now: Now, stop: threading.Event, progress: Progress = lambda _: None) -> Drained:
    """Send everything that is due, until nothing is or `stop` is set; the letters at hand are finished first."""
    if not publication.relays or publication.sender is None:
        return Drained()
    with owned(publication) as owner:
        in_doubt = recover(publication, now())
        run = _Run(publication, publication.sender, owner, now, stop, progress)
        try:
            with Switchboard() as switchboard:
                run.work(switchboard)
        finally:
            with publication.storage.write() as tx:
                run.write_down(tx)
                tx.deliveries.release(owner)
                finished = tx.editions.finish()
    if run.counts:
        publication.log.info("letters.done", **run.counts)
    for edition in finished:
        publication.log.info("edition.finished", edition=edition)
    return Drained(counts=run.counts, in_doubt=in_doubt, put_off=run.put_off, is_down=run.is_down)


class _Ready(NamedTuple):
    """A letter that leaves as soon as its intent is written; with an answer instead, one that can't be written to anybody."""

    delivery: Delivery
    envelope: Envelope | Answer


class _Done(NamedTuple):
    """A letter whose transaction is over."""

    delivery: Delivery
    answer: Answer
    relay: Relay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What one transaction is asked for."""

    done: list[_Done]
    ready: list[_Ready]
    lines: dict[OpenLine, Relay]
    """For those, one for each."""
    wants_more: bool
    is_old: bool
    """The leases need renewing."""
    is_precious: bool
    """There are answers to write down, or will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What one transaction made true."""

    job: _Job
    recorded: list[tuple[_Done, Outcome]]
    """Of letters whose lease was still ours."""
    claimed: list[Delivery]
    has_claimed: bool
    """Also where all that was claimed was put off at once."""
    going: list[tuple[OpenLine, _Ready]]
    """Their intents are written."""
    kept_back: list[_Ready]
    """By the rate of their relay."""


class _Ledger:
    """A thread that makes one transaction after the other, while letters are on their way."""

    def __init__(self, storage: Storage, make: Callable[[Session, _Job], _Turn], ring: Callable[[], None]) -> None:
        self._storage, self._make, self._ring = storage, make, ring
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._results: SimpleQueue[_Turn | BaseException] = SimpleQueue()
        self.is_busy = False
        self._thread = threading.Thread(target=self._work, name="ledger")
        self._thread.start()

    def begin(self, job: _Job) -> None:
        """One at a time."""
        self.is_busy = True
        self._jobs.put(job)

    def finished(self) -> _Turn | None:
        """What the transaction made true, once; None while it goes on. Raises what went wrong in it."""
        if self._results.empty():
            return None
        self.is_busy = False
        result = self._results.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def close(self) -> None:
        """A transaction that has begun is made to its end."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        with closing(self._storage.session()) as session:
            while job := self._jobs.get():
                try:
                    self._results.put(self._make(session, job))
                except BaseException as error:
                    self._results.put(error)
                self._ring()


class _Run:
    """One run through the outbox."""

    def __init__(
        self, publication: Publication, sender: Sender, owner: str, now: Now, stop: threading.Event, progress: Progress
    ) -> None:
        self._publication, self._sender, self._owner, self._now = publication, sender, owner, now
        self._stop, self._progress = stop, progress
        self._moulds, self._sluice = Moulds(publication, sender), Sluice(publication, now)
        self._claimed: deque[Delivery] = deque()
        self._ready: deque[_Ready] = deque()
        self._done: list[_Done] = []
        self._busy: dict[OpenLine, tuple[Relay, Delivery]] = {}
        self._idle: dict[OpenLine, Relay] = {}
        self._reserved: dict[OpenLine, Relay] = {}
        """For letters whose intents are being written."""
        self._opening: Counter[str] = Counter()
        self._most: dict[str, int] = {}
        """How many lines a relay has room for: one until it has answered, since a login that is refused by eight lines at once
        may lock the account.
        """
        self._room = sum(relay.connections for relay in publication.relays)
        self._rebuffs: Counter[str] = Counter()
        """How often in a row a relay has hung up on a letter."""
        self._tries: Counter[int] = Counter()
        self._is_empty = False
        """Nothing was left to claim at the last look."""
        self._renewed_at = monotonic()
        self.counts: Counter[str] = Counter()
        self.is_down = False

    @property
    def put_off(self) -> int:
        return self._sluice.put_off

    def write_down(self, tx: Transaction) -> None:
        """What no transaction of its own has told the database yet."""
        self._sluice.write_down(tx, self._now())

    def work(self, switchboard: Switchboard) -> None:
        with closing(_Ledger(self._publication.storage, self._make_turn, switchboard.ring)) as ledger:
            self._begin_turn(switchboard, ledger)
            while ledger.is_busy or self._busy or self._done or self._has_more():
                self._open_lines(switchboard)
                self._take_in(switchboard.wait(self._patience(ledger)))
                if turn := ledger.finished():
                    self._end_turn(switchboard, turn)
                if not ledger.is_busy:
                    self._is_empty &= not self._sluice.is_time_to_look()
                    self._begin_turn(switchboard, ledger)
        self.is_down |= not self._sluice.relays()
        if self.is_down:
            self._publication.log.error("relay.down", reason=self._sluice.trouble)

    @property
    def _may_begin(self) -> bool:
        return not (self._stop.is_set() or self.is_down)

    def _has_more(self) -> bool:
        has_letters = bool(self._claimed or self._ready) or not self._is_empty
        return self._may_begin and (has_letters or self._sluice.is_worth_waiting())

    def _patience(self, ledger: _Ledger) -> float:
        """In seconds: no longer than until a limit lets the next letter go."""
        if ledger.is_busy:
            return LONGEST_SECONDS
        if self._done or self.is_down:
            return LONGEST_SECONDS if self._busy else 0
        return self._sluice.wait_seconds() if self._idle or not self._busy else LONGEST_SECONDS

    # -- lines

    def _open_lines(self, switchboard: Switchboard) -> None:
        """As many as there are letters for, to those relays that come first of all that answer."""
        there = len(self._busy) + len(self._idle) + len(self._reserved) + self._opening.total()
        wanted = len(self._claimed) + len(self._ready) - len(self._idle) - self._opening.total()
        if wanted <= 0 or there >= self._room or not self._may_begin:
            return
        relays = self._sluice.relays()
        self.is_down = not relays and not self._opening.total()
        for relay in relays:
            most = min(relay.connections, self._most.get(relay.name, 1))
            free = most - self._opening[relay.name] - self._lines_to(relay)
            for _ in range(max(0, min(free, wanted))):
                self._opening[relay.name] += 1
                switchboard.open(relay)
                wanted -= 1

    def _lines_to(self, relay: Relay) -> int:
        relays = [*self._idle.values(), *self._reserved.values(), *(each for each, _ in self._busy.values())]
        return sum(each is relay for each in relays)

    def _take_in(self, news: Iterable[News]) -> None:
        for each in news:
            if isinstance(each, Answered):
                relay, delivery = self._busy.pop(each.line)
                self._done.append(_Done(delivery, each.answer, relay))
                if each.line.is_open:
                    self._idle[each.line] = relay
            elif isinstance(each, Lost):
                self._idle.pop(each.line, None)
            else:
                self._take_line(each)

    def _take_line(self, news: Opened | Down) -> None:
        relay = self._sluice.relay_of(news.to)
        self._opening[relay.name] -= 1
        if isinstance(news, Opened):
            self._most.setdefault(relay.name, relay.connections)
            self._idle[news.line] = relay
        elif lines := self._lines_to(relay) + self._opening[relay.name]:
            self._most[relay.name] = lines
        else:
            self._sluice.shut_relay(relay, str(news.reason))

    def _drop_idle(self, switchboard: Switchboard) -> None:
        """The lines to relays that want no letters of ours."""
        for line in [line for line, relay in self._idle.items() if self._sluice.is_shut(relay)]:
            del self._idle[line]
            switchboard.drop(line)

    # -- the one transaction of each turn, which the ledger's thread makes while letters are on their way

    def _begin_turn(self, switchboard: Switchboard, ledger: _Ledger) -> None:
        """Write down what has come back and what goes next."""
        self._drop_idle(switchboard)
        done, self._done = self._done, []
        free = [line for line, relay in self._idle.items() if not self._sluice.is_waiting(relay)]
        ready = self._take_ready(len(free)) if self._may_begin else []
        wants_more = self._may_begin and not self._is_empty and len(self._claimed) + len(self._ready) <= len(self._idle)
        is_old = monotonic() - self._renewed_at >= RENEW_SECONDS
        if not (done or ready or wants_more or is_old):
            return
        self._reserved = {line: self._idle.pop(line) for line in free[: len(ready)]}
        job = _Job(
            done=done,
            ready=ready,
            lines=self._reserved,
            wants_more=wants_more,
            is_old=is_old,
            is_precious=bool(done or self._busy),
        )
        ledger.begin(job)

    def _end_turn(self, switchboard: Switchboard, turn: _Turn) -> None:
        """Let go what may go."""
        if turn.job.is_old:
            self._renewed_at = monotonic()
        if turn.job.wants_more:
            self._is_empty = not turn.has_claimed
        self._claimed.extend(turn.claimed)
        self._ready.extendleft(reversed(turn.kept_back))
        for line, each in turn.going:
            self._let_go(switchboard, line, self._reserved.pop(line), each)
        self._idle |= {line: relay for line, relay in self._reserved.items() if line.is_open}
        self._reserved = {}
        self._settle(turn.recorded)
        self._progress(self.counts)

    def _take_ready(self, count: int) -> list[_Ready]:
        """A letter for each line that may have one."""
        while self._claimed and len(self._ready) < count:
            self._ready.append(self._filled(self._claimed.popleft()))
        return [self._ready.popleft() for _ in range(min(len(self._ready), count))]

    def _filled(self, delivery: Delivery) -> _Ready:
        try:
            return _Ready(delivery, self._moulds.fill(delivery))
        except (AddressError, HeaderError) as error:
            reply = Reply(code=553, enhanced="5.6.0", text=str(error))
            return _Ready(delivery, Answer(stage="rcpt", reply=reply))
        except TemplateBroken as error:
            self._publication.log.error("template.broken", reason=str(error))
            return _Ready(delivery, Answer(stage="connect", reply=Reply(code=451, enhanced=None, text=str(error))))

    def _make_turn(self, session: Session, job: _Job) -> _Turn:
        """A run that ended here would leave letters in doubt: those whose answers have come, and those on the wire."""
        for left in reversed(range(_RECORD_TRIES if job.is_precious else 1)):
            try:
                with session.write() as tx:
                    return self._transact(tx, job)
            except PublisherError:
                if not left:
                    raise
                sleep(1)
        raise AssertionError("the last try returns or raises")

    def _transact(self, tx: Transaction, job: _Job) -> _Turn:
        """May be done again where the database failed."""
        now = self._now()
        self.write_down(tx)
        recorded = self._record(tx, job.done, now)
        claimed, has_claimed = self._claim(tx, now) if job.wants_more else ([], False)
        withdrawn = self._sluice.withdrawn(tx, self._owner, [each.delivery for each in job.ready], now)
        ready = [each for each in job.ready if each.delivery.id not in withdrawn]
        lines = self._sluice.granted(tx, [*job.lines.items()][: len(ready)])
        pairs = [*zip(lines, ready, strict=False)]
        may_leave = tx.deliveries.intend([each.delivery for _, each in pairs], self._owner, now) if pairs else set()
        if stopped := [each.delivery.id for _, each in pairs if each.delivery.id not in may_leave]:
            tx.deliveries.skip(stopped, self._owner, now)
        if job.is_old:
            tx.deliveries.renew(self._owner)
        return _Turn(
            job=job,
            recorded=recorded,
            claimed=claimed,
            has_claimed=has_claimed,
            going=[(line, each) for line, each in pairs if each.delivery.id in may_leave],
            kept_back=ready[len(lines) :],
        )

    def _claim(self, tx: Transaction, now: datetime) -> tuple[list[Delivery], bool]:
        """The letters that may leave, and whether there were any at all."""
        tx.editions.start()
        claimed = tx.deliveries.claim(self._owner, BATCH, now)
        if not claimed:
            self._sluice.look_ahead(tx)
            return [], False
        kept = self._sluice.sifted(tx, self._owner, claimed, now)
        self._moulds.make(tx, {delivery.edition for delivery in kept if delivery.edition})
        return kept, True

    def _record(self, tx: Transaction, done: list[_Done], now: datetime) -> list[tuple[_Done, Outcome]]:
        if not done:
            return []
        pairs = [(each, self._outcome(each, now)) for each in done]
        results = [
            Result(
                delivery=each.delivery,
                outcome=found,
                reply=str(each.answer.reply) if each.answer.reply else "the connection broke",
                relay=each.relay.name if each.relay else None,
            )
            for each, found in pairs
        ]
        ours = tx.deliveries.record(results, self._owner, self._publication.rules.uncertain, now)
        recorded = [(each, found) for each, found in pairs if each.delivery.id in ours]
        for each, found in recorded:
            if found.fault == "recipient":
                tx.suppressions.add(each.delivery.address, "bounced", str(each.answer.reply), now)
            self._sluice.note(tx, each.relay, each.delivery.address, each.answer, found, now)
        return recorded

    def _outcome(self, done: _Done, now: datetime) -> Outcome:
        """A connection that was closed before the letter began is no fault of the letter's: it is tried again at once, then
        later.
        """
        delivery = done.delivery
        found = outcome(
            done.answer,
            attempts=delivery.attempts + 1,
            first_attempt_at=delivery.first_attempt_at or now,
            now=now,
            jitter=lambda: (
                int(mac(self._sender.keys, "jitter", f"{delivery.key}:{delivery.attempts}")[:4], 16) / 0xFFFF
            ),
        )
        if found.state != "pending":
            return found
        if self._tries[delivery.id] + 1 < _ON_THE_SPOT:
            return replace(found, is_kept=True)
        return replace(found, next_attempt_at=now + _LATER)

    def _let_go(self, switchboard: Switchboard, line: OpenLine, relay: Relay, ready: _Ready) -> None:
        if isinstance(ready.envelope, Answer):
            self._done.append(_Done(ready.delivery, ready.envelope, None))
            self._idle[line] = relay
            return
        self._busy[line] = relay, ready.delivery
        switchboard.begin(line, ready.envelope)

    def _settle(self, recorded: Iterable[tuple[_Done, Outcome]]) -> None:
        for done, found in recorded:
            self._note_rebuff(done, found)
            if found.is_kept:
                self._tries[done.delivery.id] += 1
                self._claimed.appendleft(done.delivery)
                continue
            self.counts[found.state] += 1
            self._tell(done, found)

    def _note_rebuff(self, done: _Done, found: Outcome) -> None:
        """A relay that hangs up on one letter after the other wants none."""
        relay = done.relay
        if relay is None:
            return
        if found.state != "pending":
            self._rebuffs[relay.name] = 0
            return
        self._rebuffs[relay.name] += 1
        if self._rebuffs[relay.name] == _REBUFFS_ENOUGH + relay.connections:
            said = str(done.answer.reply or "nothing, and hangs up")
            self._sluice.shut_relay(relay, f"the mail server {relay.name} answers {said}, to every letter")

    def _tell(self, done: _Done, found: Outcome) -> None:
        """The text of a reply often repeats the address, so only its codes are told aloud."""
        log, reply, letter = self._publication.log, done.answer.reply, done.delivery.key
        log.debug("letter.address", letter=letter, address=done.delivery.address, reply=reply)
        if found.state != "sent":
            codes = f"{reply.code} {reply.enhanced or ''}".strip() if reply else "none"
            log.warning("letter.not_sent", letter=letter, state=found.state, fault=found.fault, reply=codes)

"""Empty the outbox: claim, write the intent, send, write the answer.

A worker is a thread with a connection of its own. Nobody holds a transaction while a server thinks. What a killed worker
leaves behind is at most one letter of which nobody knows whether it left.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from socket import gethostname
from time import sleep
from uuid import uuid4

from publisher import disk
from publisher.actions.publication import Line, Now, Publication, Relay
from publisher.core.errors import AddressError, HeaderError, PublisherError, RelayDown, TemplateBroken
from publisher.core.ledger import Delivery
from publisher.core.letter import Draft, Mould, Sender
from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer, Outcome, outcome
from publisher.core.token import CONFIRM_DAYS, mac, sign
from publisher.disk.lock import Lock

BATCH = 100
RENEW_SECONDS = 10
_ON_THE_SPOT = 2
"""How often one letter is tried on a fresh connection at once."""
_RECORD_TRIES = 6
"""How often it is tried to write an answer down, a second apart: unwritten, the letter would be in doubt."""
_LATER = timedelta(minutes=5)
"""After that it waits, uncounted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one run through the outbox did, in letters by their new state."""

    counts: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    """Taken over from a sender that died."""
    is_down: bool = False
    """No mail server took letters."""


def drain(publication: Publication, now: Now, stop: threading.Event) -> Drained:
    """Send everything that is due, until nothing is or `stop` is set; the letter at hand is finished first."""
    if publication.relay is None or publication.sender is None:
        return Drained()
    with _ownership(publication) as owner:
        in_doubt = _recover(publication, now())
        worker = _Run(publication, publication.sender, publication.relay, owner, now, stop)
        try:
            worker.run()
        finally:
            with publication.storage.write() as tx:
                tx.deliveries.release(owner)
                finished = tx.editions.finish()
    for edition in finished:
        publication.log.info("edition.finished", edition=edition)
    return Drained(counts=worker.counts, in_doubt=in_doubt, is_down=worker.is_down)


@contextmanager
def _ownership(publication: Publication) -> Iterator[str]:
    """A name for this run, and a lock that tells others on this host that it is alive."""
    run = uuid4().hex
    lock = Lock(publication.folders.state / "senders" / run)
    lock.acquire()
    try:
        yield f"{_here(publication)}:{run}"
    finally:
        lock.release()
        lock.path.unlink(missing_ok=True)


def _here(publication: Publication) -> str:
    """This host and this site's folder: whose locks can be looked at."""
    path = publication.folders.state / "sender-id"
    if not disk.read_text(path):
        disk.write(path, f"{uuid4().hex[:16]}\n".encode())
    return f"{gethostname()}/{(disk.read_text(path) or '').strip()}"


def _recover(publication: Publication, now: datetime) -> int:
    """Take over what senders left behind that are dead: at once on this host, when their lease runs out elsewhere."""
    folder, here = publication.folders.state / "senders", _here(publication)
    with publication.storage.write() as tx:
        owners = [owner.rpartition(":") for owner in tx.deliveries.owners()]
        dead = [f"{host}:{run}" for host, _, run in owners if host == here and not Lock(folder / run).is_held()]
        in_doubt = tx.deliveries.recover(dead, policy=publication.rules.uncertain, now=now)
    for _, _, run in owners:
        if not Lock(folder / run).is_held():
            (folder / run).unlink(missing_ok=True)
    if in_doubt:
        publication.log.warning("letters.uncertain", count=in_doubt, policy=publication.rules.uncertain)
    return in_doubt


class _Run:
    """One run through the outbox, with as many workers as the owner allows connections."""

    def __init__(
        self, publication: Publication, sender: Sender, relay: Relay, owner: str, now: Now, stop: threading.Event
    ) -> None:
        self._publication, self._sender, self._relay = publication, sender, relay
        self._owner, self._now = owner, now
        self._moulds = _Moulds(publication, sender)
        self._stop, self._is_over = stop, threading.Event()
        self._down: PublisherError | None = None
        self.is_down = False
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        renewer = threading.Thread(target=self._renew, name="lease", daemon=True)
        renewer.start()
        try:
            while not self._must_stop() and (batch := self._claim()):
                self._send_all(batch)
        finally:
            self._is_over.set()
            renewer.join()
        if self._down:
            self.is_down = True
            event = "relay.down" if isinstance(self._down, RelayDown) else "sending.stopped"
            self._publication.log.error(event, reason=str(self._down))

    def _claim(self) -> list[Delivery]:
        with self._publication.storage.write() as tx:
            tx.editions.start()
            return tx.deliveries.claim(self._owner, BATCH, self._now())

    def _send_all(self, batch: list[Delivery]) -> None:
        todo: SimpleQueue[Delivery] = SimpleQueue()
        for delivery in batch:
            todo.put(delivery)
        workers = min(self._publication.rules.connections, len(batch))
        with ThreadPoolExecutor(workers, thread_name_prefix="sender") as pool:
            for done in [pool.submit(self._work, todo) for _ in range(workers)]:
                done.result()

    def _work(self, todo: "SimpleQueue[Delivery]") -> None:
        line = _Reconnecting(self._relay)
        try:
            while not self._must_stop():
                self._deliver(todo.get_nowait(), line)
        except Empty:
            pass
        except PublisherError as error:
            self._down = error
        finally:
            line.close()

    def _deliver(self, delivery: Delivery, line: "_Reconnecting") -> None:
        line.open()  # before the intent: a server that is down leaves nothing in doubt
        with self._publication.storage.write() as tx:
            if not tx.deliveries.intend(delivery, self._owner, self._now()):
                return
        try:
            answer = self._attempt(self._moulds.fill(delivery), line)
        except (AddressError, HeaderError) as error:
            answer = Answer(stage="rcpt", reply=Reply(code=553, enhanced="5.6.0", text=str(error)))
        except TemplateBroken as error:
            self._publication.log.error("template.broken", reason=str(error))
            answer = Answer(stage="connect", reply=Reply(code=451, enhanced=None, text=str(error)))
        self._record(delivery, answer)

    def _attempt(self, envelope: Envelope, line: "_Reconnecting") -> Answer:
        """A connection that was closed before the letter began is no fault of the letter's."""
        for _ in range(_ON_THE_SPOT):
            answer = line.send(envelope)
            if not _is_spent(answer) or answer.stage == "data":
                break
        return answer

    def _record(self, delivery: Delivery, answer: Answer) -> None:
        publication, now = self._publication, self._now()
        found = outcome(
            answer,
            attempts=delivery.attempts + 1,
            first_attempt_at=delivery.first_attempt_at or now,
            now=now,
            jitter=int(mac(self._sender.keys, "jitter", f"{delivery.key}:{delivery.attempts}")[:4], 16) / 0xFFFF,
        )
        if found.state == "pending":
            found = Outcome(state="pending", next_attempt_at=now + _LATER, fault=found.fault)
        reply = str(answer.reply) if answer.reply else "the connection broke"
        for patience in reversed(range(_RECORD_TRIES)):
            try:
                with publication.storage.write() as tx:
                    is_ours = tx.deliveries.record(
                        delivery, self._owner, found, reply, publication.rules.uncertain, now
                    )
                    if is_ours and found.fault == "recipient":
                        tx.suppressions.add(delivery.address, "bounced", reply, now)
                break
            except PublisherError:
                if not patience:
                    raise
                sleep(1)
        if is_ours:
            self.counts[found.state] += 1
            self._tell(delivery, found, answer.reply)

    def _tell(self, delivery: Delivery, found: Outcome, reply: Reply | None) -> None:
        """The text of a reply often repeats the address, so only its codes are told aloud."""
        log = self._publication.log
        codes = f"{reply.code} {reply.enhanced or ''}".strip() if reply else "none"
        log.debug("letter.address", letter=delivery.key, address=delivery.address, text=reply.text if reply else "")
        if found.state == "sent":
            log.info("letter.sent", letter=delivery.key, reply=codes)
        else:
            log.warning("letter.not_sent", letter=delivery.key, state=found.state, fault=found.fault, reply=codes)

    def _must_stop(self) -> bool:
        return self._stop.is_set() or self._is_over.is_set() or self._down is not None

    def _renew(self) -> None:
        """Keep the leases while a slow server thinks; without them, somebody else would send the same letters."""
        while not self._is_over.wait(RENEW_SECONDS):
            with suppress(PublisherError), self._publication.storage.write() as tx:
                tx.deliveries.renew(self._owner)


class _Reconnecting:
    """A line that is opened when it is needed, and anew when it broke."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._line: Line | None = None

    def open(self) -> Line:
        if self._line is None:
            self._line = self._relay.connect()
        return self._line

    def send(self, envelope: Envelope) -> Answer:
        try:
            answer = self.open().send(envelope)
        except PublisherError as error:
            return Answer(stage="connect", reply=Reply(code=421, enhanced=None, text=str(error)))
        if _is_spent(answer):
            self.close()
        return answer

    def close(self) -> None:
        if self._line:
            self._line.close()
            self._line = None


def _is_spent(answer: Answer) -> bool:
    """Whether the connection is of no more use."""
    return answer.reply is None or answer.reply.code == 421


class _Moulds:
    """The letters of a run, each made once: an edition for all its readers, a confirm letter for its one."""

    def __init__(self, publication: Publication, sender: Sender) -> None:
        self._publication, self._sender = publication, sender
        self._editions: dict[int, Mould] = {}
        self._lock = threading.Lock()

    def fill(self, delivery: Delivery) -> Envelope:
        mould = self._edition(delivery.edition) if delivery.edition else Mould(self._sender, self._draft(delivery))
        return mould.fill(
            to=delivery.address, handle=delivery.handle, delivery_key=delivery.key, delivery_id=delivery.id
        )

    def _edition(self, number: int) -> Mould:
        with self._lock:
            if number not in self._editions:
                with self._publication.storage.read() as tx:
                    edition = tx.editions.get(number)
                assert edition is not None, "a delivery's edition"
                draft = Draft(
                    subject=edition.subject,
                    html=edition.html,
                    text=edition.text,
                    at=edition.frozen_at,
                    feedback_id=f"{number}:digest:publisher:{self._sender.host}",
                    is_bulk=True,
                )
                self._editions[number] = Mould(self._sender, draft)
            return self._editions[number]

    def _draft(self, delivery: Delivery) -> Draft:
        site, templates, keys = self._publication.site, self._publication.templates, self._publication.keys
        if delivery.kind == "confirm":
            token = sign(keys, "confirm", delivery.handle, delivery.created_at)
            subject = f"Please confirm: new posts from {site.title}"
            values: dict[str, object] = {"confirm_url": f"{site.service_url}/confirm/{token}", "days": CONFIRM_DAYS}
        else:
            subject = f"You already get {site.title} by email"
            values = {"leave_url": self._sender.leave_url(delivery.handle)}
        return Draft(
            subject=subject,
            html=templates.letter_html(f"letter/{delivery.kind}.html", **values),
            text=templates.letter_text(f"letter/{delivery.kind}.txt", **values),
            at=delivery.created_at,
            feedback_id=f"0:{delivery.kind}:publisher:{self._sender.host}",
            is_bulk=False,
        )

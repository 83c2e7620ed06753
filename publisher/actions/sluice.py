"""What lets letters through, and how fast: relays in their order, their rates, and what single domains bear.

All of it is kept in the database, so that neither a restart nor a second sender forgets it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from publisher.actions.publication import Now, Publication, Relay
from publisher.core.ledger import Delivery
from publisher.core.limits import Limit, grant, shut
from publisher.core.retry import Answer, Outcome
from publisher.smtp.switchboard import OpenLine, Opens
from publisher.storage import Transaction

_WORTH_WAITING = timedelta(seconds=60)
LONGEST_SECONDS = 0.5
"""Between two looks at whether to stop."""


class Sluice:
    def __init__(self, publication: Publication, now: Now) -> None:
        self._publication, self._now = publication, now
        self._relays = sorted(publication.relays, key=lambda relay: relay.preference)
        self._failed: set[str] = set()
        """Relays that did not answer in this run."""
        self._shut_domains: dict[str, datetime] = {}
        """In this run, by the names of their limits, and until when."""
        self._began_at = now()
        self._free_at: dict[Relay, float] = {}
        """When a relay's rate lets the next letter go, by `time.monotonic`."""
        self._due_at: datetime | None = None
        """When the first letter is due, after a look that found none to be."""
        self._to_write: dict[str, str] = {}
        """Why relays are shut, by the names of their limits, where the database does not know it yet."""
        self.put_off = 0
        self.trouble = ""
        with publication.storage.read() as tx:
            found = tx.limits.all()
        self._shut_before = {limit.name for limit in found if limit.shut_until and limit.shut_until > self._began_at}
        self._in_trouble = {limit.name for limit in found if limit.refusals}

    # -- relays

    def relays(self) -> list[Relay]:
        """Those that may be asked, of the lowest preference of all that are known to answer; if none is known, of any."""
        left = [relay for relay in self._relays if relay.name not in self._failed]
        good = [relay for relay in left if _of_relay(relay) not in self._shut_before] or left
        return [relay for relay in good if relay.preference == good[0].preference]

    def relay_of(self, opens: Opens) -> Relay:
        return next(relay for relay in self._relays if relay is opens)

    def is_shut(self, relay: Relay) -> bool:
        return relay.name in self._failed

    def shut_relay(self, relay: Relay, reason: str) -> None:
        """It is asked no more in this run, and after the others for a while."""
        self._give_up(relay, reason)
        self._to_write[_of_relay(relay)] = reason

    def write_down(self, tx: Transaction, now: datetime) -> None:
        """What became of relays since the last time; a transaction that fails may lose it, which costs a try at most."""
        while self._to_write:
            self._shut(tx, *self._to_write.popitem(), now)

    def _give_up(self, relay: Relay, reason: str) -> None:
        self._failed.add(relay.name)
        self.trouble = reason
        if self.relays():  # else the whole run ends, and says so
            self._publication.log.warning("relay.shut", relay=relay.name, reason=reason)

    # -- rates

    def granted(self, tx: Transaction, idle: Sequence[tuple[OpenLine, Relay]]) -> list[OpenLine]:
        """The lines that may have a letter now."""
        idle = [(line, relay) for line, relay in idle if not self.is_shut(relay)]
        lines = [line for line, relay in idle if relay.rate is None]
        for relay in self._relays:
            if relay.rate and (waiting := [line for line, each in idle if each is relay]):
                name = _of_relay(relay)
                limit = tx.limits.read([name], self._now()).get(name) or Limit(name=name)
                found = grant(relay.rate, free_at_ms=limit.free_at_ms, now_ms=tx.limits.now_ms(), wanted=len(waiting))
                if found.letters:
                    tx.limits.put(replace(limit, free_at_ms=found.free_at_ms))
                self._free_at[relay] = monotonic() + found.wait_ms / 1000
                lines += waiting[: found.letters]
        return lines

    def is_waiting(self, relay: Relay) -> bool:
        """Whether its rate lets none go at the moment."""
        return self._free_at.get(relay, 0) > monotonic()

    def wait_seconds(self) -> float:
        """How long until the next letter may leave that a limit keeps back, or until it is time to look at `stop` again."""
        now = monotonic()
        waits = [at - now for at in self._free_at.values() if at > now]
        if self._due_at:
            waits.append((self._due_at - self._now()).total_seconds())
        return max(0.001, min([*waits, LONGEST_SECONDS]))

    # -- domains

    def sifted(self, tx: Transaction, owner: str, claimed: Sequence[Delivery], now: datetime) -> list[Delivery]:
        """Those that may leave. The others are put off: until their domain is open again, or until its rate has room."""
        rates = self._publication.rules.domain_limits
        domains = {delivery.id: _domain(delivery.address) for delivery in claimed}
        limits = tx.limits.read([_of_domain(domain) for domain in {*domains.values()} & rates.keys()], now)
        if not limits and rates.keys().isdisjoint(domains.values()):
            return [*claimed]
        now_ms = tx.limits.now_ms()
        kept: list[Delivery] = []
        until: dict[int, datetime] = {}
        for delivery in claimed:
            domain = domains[delivery.id]
            limit = limits.get(_of_domain(domain)) or Limit(name=_of_domain(domain))
            if limit.shut_until and limit.shut_until > now:
                until[delivery.id] = limit.shut_until
            elif domain not in rates:
                kept.append(delivery)
            elif delivery.edition is None:  # somebody waits for it; the others wait a little longer
                at_ms = max(limit.free_at_ms, now_ms) + round(rates[domain].interval_ms)
                limits[limit.name] = replace(limit, free_at_ms=at_ms)
                kept.append(delivery)
            elif (found := grant(rates[domain], free_at_ms=limit.free_at_ms, now_ms=now_ms, wanted=1)).letters:
                limits[limit.name] = replace(limit, free_at_ms=found.free_at_ms)
                kept.append(delivery)
            else:
                booked = max(limit.booked_to_ms, limit.free_at_ms) + round(rates[domain].interval_ms)
                limits[limit.name] = replace(limit, booked_to_ms=booked)
                until[delivery.id] = now + timedelta(milliseconds=booked - now_ms)
        for limit in limits.values():
            if limit.name.removeprefix("domain:") in rates:
                tx.limits.put(limit)
        self._put_off(tx, owner, until)
        return kept

    def withdrawn(self, tx: Transaction, owner: str, sifted: Sequence[Delivery], now: datetime) -> set[int]:
        """Of letters that might have left, by their ids, those whose domain has been shut since: they are put off too."""
        shut = {delivery.id: self._shut_domains.get(_of_domain(_domain(delivery.address)), now) for delivery in sifted}
        until = {number: at for number, at in shut.items() if at > now}
        self._put_off(tx, owner, until)
        return {*until}

    def look_ahead(self, tx: Transaction) -> None:
        """Nothing is due: find out when something is, if that was put off."""
        self._due_at = tx.deliveries.next_due_at() if self.put_off else None

    def is_time_to_look(self) -> bool:
        """Whether some that were put off are due."""
        return self._due_at is not None and self._due_at <= self._now()

    def is_worth_waiting(self) -> bool:
        """For letters that are due soon, unless the clock stands still."""
        now = self._now()
        return self._due_at is not None and self._due_at - now < _WORTH_WAITING and now != self._began_at

    def _put_off(self, tx: Transaction, owner: str, until: dict[int, datetime]) -> None:
        if until:
            tx.deliveries.put_off(until, owner)
            self.put_off += len(until)

    # -- what answers say about us

    def note(
        self, tx: Transaction, relay: Relay | None, address: str, answer: Answer, found: Outcome, now: datetime
    ) -> None:
        """A refusal for reasons of policy is about us: whoever says so is left alone for a while, and no address suffers."""
        domain = _domain(address)
        if found.state == "sent":
            for name in self._in_trouble & {_of_domain(domain), _of_relay(relay) if relay else ""}:
                self._forgive(tx, name, now)
        elif found.fault == "ours" and answer.stage == "mail" and relay and relay.name not in self._failed:
            reason = f"the mail server {relay.name} answers {answer.reply}"
            self._give_up(relay, reason)
            self._shut(tx, _of_relay(relay), reason, now)
        elif found.fault == "ours" and answer.stage in ("rcpt", "data"):
            self._shut_domains[_of_domain(domain)] = self._shut(tx, _of_domain(domain), str(answer.reply), now)
            self._publication.log.error("domain.shut", domain=domain, reply=answer.reply.code if answer.reply else 0)

    def _shut(self, tx: Transaction, name: str, reason: str, now: datetime) -> datetime:
        """Returns until when."""
        limit = tx.limits.read([name], now).get(name) or Limit(name=name)
        if limit.shut_until and limit.shut_until > now:
            return limit.shut_until  # others that were under way say the same
        self._in_trouble.add(name)
        refusals = limit.refusals + 1
        until = shut(refusals, now)
        tx.limits.put(replace(limit, refusals=refusals, shut_until=until, reason=reason))
        return until

    def _forgive(self, tx: Transaction, name: str, now: datetime) -> None:
        self._in_trouble.discard(name)
        if limit := tx.limits.read([name], now).get(name):
            tx.limits.put(replace(limit, refusals=0, shut_until=None, reason=""))


def _of_relay(relay: Relay) -> str:
    return f"relay:{relay.name}"


def _of_domain(domain: str) -> str:
    return f"domain:{domain}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()

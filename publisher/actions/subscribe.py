"""Joining, confirming, leaving and coming back: whoever asks, by whatever door.

What a stranger can see is the same for every address; only the letter differs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from publisher.actions.publication import Publication
from publisher.core.address import address_key, normalise
from publisher.core.errors import PublisherError, TokenError
from publisher.core.subscription import Subscriber, Suppression
from publisher.core.token import CONFIRM_DAYS, mac, read_fixed_token, read_signed, sign

LETTER_EVERY = timedelta(days=1)
"""Nobody gets more than one confirm letter a day, however often somebody types their address."""


class MailIsOff(PublisherError):
    """No letter could leave, so nobody can sign up."""


def sign_up(publication: Publication, address: str, handle: str, now: datetime) -> str:
    """Ask for the digest; returns the normalised address. Raises AddressError or MailIsOff.

    `handle`: 16 random hex digits, for the subscriber if it is a new one.
    """
    address = normalise(address)
    if publication.sender is None:
        raise MailIsOff("sign-up by email is switched off here, since no mail server is set up (PUBLISHER_SMTP_HOST)")
    with publication.storage.write() as tx:
        subscriber = tx.subscribers.add(address, handle, "form", now)
        kind: Literal["confirm", "already"] = "confirm" if subscriber.standing in ("pending", "gone") else "already"
        last_at = tx.deliveries.last_created_at(subscriber.id, ("confirm", "already"))
        is_due = last_at is None or now - last_at >= LETTER_EVERY or last_at > now
        if is_due and not tx.suppressions.find(address):
            number = tx.deliveries.count_of(subscriber.id, kind) + 1
            tx.deliveries.add(f"{kind}:{subscriber.id}:{number}", kind, subscriber.id, now)
            tx.subscribers.renew(subscriber, now)
        tx.queue.wake("letter", 1)
    return address


def browser_proof(publication: Publication, address: str, now: datetime) -> str:
    """What the browser that signed up keeps in a cookie: of the same length and look for every address."""
    return sign(publication.keys, "browser", _digest(publication, address), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a confirm link is worth."""

    subscriber: Subscriber
    is_same_browser: bool
    """The link was opened where the address was typed."""


def read_confirmation(publication: Publication, token: str, proof: str | None, now: datetime) -> Confirmation:
    """Whose link this is; changes nothing. Raises TokenError for one that is forged, expired or whose reader is forgotten."""
    age = timedelta(days=CONFIRM_DAYS)
    handle = read_signed(publication.keys, "confirm", token, now, age)
    with publication.storage.read() as tx:
        subscriber = tx.subscribers.by_handle(handle)
    if subscriber is None:
        raise TokenError("this sign-up was forgotten, since nobody confirmed it in time", is_expired=True)
    return Confirmation(
        subscriber=subscriber, is_same_browser=_is_same_browser(publication, subscriber.address, proof, now, age)
    )


def confirm(publication: Publication, subscriber: Subscriber, now: datetime) -> datetime:
    """From now on the digest is theirs; returns when the next one may come. Safe to repeat."""
    next_due_at = publication.rules.slots.first_after(now, subscriber.last_letter_at)
    with publication.storage.write() as tx:
        found = tx.subscribers.by_id(subscriber.id)
        if found is None:
            raise TokenError("this sign-up was forgotten, since nobody confirmed it in time", is_expired=True)
        welcome = tx.releases.last(publication.rules.welcome_posts)
        is_new = tx.subscribers.confirm(
            found, newest=tx.releases.newest(), welcome=welcome, next_due_at=next_due_at, now=now
        )
    if is_new:
        publication.log.info("subscriber.confirmed", subscriber=subscriber.id)
    return next_due_at


def reader_of(publication: Publication, token: str) -> Subscriber:
    """Whose letters carry this token; changes nothing. Raises TokenError."""
    handle = read_fixed_token(publication.keys, "leave", token)
    with publication.storage.read() as tx:
        subscriber = tx.subscribers.by_handle(handle)
    if subscriber is None:
        raise TokenError("nobody with this link gets mail from here any more")
    return subscriber


def leave(publication: Publication, subscriber: Subscriber, now: datetime) -> None:
    """No more letters. Safe to repeat."""
    with publication.storage.write() as tx:
        is_new = tx.subscribers.leave(subscriber, now)
    if is_new:
        publication.log.info("subscriber.left", subscriber=subscriber.id)


def undo_leave(publication: Publication, subscriber: Subscriber, now: datetime) -> None:
    """As if they had never left: what came out meanwhile is owed. Safe to repeat."""
    next_due_at = publication.rules.slots.first_after(now, subscriber.last_letter_at)
    with publication.storage.write() as tx:
        is_new = tx.subscribers.undo_leave(subscriber, next_due_at)
    if is_new:
        publication.log.info("subscriber.returned", subscriber=subscriber.id)


def find(publication: Publication, address: str) -> Subscriber:
    """The subscriber with this address; raises PublisherError where there is none."""
    with publication.storage.read() as tx:
        subscriber = tx.subscribers.by_address(address.strip())
    if subscriber is None:
        raise PublisherError(f"{address} is no subscriber")
    return subscriber


def everybody(publication: Publication) -> list[Subscriber]:
    """In the order of their coming."""
    with publication.storage.read() as tx:
        return list(tx.subscribers.all())


def suppression(publication: Publication, subscriber: Subscriber) -> Suppression | None:
    """Why mail to this address is stopped, where it is."""
    with publication.storage.read() as tx:
        return tx.suppressions.find(subscriber.address)


def add(publication: Publication, address: str, handle: str, now: datetime) -> bool:
    """The owner adds a reader who asked for it: active at once, without a letter. An existing reader stays as they are."""
    address = normalise(address)
    with publication.storage.write() as tx:
        if tx.suppressions.find(address):
            raise PublisherError(f"{address} is suppressed: mail to it came back, or somebody complained")
        if tx.subscribers.by_address(address):
            return False
        subscriber = tx.subscribers.add(address, handle, "owner", now)
        due_at = publication.rules.slots.first_after(now)
        tx.subscribers.confirm(subscriber, newest=tx.releases.newest(), welcome=(), next_due_at=due_at, now=now)
    return True


def forget_unconfirmed(publication: Publication, now: datetime) -> int:
    """Delete those who never confirmed, when their link is no more good."""
    with publication.storage.write() as tx:
        return tx.subscribers.forget_unconfirmed(now - timedelta(days=CONFIRM_DAYS))


def _is_same_browser(
    publication: Publication, address: str, proof: str | None, now: datetime, max_age: timedelta
) -> bool:
    try:
        return read_signed(publication.keys, "browser", proof or "", now, max_age) == _digest(publication, address)
    except TokenError:
        return False


def _digest(publication: Publication, address: str) -> str:
    """Says nothing about the address to whoever reads the cookie."""
    return mac(publication.keys, "browser", address_key(address))[:32]

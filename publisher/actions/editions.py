"""The owner's view of editions, and the owner's word on them."""

from dataclasses import dataclass
from datetime import datetime

from publisher.actions.publication import Publication
from publisher.core.errors import PublisherError
from publisher.core.ledger import DeliveryState, Edition
from publisher.storage import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    edition: Edition
    posts: list[str]
    tally: dict[DeliveryState, int]


def overview(publication: Publication) -> list[EditionView]:
    """All editions, the newest first."""
    with publication.storage.read() as tx:
        return [_view(tx, edition) for edition in tx.editions.all()]


def view(publication: Publication, number: int) -> EditionView:
    with publication.storage.read() as tx:
        return _view(tx, _found(tx, number))


def held(publication: Publication) -> list[int]:
    """The numbers of the editions that wait for the owner's word."""
    with publication.storage.read() as tx:
        return tx.editions.held()


def approve(publication: Publication, number: int, now: datetime) -> None:
    """A held edition may leave. After a restored backup, this also ends the holding of new ones."""
    with publication.storage.write() as tx:
        if not tx.editions.approve(number, now=now, next_due_at=publication.rules.slots.first_after(now)):
            raise PublisherError(f"edition {number} is {_found(tx, number).state}, only a held one can be approved")
        tx.marks.remove("restored")


def cancel(publication: Publication, number: int, *, is_owed_again: bool, now: datetime) -> int:
    """Stop what has not left; returns how many letters."""
    with publication.storage.write() as tx:
        state = _found(tx, number).state
        if state not in ("held", "frozen", "sending"):
            raise PublisherError(f"edition {number} is {state}, there is nothing left to cancel")
        return tx.editions.cancel(number, is_owed_again=is_owed_again, now=now)


def retry(publication: Publication, number: int, now: datetime) -> int:
    """Those who did not get it are due at once; returns how many."""
    with publication.storage.write() as tx:
        _found(tx, number)
        return tx.editions.retry(number, now)


def _view(tx: Transaction, edition: Edition) -> EditionView:
    return EditionView(
        edition=edition, posts=tx.editions.posts(edition.number), tally=tx.editions.tally(edition.number)
    )


def _found(tx: Transaction, number: int) -> Edition:
    edition = tx.editions.get(number)
    if edition is None:
        raise PublisherError(f"there is no edition {number}, publisher editions list shows those there are")
    return edition

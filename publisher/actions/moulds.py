"""The letters of a run, each made once: an edition for all its readers, a confirm letter for its one."""

from publisher.actions.publication import Publication
from publisher.core.ledger import Delivery
from publisher.core.letter import Draft, Mould, Sender
from publisher.core.model import Envelope
from publisher.core.token import CONFIRM_DAYS, sign
from publisher.storage import Transaction

_MOST = 8
"""So many editions leave at a time; a mould is as large as a letter."""


class Moulds:
    """Those of the editions that leave at the moment."""

    def __init__(self, publication: Publication, sender: Sender) -> None:
        self._publication, self._sender = publication, sender
        self._editions: dict[int, Mould] = {}

    def make(self, tx: Transaction, numbers: set[int]) -> None:
        """Those of these editions, before their letters are filled: nobody then has to wait for the database."""
        for number in numbers - self._editions.keys():
            if len(self._editions) >= _MOST:
                self._editions.pop(next(iter(self._editions)))
            self._editions[number] = self._edition(tx, number)

    def fill(self, delivery: Delivery) -> Envelope:
        return self._mould(delivery).fill(
            to=delivery.address, handle=delivery.handle, delivery_key=delivery.key, delivery_id=delivery.id
        )

    def _mould(self, delivery: Delivery) -> Mould:
        number = delivery.edition
        if number is None:
            return Mould(self._sender, self._draft(delivery))
        if found := self._editions.get(number):
            return found
        with self._publication.storage.read() as tx:  # others have taken its place since
            return self._edition(tx, number)

    def _edition(self, tx: Transaction, number: int) -> Mould:
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
        return Mould(self._sender, draft)

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

"""What became of one post for one reader."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from publisher.core.address import address_key
from publisher.core.ledger import OPEN, PostState
from publisher.core.subscription import Subscriber
from publisher.core.why import History, Tracked
from publisher.storage.schema import arrears, deliveries, edition_items, editions, posts, releases, subscribers
from publisher.storage.suppressions import Suppressions

_READER = [field.name for field in fields(Subscriber)]
_POST = [field.name for field in fields(PostState)]
_LETTER = (
    deliveries.c.edition,
    editions.c.state.label("edition_state"),
    editions.c.held_because,
    deliveries.c.state,
    deliveries.c.address,
    deliveries.c.attempts,
    deliveries.c.doubts,
    deliveries.c.next_attempt_at,
    deliveries.c.finished_at,
    deliveries.c.last_reply,
    deliveries.c.relay,
)


class Histories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, address: str, post: str | None) -> History:
        """`post` is the key; None for one that was never public."""
        known = select(*(posts.c[name] for name in _POST)).where(posts.c.key == post)
        released = select(func.min(releases.c.released_at)).where(releases.c.post == post)
        state = self._connection.execute(known).mappings().first()
        rows = self._place(address, post)
        letters = [
            (Tracked(**{column.name: row[column.name] for column in _LETTER}), row["holds_post"])
            for row in rows
            if row["edition"] is not None
        ]
        return History(
            subscriber=Subscriber(**{name: rows[0][f"reader_{name}"] for name in _READER}) if rows else None,
            suppression=Suppressions(self._connection).find(address),
            post=PostState(**state) if state else None,
            released_at=self._connection.execute(released).scalar(),
            is_in_arrears=any(row["is_in_arrears"] for row in rows),
            letters=tuple(letter for letter, holds_post in letters if holds_post),
            in_front=next((letter for letter, holds_post in letters if not holds_post), None),
        )

    def _place(self, address: str, post: str | None) -> list[Any]:
        """The reader, once for each letter, in one query: so that a post which moves meanwhile is seen in one place."""
        numbers = select(releases.c.number).where(releases.c.post == post)
        holds_post = exists().where(
            edition_items.c.edition == deliveries.c.edition, edition_items.c.number.in_(numbers)
        )
        owed = exists().where(arrears.c.subscriber == subscribers.c.id, arrears.c.number.in_(numbers))
        is_open = and_(deliveries.c.state.in_(OPEN), deliveries.c.edition.is_not(None))
        query = (
            select(
                *(subscribers.c[name].label(f"reader_{name}") for name in _READER),
                *_LETTER,
                holds_post.label("holds_post"),
                owed.label("is_in_arrears"),
            )
            .select_from(subscribers)
            .outerjoin(deliveries, and_(deliveries.c.subscriber == subscribers.c.id, or_(holds_post, is_open)))
            .outerjoin(editions, editions.c.number == deliveries.c.edition)
            .where(subscribers.c.address_key == address_key(address))
            .order_by(deliveries.c.id)
        )
        return [*self._connection.execute(query).mappings()]

"""Give numbers to the posts whose hold has passed."""

from datetime import datetime

from publisher.actions.publication import Publication
from publisher.core.ledger import Release, releasable
from publisher.core.library import Library


def release_due(publication: Publication, library: Library, now: datetime) -> list[Release]:
    """In the order of their publication, so that a digest tells them in that order."""
    order = {post.key: (post.entry.published_at, post.key) for post in library.placed}
    with publication.storage.write() as tx:
        tx.releases.cut_to(now)
        due = releasable(tx.releases.states().values(), now, publication.rules.hold)
        due.sort(key=lambda state: order.get(state.key, (now, state.key)))
        released = [release for state in due if (release := tx.releases.give_number(state, now))]
    for release in released:
        publication.log.info("post.released", number=release.number, post=release.post)
    return released


def answer_waiting(publication: Publication, *, is_history: bool) -> list[str]:
    """The owner's word on posts that came in a burst; returns their keys."""
    with publication.storage.write() as tx:
        return tx.releases.answer_waiting(is_history=is_history)

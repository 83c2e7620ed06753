"""Tell the ledger which posts are public."""

from datetime import datetime

from publisher.actions.publication import Publication
from publisher.actions.survey import Survey
from publisher.core.ledger import Seen, scanned


def scan(publication: Publication, survey: Survey, now: datetime) -> None:
    """The first scan is the baseline: what is there now is mailed to nobody.

    Without the id register a post that was renamed since looks like a new one, so that new ones wait for the owner's word.
    """
    with publication.storage.write() as tx:
        is_first = tx.marks.get("baseline_at") is None
        known = tx.releases.states()
        is_lost = survey.is_register_lost and bool(known)
        seen = [
            Seen(
                key=post.key,
                fingerprint=post.content_hash,
                is_mailable=post.entry.mail,
                is_doubtful=post.is_doubtful or is_lost,
            )
            for post in survey.library.placed
        ]
        changed = scanned(known, seen, now, is_first=is_first, burst=publication.rules.release_burst)
        tx.releases.put_states(changed)
        if is_first:
            tx.marks.put("baseline_at", now.isoformat())
    waiting = sum(state.is_waiting for state in changed)
    if waiting:
        publication.log.warning(
            "posts.waiting", count=waiting, mend="publisher release, or publisher release --history"
        )

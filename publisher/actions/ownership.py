"""Who holds which letters: a name for each sender, and what becomes of the letters of one that died."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from socket import gethostname
from uuid import uuid4

from publisher import disk
from publisher.actions.highwater import hold_if_behind
from publisher.actions.publication import Publication
from publisher.disk.lock import Lock


@contextmanager
def owned(publication: Publication) -> Iterator[str]:
    """A name for this run, and a lock that tells others on this host that it is alive."""
    run = uuid4().hex
    lock = Lock(publication.folders.state / "senders" / run)
    lock.acquire(patience_seconds=5)  # somebody may just look whether it is held
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


def recover(publication: Publication, now: datetime) -> int:
    """Take over what senders left behind that are dead: at once on this host, when their lease runs out elsewhere.

    Before that, a database that is older than what has left here stops, whoever is the first to look at it.
    """
    folder, here = publication.folders.state / "senders", _here(publication)
    with publication.storage.write() as tx:
        hold_if_behind(publication, tx)
        owners = [owner.rpartition(":") for owner in tx.deliveries.owners()]
        neighbours = {run: Lock(folder / run).is_held() for host, _, run in owners if host == here}
        dead, alive = (
            [f"{here}:{run}" for run, lives in neighbours.items() if lives is asked] for asked in (False, True)
        )
        in_doubt = tx.deliveries.recover(dead, alive, policy=publication.rules.uncertain, now=now)
    for _, _, run in owners:
        if not Lock(folder / run).is_held():
            (folder / run).unlink(missing_ok=True)
    if in_doubt:
        publication.log.warning("letters.uncertain", count=in_doubt, policy=publication.rules.uncertain)
    return in_doubt

"""What the owner sees of the outbox, counted on both databases."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.actions.compose import compose
from publisher.actions.publication import Publication
from publisher.actions.release import release_due
from publisher.actions.status import status
from publisher.actions.subscribe import add
from publisher.core.limits import Rate
from publisher.core.model import Envelope, Reply
from publisher.core.retry import Answer
from publisher.storage import Outbox, Storage
from publisher.storage.waiting import Trouble
from tests.storage.worlds import (
    ACCEPTED,
    BROKEN,
    BUSY,
    REFUSED,
    START,
    UNKNOWN,
    CuedRelay,
    library,
    post,
    publication,
    scan,
    send,
    with_rules,
)

EIGHT = START + timedelta(hours=8)
ANSWERS = {
    "busy": BUSY,
    "refused": REFUSED,
    "unknown": UNKNOWN,
    "broken": BROKEN,
    "policy": Answer(stage="rcpt", reply=Reply(code=550, enhanced="5.7.1", text="not\nfrom you")),
}
NAMES = ("ok", "busy", "refused", "unknown", "broken", "policy", "slow", "slower")


def cue(envelope: Envelope) -> Answer:
    return ANSWERS.get(envelope.rcpt_to.partition("@")[0], ACCEPTED)


@pytest.fixture
def site(storage: Storage, tmp_path: Path) -> Publication:
    """Eight readers, each at a domain of their own but for two at one that takes a letter an hour; their digest is frozen."""
    found = with_rules(
        publication(storage, tmp_path, CuedRelay(cue=cue)),
        domain_limits={"slow.org": Rate(letters=1, per=timedelta(hours=1))},
    )
    scan(found, library(post(0)), START)
    for n, name in enumerate(NAMES):
        add(found, f"{name}@{'slow' if 'slow' in name else name}.org", f"{n:016}", START)
    posts = library(post(0), post(1))
    for now in (START, EIGHT):
        scan(found, posts, now)
        release_due(found, posts.library, now)
    compose(found, posts.library, EIGHT)
    return found


def test_the_outbox_is_told_by_what_letters_wait_for(site: Publication, storage: Storage) -> None:
    with storage.read() as tx:
        assert (tx.waiting.due(EIGHT), tx.waiting.outbox(EIGHT)) == (8, Outbox(due=8))
    with storage.write() as tx:
        tx.editions.start()
        tx.deliveries.claim("somebody", 3, EIGHT)
    with storage.read() as tx:
        assert (tx.waiting.due(EIGHT), tx.waiting.outbox(EIGHT)) == (5, Outbox(due=5, leaving=3))
    with storage.write() as tx:
        tx.deliveries.release("somebody")
    send(site, EIGHT)
    with storage.read() as tx:
        found = tx.waiting.outbox(EIGHT)
        assert tx.waiting.due(EIGHT) == 0
        assert found.next_at is not None
        assert tx.waiting.due(found.next_at) >= 1
    assert (found.due, found.leaving, found.deferred, found.put_off, found.in_doubt) == (0, 0, 2, 2, 1)
    assert EIGHT < found.next_at <= EIGHT + timedelta(minutes=6)


def test_held_letters_are_not_due(site: Publication, storage: Storage) -> None:
    with storage.write() as tx:
        tx.editions.hold_all("restored")
    with storage.read() as tx:
        assert (tx.waiting.due(EIGHT), tx.waiting.outbox(EIGHT)) == (0, Outbox())
    assert status(site, EIGHT).held == {1: 8}


def test_answers_are_told_once_with_their_number_while_they_are_news(site: Publication, storage: Storage) -> None:
    send(site, EIGHT)
    with storage.read() as tx:
        assert {*tx.waiting.troubles(1, START)} == {
            Trouble(state="deferred", reply="451 4.3.0 later", count=1),
            Trouble(state="deferred", reply="550 5.7.1 not\nfrom you", count=1),
            Trouble(state="failed", reply="550 no", count=1),
            Trouble(state="failed", reply="550 5.1.1 no such user", count=1),
        }
        assert len(tx.waiting.troubles(1, START, limit=2)) == 2
        assert tx.waiting.troubles(None, START) == []
        assert tx.waiting.troubles(1, EIGHT + timedelta(days=1)) == []
        assert tx.waiting.suppressed(EIGHT) == {"bounced": 1}
        assert tx.waiting.suppressed(EIGHT + timedelta(seconds=1)) == {}


def test_the_status_tells_what_is_shut_and_what_is_in_doubt(site: Publication) -> None:
    send(site, EIGHT)
    found = status(site, EIGHT)
    (shut,) = found.shut
    assert (shut.name, shut.refusals, shut.shut_until) == ("domain:policy.org", 1, EIGHT + timedelta(minutes=5))
    assert found.in_doubt == 1
    assert found.letters == found.last_letters == Counter(sent=2, deferred=2, failed=2, pending=2)
    assert status(site, EIGHT + timedelta(minutes=5)).shut == []


def test_the_status_tells_of_posts_on_hold(site: Publication) -> None:
    scan(site, library(post(0), post(1), post(2), post(3, mail=False)), EIGHT)
    found = status(site, EIGHT)
    assert (found.on_hold, found.next_release_at, found.waiting) == (1, EIGHT + timedelta(hours=1), 0)

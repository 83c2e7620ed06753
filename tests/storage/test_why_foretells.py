"""What `publisher why` says comes true: random histories, told at their end, and then some calm days."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from publisher.actions.editions import cancel, overview
from publisher.actions.subscribe import find, leave, undo_leave
from publisher.core.why import Why
from publisher.storage import Storage
from tests.storage.test_why import ANN, BEN, TEN_PAST, World
from tests.storage.worlds import ACCEPTED, BUSY, REFUSED, START, CuedRelay, counted, post, publication, with_rules

DAY = timedelta(days=1)
COMES = {"ahead", "owed_again", "waiting", "deferred", "on_hold", "unseen", "behind_another"}
NEVER = {"history", "mail_false", "joined_later", "dropped", "withdrawn", "gone"}


def lived(world: World, random: Random) -> Iterator[datetime]:
    """Twenty things that may happen, some hours apart."""
    now, posts = TEN_PAST, [post(number, mail=number != 4) for number in range(1, 7)]
    for _ in range(20):
        now += timedelta(hours=random.randint(1, 15))
        world.answer(random.choice([ACCEPTED, ACCEPTED, BUSY, REFUSED]))
        match random.choice(["write", "write", "withdraw", "leave", "back", "anew", "cancel", "tick", "tick"]):
            case "write":
                new = random.choice(posts)
                world.posts = (*(piece for piece in world.posts if piece != new), new)
            case "withdraw" if random.choice(posts) in world.posts:
                world.withdraw(next(piece.number for piece in world.posts[::-1] if piece in posts))
            case "leave":
                leave(world.site, find(world.site, BEN), now)
            case "back":
                undo_leave(world.site, find(world.site, BEN), now)
            case "anew":
                world.join(BEN, now)
            case "cancel":
                world.tick(now, is_sent=False)
                number = overview(world.site)[0].edition.number if overview(world.site) else 0
                if number and overview(world.site)[0].edition.state in ("frozen", "sending"):
                    cancel(world.site, number, is_owed_again=random.random() < 0.5, now=now)
        world.tick(now, is_sent=random.random() < 0.8)
        yield now


@pytest.mark.parametrize("seed", range(12))
def test_what_it_says_comes_true(storage: Storage, tmp_path: Path, seed: int) -> None:
    relay = CuedRelay()
    world = World(with_rules(publication(storage, tmp_path, relay), welcome_posts=1), relay)
    world.posts = (post(0),)
    world.join(BEN, START)
    *_, now = lived(world, Random(seed))
    pairs = [(address, post(number)) for address in (ANN, BEN) for number in range(7)]
    told = {(address, piece): verdict(world, address, piece.key, now) for address, piece in pairs}
    for (address, piece), why in told.items():
        assert (why.case == "sent") == had(world, address, piece.number), (address, piece.key, why)
    world.answer(ACCEPTED)
    for days in range(1, 8):
        world.tick(now + days * DAY)
    for (address, piece), why in told.items():
        assert why.case in {"sent"} | COMES | NEVER
        comes = why.case == "sent" or (why.case in COMES and "Besides" not in why.text)
        assert had(world, address, piece.number) == comes, (address, piece.key, why)


def verdict(world: World, address: str, key: str, now: datetime) -> Why:
    """On a post that was never there, that it is not."""
    with world.site.storage.read() as tx:
        is_known = key in tx.releases.states()
    return world.why(now, key, address) if is_known else Why(case="withdrawn", text="")


def had(world: World, address: str, number: int) -> bool:
    return counted(world.relay.letters(address))[f"Headline-{number}"] > 0

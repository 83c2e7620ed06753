"""Bring a backup back. It knows nothing of what came after it, so that what it brings is held for the owner's word."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from publisher import disk
from publisher.actions.backup import HIGH_WATER, KEY, REGISTER, TABLES, Facts, key_on_disk, key_proof, put_aside
from publisher.actions.highwater import HIGH_WATER_NAME, high_water
from publisher.actions.publication import KEY_NAME, Publication
from publisher.core.errors import Busy, PublisherError
from publisher.core.identity import REGISTER_NAME, Register, joined, parse_register
from publisher.disk.archive import Archive
from publisher.disk.lock import Lock, locked
from publisher.storage import Transaction

_EDITIONS_EVERY = timedelta(minutes=1)
"""No site makes more, or not for long."""

KeyFate = Literal["same", "replaced", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    facts: Facts
    held: list[int]
    """The editions that wait for the owner's word."""
    cancelled: int
    """Letters outside any edition that will not leave."""
    put_aside: Path | None
    """The backup of what was there before."""
    key: KeyFate
    """Whether the links in letters that left before are still good: not so with another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A file that can be restored."""

    archive: Archive
    facts: Facts
    register: Register
    key: str
    """Or nothing."""
    high_water: int


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Read it to its end, and change nothing. Raises PublisherError where it is anything but a whole backup."""
    archive = Archive(path, files=(REGISTER, KEY, HIGH_WATER))
    try:
        yield _backup(archive)
    finally:
        archive.close()


def _backup(archive: Archive) -> Backup:
    try:
        facts, texts = Facts.of(archive.facts), {name: data.decode() for name, data in archive.files.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise PublisherError(f"{archive.path}: what it says of itself can't be used ({error})") from error
    for name in sorted(archive.names() - {REGISTER, KEY, HIGH_WATER}):
        if name.removeprefix(TABLES) not in facts.rows:
            raise PublisherError(f"{archive.path}: it holds {name!r}, which no backup has")
    return Backup(
        archive=archive,
        facts=facts,
        register=parse_register(texts.get(REGISTER, ""), f"{archive.path}: {REGISTER}"),
        key=texts.get(KEY, "").strip(),
        high_water=high_water(texts.get(HIGH_WATER)),
    )


def restore(publication: Publication, found: Backup, now: datetime, *, is_replacing: bool = False) -> Restored:
    """All or nothing. Raises Busy while anything is at work here, PublisherError where something here would be lost."""
    posts = publication.folders.posts
    key, new_key = _key(publication, found)
    with _alone(publication), publication.storage.write() as tx:
        here = parse_register(disk.read_text(posts / REGISTER_NAME) or "", f"{posts.name}/{REGISTER_NAME}")
        tx.copy.keep_others_out()
        _refuse_senders_elsewhere(publication, tx, now)
        aside = _make_room(publication, tx, now, is_other_key=key == "replaced", is_replacing=is_replacing)
        try:
            number = _load(publication, tx, found, now)
            held, cancelled = _hold(publication, tx, found.facts, now)
            _put_back(publication, joined(here, found.register), new_key, number)
        except BaseException:
            if aside:
                aside.unlink(missing_ok=True)
            raise
    return Restored(facts=found.facts, held=held, cancelled=cancelled, put_aside=aside, key=key)


def _key(publication: Publication, found: Backup) -> tuple[KeyFate, str | None]:
    """What becomes of the key, and the one to write into `var`."""
    keys, on_disk = publication.keys.keys, key_on_disk(publication)
    if any(key_proof(key) == found.facts.key_proof for key in keys):
        return "same", found.key if found.key == keys[0] and not on_disk else None
    if found.key and on_disk == keys[0]:
        return "replaced", found.key
    return "other", None


@contextmanager
def _alone(publication: Publication) -> Iterator[None]:
    """Nobody plans, builds or sends on this machine meanwhile."""
    state = publication.folders.state
    serving = Lock(state / "serve.lock")
    if not serving.acquire():
        raise Busy("publisher serve is at work here: stop it first, then run the same again")
    try:
        with locked(state / "build.lock", patience_seconds=0, purpose="building"):
            if any(Lock(path).is_held() for path in (state / "senders").glob("*")):
                raise Busy("letters are leaving here: stop what sends them, or try again when it is done")
            yield
    finally:
        serving.release()


def _refuse_senders_elsewhere(publication: Publication, tx: Transaction, now: datetime) -> None:
    """Leases that ran out are nobody's; one of a sender that died a moment ago is good for half a minute."""
    tx.deliveries.recover((), policy=publication.rules.uncertain, now=now)
    if tx.deliveries.owners():
        raise Busy("another machine may be sending letters: stop its sender, or try again in half a minute")


def _make_room(
    publication: Publication, tx: Transaction, now: datetime, *, is_other_key: bool, is_replacing: bool
) -> Path | None:
    """Put aside what is here; returns where. Raises PublisherError where the owner has not said that it may go."""
    readers, is_new = sum(tx.subscribers.count().values()), not tx.editions.all(limit=1)
    if not readers and is_new and not is_other_key:
        return None
    if is_replacing:
        return put_aside(publication, tx, now)
    if is_other_key:
        what = f"var/{KEY_NAME} is another key, and links in letters that it signed would break"
    else:
        what = f"the database here holds {readers} subscribers{'' if is_new else ' and what they were sent'}"
    raise PublisherError(f"{what}, wanted is a new site, or --replace, which first makes a backup of what is here")


def _load(publication: Publication, tx: Transaction, found: Backup, now: datetime) -> int:
    """Returns a number that no edition is above that ever left: the next ones count on from it. One number for two letters
    would make them look like one to mail programs, which show the first alone."""
    facts, text = found.facts, disk.read_text(publication.folders.state / HIGH_WATER_NAME)
    before = tx.editions.last_number()
    lines = ((name.removeprefix(TABLES), some) for name, some in found.archive.parts())
    tx.copy.load(facts.revision, lines, facts.last_ids)
    number = max(before, tx.editions.last_number(), high_water(text), found.high_water)
    if text is None:  # nothing here knows what left after the backup was made
        number += max(0, (now - facts.made_at) // _EDITIONS_EVERY)
    tx.editions.count_on_from(number)
    return number


def _hold(publication: Publication, tx: Transaction, facts: Facts, now: datetime) -> tuple[list[int], int]:
    """Nothing leaves by itself; returns the editions that are held, and how many other letters will not leave at all."""
    tx.deliveries.recover(tx.deliveries.owners(), policy=publication.rules.uncertain, now=now)
    tx.editions.finish()
    tx.editions.hold_all("restored")
    tx.marks.put("restored", f"from a backup of {facts.made_at.isoformat()}")
    return tx.editions.held(), tx.editions.cancel(None, is_owed_again=False, now=now)


def _put_back(publication: Publication, register: Register, key: str | None, number: int) -> None:
    """Last of all, so that only a database that could not commit in the end leaves these files behind: they do no harm."""
    posts, state = publication.folders.posts, publication.folders.state
    if len(register):
        disk.write(posts / REGISTER_NAME, register.render().encode(), is_durable=True)
    if key:
        disk.write(state / KEY_NAME, f"{key}\n".encode(), mode=0o600, is_durable=True)
    disk.write(state / HIGH_WATER_NAME, f"{number}\n".encode(), is_durable=True)

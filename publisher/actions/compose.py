"""Freeze what each reader is owed into editions, and put their letters into the outbox: one transaction."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from publisher import disk
from publisher.actions.bodies import read_stories
from publisher.actions.highwater import HIGH_WATER_NAME, hold_if_behind
from publisher.actions.publication import Publication
from publisher.core.digest import HTML_BUDGET_BYTES, Digest, Story, digest, shortened
from publisher.core.ledger import HeldBecause, Judgement, Release, Turn, judge, why_held
from publisher.core.letter import Sender
from publisher.core.library import Library
from publisher.core.prose import Placed
from publisher.core.slots import FURTHEST
from publisher.storage import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One edition that was frozen."""

    edition: int
    readers: int
    posts: int
    size_bytes: int
    held_because: HeldBecause | None


class Content(NamedTuple):
    """A digest, rendered."""

    digest: Digest
    html: str
    text: str


def compose(publication: Publication, library: Library, now: datetime) -> list[Composed]:
    """Plan every reader whose turn it is. Nothing owed, nothing made; without a way for mail to leave, nobody is planned."""
    sender = publication.sender
    if sender is None:
        return []
    posts = {post.key: post for post in library.placed if post.entry.mail}
    with publication.storage.write() as tx:
        _set_clock(publication, tx, now)
        hold_if_behind(publication, tx)
        if not tx.turns.count(now):
            return []
        composed = _take_turns(publication, sender, tx, library, posts, now)
        newest = tx.editions.last_number()
    disk.write(publication.folders.state / HIGH_WATER_NAME, f"{newest}\n".encode(), is_durable=True)
    for edition in composed:
        publication.log.info(
            "edition.frozen",
            edition=edition.edition,
            readers=edition.readers,
            posts=edition.posts,
            bytes=edition.size_bytes,
        )
        if edition.held_because:
            mend = f"publisher editions approve {edition.edition}"
            publication.log.warning("edition.held", edition=edition.edition, because=edition.held_because, mend=mend)
    return composed


def _take_turns(
    publication: Publication,
    sender: Sender,
    tx: Transaction,
    library: Library,
    posts: dict[str, Placed],
    now: datetime,
) -> list[Composed]:
    rules = publication.rules
    newest, releases = tx.releases.newest(), tx.releases.all()
    is_restored = tx.marks.get("restored") is not None
    letters: dict[tuple[tuple[Release, ...], HeldBecause | None], list[tuple[Turn, Judgement]]] = defaultdict(list)
    for turn in tx.turns.open(now):
        judgement = judge(turn, releases, newest, posts)
        held = why_held(due_at=turn.due_at, now=now, stale_after=rules.stale_after, is_restored=is_restored)
        letters[judgement.letter, held if judgement.letter else None].append((turn, judgement))
    composed: list[Composed] = []
    for (letter, held), turns in letters.items():
        edition = None
        if letter:
            due_at = min(turn.due_at for turn, _ in turns)
            readers = sum(turn.count for turn, _ in turns)
            stories = read_stories(publication, library, [posts[release.post] for release in letter])
            edition = _freeze(publication, sender, tx, letter, stories, held, due_at, readers, now)
            composed.append(edition)
        for turn, judgement in turns:
            last_letter_at = now if letter else turn.last_letter_at
            tx.turns.take(
                turn,
                newest=newest,
                arrears_now=judgement.arrears,
                edition=edition.edition if edition else None,
                next_due_at=rules.slots.first_after(now, last_letter_at),
                now=now,
            )
    return composed


def _freeze(
    publication: Publication,
    sender: Sender,
    tx: Transaction,
    letter: tuple[Release, ...],
    stories: list[Story],
    held: HeldBecause | None,
    due_at: datetime,
    readers: int,
    now: datetime,
) -> Composed:
    content = render_digest(publication, sender, stories)
    revisions = tx.releases.states()
    number = tx.editions.freeze(
        subject=content.digest.subject,
        html=content.html,
        text=content.text,
        items=[(release, revisions[release.post].revision) for release in letter],
        due_at=due_at,
        now=now,
        held_because=held,
    )
    if not held:
        tx.queue.wake(f"edition:{number}", readers)
    return Composed(
        edition=number, readers=readers, posts=len(letter), size_bytes=len(content.html.encode()), held_because=held
    )


def render_digest(publication: Publication, sender: Sender, stories: list[Story]) -> Content:
    """The letter of these posts, with slots where the reader's links go; shortened until mail programs show all of it."""
    found = digest(publication.site, stories)
    templates = publication.templates
    while True:
        html = templates.letter_html("letter/digest.html", letter=found, web_url=None, leave_url=sender.slot_url())
        excess = len(html.encode()) - HTML_BUDGET_BYTES
        smaller = shortened(found, excess) if excess > 0 else None
        if smaller is None:
            break
        found = smaller
    text = templates.letter_text("letter/digest.txt", letter=found, web_url=None, leave_url=sender.slot_url())
    return Content(found, html, text)


def _set_clock(publication: Publication, tx: Transaction, now: datetime) -> None:
    """New due times where the owner chose another hour, and where a clock ran ahead and was set back."""
    slots = publication.rules.slots
    last = tx.marks.get("ticked_at")
    is_back = last is None or datetime.fromisoformat(last) > now
    is_moved = tx.marks.get("slots") != str(slots)
    if is_back:
        tx.turns.cut_to(now)
        tx.deliveries.cut_to(now)
    if is_back or is_moved:
        tx.turns.move_due(
            after=now if is_moved else now + FURTHEST,
            midnight=slots.midnight(now),
            due_at=slots.first_after(now),
            due_at_if_had=slots.first_after(now, now),
        )
    if is_moved:
        tx.marks.put("slots", str(slots))

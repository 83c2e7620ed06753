"""Who is owed what: the rules that make every post reach every subscriber once, as pure decisions.

A release is, for each reader, in exactly one place: ahead (its number is above the reader's cursor), in arrears (planned over,
but not had), in the reader's one open delivery, or settled. `storage` makes every move in one transaction; what the move is,
is said here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

HeldBecause = Literal["stale", "restored"]
LetterKind = Literal["digest", "confirm", "already"]
ReleaseKind = Literal["post"]
EditionState = Literal["frozen", "sending", "sent", "sent_with_errors", "held", "cancelled"]
DeliveryState = Literal["pending", "sending", "sent", "deferred", "failed", "skipped", "uncertain", "cancelled"]

OPEN: tuple[DeliveryState, ...] = ("pending", "sending", "deferred")
"""A reader has one digest at a time in these states."""
NOT_HAD: tuple[DeliveryState, ...] = ("failed", "skipped", "cancelled")
"""A digest that ends in one of these puts its releases into arrears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A post's number: given once, in order, when it is public and its hold has passed."""

    number: int
    post: str
    """The key of the post."""
    kind: ReleaseKind
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Readers who are due now and owed the same."""

    cursor: int
    arrears: tuple[int, ...]
    due_at: datetime
    """The slot that has come."""
    last_letter_at: datetime | None
    count: int
    """How many readers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What becomes of each release that a reader has not had: it stands in the letter, or in arrears, or it is settled."""

    letter: tuple[Release, ...]
    arrears: tuple[int, ...]


def judge(turn: Turn, releases: Mapping[int, Release], newest: int, public: Collection[str]) -> Judgement:
    """Judge every release ahead of the readers and in their arrears, in order of number.

    `public` are the keys of the posts that may be mailed at this moment. One that is not there stays owed.
    """
    owed = sorted({*turn.arrears, *range(turn.cursor + 1, newest + 1)})
    found = [releases[number] for number in owed if number in releases]
    return Judgement(
        letter=tuple(release for release in found if release.post in public),
        arrears=tuple(release.number for release in found if release.post not in public),
    )


def why_held(*, due_at: datetime, now: datetime, stale_after: timedelta, is_restored: bool) -> HeldBecause | None:
    """Whether an edition waits for the owner's word instead of leaving, and why."""
    if is_restored:
        return "restored"
    return "stale" if now - due_at > stale_after else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A digest that was given a number and frozen: what people received."""

    number: int
    state: EditionState
    held_because: str | None
    subject: str
    html: str
    text: str
    due_at: datetime
    frozen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One letter owed to one address."""

    id: int
    key: str
    """`digest:EDITION:SUBSCRIBER`, `confirm:SUBSCRIBER:n`: no letter is ever planned twice."""
    kind: LetterKind
    edition: int | None
    handle: str
    """The subscriber's."""
    address: str
    attempts: int
    doubts: int
    created_at: datetime
    first_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostState:
    """What the ledger knows of a post."""

    key: str
    number: int | None
    """Its release; 0 for one that was there before the ledger, which is mailed to nobody."""
    is_public: bool
    is_mailable: bool
    public_since: datetime
    revision: int
    fingerprint: str
    is_waiting: bool
    """Found with too many others at once: waits for the owner's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A post as this scan finds it."""

    key: str
    fingerprint: str
    is_mailable: bool
    is_doubtful: bool = False
    """May be a post that was mailed already, under another name: if it is new, it waits for the owner's word."""


BURST = timedelta(hours=1)
"""New posts this near to each other came at once, however many scans saw them."""


def scanned(
    known: Mapping[str, PostState], seen: Iterable[Seen], now: datetime, *, is_first: bool, burst: int
) -> list[PostState]:
    """The states that change because of a scan. `is_first`: everything that is public now is history, mailed to nobody."""
    found = {post.key: post for post in seen}
    fresh = {key for key, post in found.items() if key not in known and post.is_mailable}
    held = {
        key for key, state in known.items() if key in found and _is_held(state) and now - state.public_since < BURST
    }
    is_burst = len(fresh | held) > burst and not is_first
    doubtful = {key for key in fresh if found[key].is_doubtful and not is_first}
    waiting = doubtful | (fresh | held if is_burst else set())
    changed = [_seen(known.get(key), post, now, is_first, key in waiting) for key, post in found.items()]
    changed += [replace(state, is_public=False) for key, state in known.items() if key not in found]
    return [state for state in changed if known.get(state.key) != state]


def _seen(state: PostState | None, post: Seen, now: datetime, is_first: bool, must_wait: bool) -> PostState:
    if state is None:
        return PostState(
            key=post.key,
            number=0 if is_first else None,
            is_public=True,
            is_mailable=post.is_mailable,
            public_since=now,
            revision=1,
            fingerprint=post.fingerprint,
            is_waiting=must_wait,
        )
    return replace(
        state,
        is_public=True,
        is_mailable=post.is_mailable,
        public_since=min(state.public_since, now) if state.is_public else now,
        revision=state.revision + (state.fingerprint != post.fingerprint),
        fingerprint=post.fingerprint,
        is_waiting=state.is_waiting or must_wait,
    )


def _is_held(state: PostState) -> bool:
    return state.is_public and state.is_mailable and state.number is None and not state.is_waiting


def releasable(states: Iterable[PostState], now: datetime, hold: timedelta) -> list[PostState]:
    """The posts that get a number now."""
    return [state for state in states if _is_held(state) and now - state.public_since >= hold]

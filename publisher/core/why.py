"""Why a reader had a post, or did not: what the ledger knows becomes a verdict and one or two plain sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from publisher.core.ledger import OPEN, DeliveryState, EditionState, PostState
from publisher.core.limits import Limit
from publisher.core.subscription import Subscriber, Suppression

Presence = Literal["public", "future", "expired", "draft", "broken", "gone"]
"""How the post's file stands now. `draft`: no post yet, or no more; `broken`: something is wrong with it."""
Case = Literal[
    "sent", "in_doubt",
    "sending", "waiting", "deferred", "put_off", "held",
    "owed_again", "ahead", "behind_another",
    "dropped", "joined_later", "settled",
    "history", "on_hold", "unseen", "waits_for_owner", "mail_false", "withdrawn",
    "future", "expired", "draft", "broken",
    "unknown_address", "suppressed", "pending", "paused", "gone", "no_mail",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A delivery of an edition, as it stands."""

    edition: int
    edition_state: EditionState
    held_because: str | None
    state: DeliveryState
    address: str | None
    attempts: int
    doubts: int
    next_attempt_at: datetime
    finished_at: datetime | None
    last_reply: str | None
    relay: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the ledger knows of one reader and one post."""

    subscriber: Subscriber | None
    suppression: Suppression | None
    post: PostState | None
    released_at: datetime | None
    is_in_arrears: bool
    letters: tuple[Tracked, ...]
    """Those that hold the post, the oldest first."""
    in_front: Tracked | None
    """An open one without the post, behind which the reader's next letter waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a verdict is made from."""

    address: str
    history: History
    presence: Presence
    public_at: datetime | None
    """Of a post whose time has not come."""
    is_mailable: bool
    baseline_at: datetime | None
    """What was public then is history."""
    hold: timedelta
    limits: Mapping[str, Limit]
    has_rate: bool
    """Letters to the reader's domain have a limit of their own."""
    has_mail: bool
    trouble: str
    """Why no mail server takes letters now; empty where one does."""
    now: datetime
    zone: tzinfo
    """For the eye."""

    def at(self, instant: datetime | None) -> str:
        return f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M %Z}" if instant else "an unknown time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    case: Case
    text: str
    until: datetime | None = None
    """When it changes by itself, where that is known."""
    mend: str | None = None
    """The command that changes it."""


def explain(facts: Facts) -> Why:
    """A release is in exactly one place for each reader; one that was sent is had, whatever else happened."""
    history = facts.history
    if history.subscriber is None:
        return _of_stranger(facts)
    if sent := [letter for letter in history.letters if letter.state == "sent"]:
        return _sent(facts, sent)
    last = history.letters[-1] if history.letters else None
    if last and last.state in OPEN:
        return _on_its_way(facts, last)
    if history.is_in_arrears:
        return _next_turn(facts, history.subscriber, "owed_again", f"It is owed to them again: {_lost(facts, last)}.")
    if history.post is None or not history.post.number:
        return _with_obstacle(facts, _unreleased(facts, history.post))
    if history.post.number > history.subscriber.cursor:
        told = f"It was released at {facts.at(history.released_at)}, and they have not had their turn since."
        return _next_turn(facts, history.subscriber, "ahead", told)
    return _settled(facts, history.subscriber, last)


# -- the reader


def _of_stranger(facts: Facts) -> Why:
    if stopped := facts.history.suppression:
        return Why(case="suppressed", text=f"{facts.address} is no subscriber, and {_stopped(facts, stopped)}.")
    return Why(case="unknown_address", text=f"{facts.address} is no subscriber: nothing is owed to it.")


def _obstacle(facts: Facts) -> Why | None:
    """What keeps every digest from the reader, in words that can follow others."""
    reader, stopped = facts.history.subscriber, facts.history.suppression
    assert reader is not None, "a stranger was told already"
    if stopped:
        return Why(case="suppressed", text=_stopped(facts, stopped))
    if reader.standing == "pending":
        return Why(case="pending", text="they have not confirmed, and a digest begins with what comes out after that")
    if reader.standing == "paused":
        return Why(case="paused", text="they have paused their digest")
    if reader.standing == "gone":
        return Why(case="gone", text=f"they left at {facts.at(reader.left_at)}")
    return None


def _stopped(facts: Facts, stopped: Suppression) -> str:
    return f"mail to it is stopped since {facts.at(stopped.created_at)}: {stopped.reason}, {_quoted(stopped.detail)}"


def _with_obstacle(facts: Facts, why: Why) -> Why:
    obstacle = _obstacle(facts)
    return replace(why, text=f"{why.text} Besides, {obstacle.text}.") if obstacle else why


# -- letters that hold the post


def _sent(facts: Facts, sent: list[Tracked]) -> Why:
    """The last one is told in full."""
    *before, last = sent
    count = last.attempts + last.doubts
    tries = "at the first attempt" if count == 1 else f"after {count} attempts"
    text = f"It was sent in edition {last.edition}: accepted {_answer(last)} at {facts.at(last.finished_at)}, {tries}."
    if last.doubts:
        text += (
            f" It may have arrived twice, with the same Message-ID: of {_times(last.doubts)} nobody knows what became."
        )
    if before:
        text += f" It was sent before in {_editions(before)}."
    if stopped := facts.history.suppression:
        text += f" Besides, {_stopped(facts, stopped)}."
    return Why(case="sent", text=text)


def _on_its_way(facts: Facts, letter: Tracked) -> Why:
    number = letter.edition
    if letter.edition_state == "held":
        reasons = {"stale": "its slot was long past", "restored": "a backup was restored"}
        reason, mend = reasons.get(letter.held_because or ""), f"publisher editions approve {number}"
        held = f"It stands in edition {number}, which is held because {reason}"
        text = f"{held}: {mend}, or publisher editions cancel {number} --again."
        return _with_obstacle(facts, Why(case="held", text=text, mend=mend))
    if letter.state == "sending":
        return Why(case="sending", text=f"It is leaving at this moment, in edition {number}.{_doubted(letter)}")
    if obstacle := _obstacle(facts):
        text = f"It stands in edition {number}, but that will not leave, and the post stays owed: {obstacle.text}."
        return Why(case=obstacle.case, text=text)
    why = _later(facts, letter) or _at_once(facts, letter)
    return replace(why, text=why.text + _doubted(letter))


def _later(facts: Facts, letter: Tracked) -> Why | None:
    """A letter whose next attempt has its time."""
    domain = facts.address.rpartition("@")[2].lower()
    limit, due_at = facts.limits.get(f"domain:{domain}"), letter.next_attempt_at
    if limit and limit.shut_until and limit.shut_until > facts.now:
        until = max(limit.shut_until, due_at)
        text = f"Its letter, of edition {letter.edition}, is put off until {facts.at(until)}: {domain} refused letters for what "
        return Why(case="put_off", text=f"{text}we are ({_quoted(limit.reason)}), and is left alone.", until=until)
    if due_at <= facts.now:
        return None
    if letter.last_reply:
        case: Case = "deferred" if letter.state == "deferred" else "waiting"
        count = letter.attempts + letter.doubts
        tries = f" after {_times(count)}" if count else ""
        told = f"In edition {letter.edition} it was not taken{tries}: {_answer(letter)}."
        return Why(case=case, text=f"{told} The next attempt is at {facts.at(due_at)}.", until=due_at)
    because = f", since letters to {domain} have a limit" if facts.has_rate else ""
    text = f"Its letter, of edition {letter.edition}, is put off until {facts.at(due_at)}{because}."
    return Why(case="put_off", text=text, until=due_at)


def _at_once(facts: Facts, letter: Tracked) -> Why:
    told = f"It stands in edition {letter.edition} and waits in the outbox"
    if not facts.has_mail:
        return Why(case="no_mail", text=f"{told}: no mail leaves, set PUBLISHER_SMTP_HOST in .env.")
    if facts.trouble:
        return Why(
            case="waiting", text=f"{told}: no mail server takes letters ({facts.trouble}).", mend="publisher doctor"
        )
    return Why(case="waiting", text=f"{told}: it leaves with the next run (publisher send).", mend="publisher send")


def _doubted(letter: Tracked) -> str:
    if not letter.doubts:
        return ""
    return " It may have arrived already: nobody knows what became of an earlier attempt, and the same Message-ID goes again."


def _lost(facts: Facts, letter: Tracked | None) -> str:
    """Why a post is in arrears."""
    reader, released_at = facts.history.subscriber, facts.history.released_at
    if letter is None:
        confirmed_at = reader.confirmed_at if reader else None
        is_welcome = confirmed_at and released_at and released_at <= confirmed_at
        return "a new reader gets the last posts too" if is_welcome else "it was withdrawn when their turn came"
    at = facts.at(letter.finished_at)
    if letter.state == "failed":
        return f"in edition {letter.edition} it failed at {at}, {_answer(letter)}"
    if letter.state == "skipped":
        return f"in edition {letter.edition} it was skipped at {at}, since they might not be mailed then"
    return f"in edition {letter.edition} it was cancelled at {at}"


# -- no letter holds it now


def _next_turn(facts: Facts, reader: Subscriber, case: Case, told: str) -> Why:
    """When a post that is owed comes."""
    if obstacle := _obstacle(facts):
        return Why(case=obstacle.case, text=f"{told} It does not come now: {obstacle.text}.")
    if facts.presence != "public":
        return Why(case="withdrawn", text=f"{told} The post is withdrawn now, and stays owed until it is back.")
    if not facts.is_mailable:
        return Why(
            case="mail_false", text=f"{told} Its file says mail: false now, and it stays owed until that is gone."
        )
    if not facts.has_mail:
        return Why(
            case="no_mail", text=f"{told} No mail leaves and no digest is made: set PUBLISHER_SMTP_HOST in .env."
        )
    if front := facts.history.in_front:
        is_held = front.edition_state == "held"
        mend = f"publisher editions approve {front.edition}" if is_held else None
        what = f"is held: {mend}" if mend else "has not left yet"
        text = f"{told} It comes after edition {front.edition}, which {what}."
        return Why(case="behind_another", text=text, mend=mend)
    due_at = reader.next_due_at
    if due_at is None or due_at <= facts.now:
        return Why(case=case, text=f"{told} It comes with the next run (publisher tick).", mend="publisher tick")
    return Why(case=case, text=f"{told} It comes at {facts.at(due_at)}.", until=due_at)


def _settled(facts: Facts, reader: Subscriber, last: Tracked | None) -> Why:
    confirmed_at, released_at = reader.confirmed_at, facts.history.released_at
    if last and last.state == "uncertain":
        text = f"Nobody knows whether it arrived, in edition {last.edition} at {facts.at(last.finished_at)}: {_answer(last)}."
        kept = "It counts as had and is not sent again (PUBLISHER_UNCERTAIN=leave, or too many attempts of that kind)."
        return Why(case="in_doubt", text=f"{text} {kept}")
    if last and confirmed_at and last.finished_at and last.finished_at < confirmed_at:
        text = f"They did not have it ({_lost(facts, last)}), and signed up anew at {facts.at(confirmed_at)}: "
        return Why(case="joined_later", text=f"{text}their digest begins with what came out after that.")
    if last:
        text = (
            f"Edition {last.edition} was cancelled at {facts.at(last.finished_at)}, and its posts are not owed again: "
        )
        return Why(case="dropped", text=f"{text}the owner's word (publisher editions cancel {last.edition} --drop).")
    if confirmed_at and released_at and released_at <= confirmed_at:
        joined = "were added" if reader.source == "owner" else "confirmed"
        text = f"It was released at {facts.at(released_at)}, before they {joined} at {facts.at(confirmed_at)}: "
        return Why(case="joined_later", text=f"{text}their digest begins with what came out after that.")
    return Why(case="settled", text="Their digest was planned past it without a letter: nothing is owed.")


def _unreleased(facts: Facts, post: PostState | None) -> Why:
    """It was mailed to nobody, or not yet."""
    if post and post.number == 0:
        return _history(facts, post)
    if facts.presence != "public":
        return _not_public(facts, post)
    if not facts.is_mailable:
        return Why(case="mail_false", text="Its file says mail: false, so that it is mailed to nobody.")
    if post and post.is_waiting:
        text = "It waits for your word: publisher release, or publisher release --history to mail it to nobody."
        return Why(case="waits_for_owner", text=text, mend="publisher release")
    if post is None or not post.is_public or post.public_since + facts.hold <= facts.now:
        text = "It is not released yet: the next run looks at it (publisher tick)."
        return Why(case="unseen", text=text, mend="publisher tick")
    until = post.public_since + facts.hold
    text = f"It is public since {facts.at(post.public_since)} and on hold until {facts.at(until)}, so that you can still mend it."
    return Why(case="on_hold", text=text, until=until)


def _history(facts: Facts, post: PostState) -> Why:
    if facts.baseline_at and post.public_since <= facts.baseline_at:
        text = f"It was public when the ledger began, at {facts.at(facts.baseline_at)}, and is mailed to nobody."
    else:
        text = (
            "It counts as history, by your word or since it was public when the ledger began, and is mailed to nobody."
        )
    return Why(case="history", text=text)


def _not_public(facts: Facts, post: PostState | None) -> Why:
    if facts.presence == "future":
        text = f"It becomes public at {facts.at(facts.public_at)}, and is released when its hold has passed."
        return Why(case="future", text=text, until=facts.public_at)
    if facts.presence == "broken":
        return Why(
            case="broken", text="There is something wrong with its file: publisher check.", mend="publisher check"
        )
    if post:
        return Why(
            case="withdrawn", text="It was withdrawn before it was released: when it is back, its hold begins anew."
        )
    if facts.presence == "expired":
        return Why(case="expired", text="Its time was over before it was released, so that it was mailed to nobody.")
    if facts.presence == "gone":
        return Why(case="withdrawn", text="Its file is gone, and it was never released.")
    return Why(case="draft", text="It is no post yet: a draft, or a page. Nobody gets it before it is published.")


# -- words


def _answer(letter: Tracked) -> str:
    return _quoted(letter.last_reply or "no answer") + (f" by {letter.relay}" if letter.relay else "")


def _quoted(text: str) -> str:
    return f"`{' '.join(text.split())}`"


def _times(count: int) -> str:
    return "one attempt" if count == 1 else f"{count} attempts"


def _editions(letters: list[Tracked]) -> str:
    return " and ".join(f"edition {letter.edition}" for letter in letters)

"""What becomes of a letter after each answer of a mail server: one table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from publisher.core.model import Reply

Stage = Literal["connect", "mail", "rcpt", "data"]
"""How far the transaction had come. `connect` is everything up to MAIL: greeting, TLS, login."""
Fault = Literal["recipient", "ours", "message"]

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720))
"""After the first try, the second, and so on; the last one for all that follow."""
GIVE_UP_AFTER = timedelta(days=3)
"""From the first try."""


_ABOUT_SENDER = ("5.1.7", "5.1.8")
"""RFC 3463, 3.2: our address or its domain is what is wrong; some say so only when they hear the recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one transaction ended: with a reply, or with a connection that broke."""

    stage: Stage
    reply: Reply | None
    """None where the connection broke without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    state: Literal["sent", "deferred", "failed", "pending", "uncertain"]
    """`pending`: the letter was not at fault, try again on a fresh connection without counting."""
    next_attempt_at: datetime | None = None
    is_kept: bool = False
    """The sender keeps the letter, to try it at once."""
    fault: Fault | None = None
    """Whose it is, where somebody can mend it. `recipient`: the address is dead and must not be tried again."""


_SENT = Outcome(state="sent")


def outcome(
    answer: Answer, *, attempts: int, first_attempt_at: datetime, now: datetime, jitter: Callable[[], float]
) -> Outcome:
    """What becomes of the letter. `attempts` counts this one; `jitter` gives a number from 0 to 1, which spreads the next
    try by a tenth.
    """
    reply = answer.reply
    if reply is None and answer.stage == "data":
        return Outcome(state="uncertain")
    if reply and reply.code // 100 == 2 and answer.stage == "data":
        return _SENT
    fault = _fault(answer.stage, reply) if reply else None
    if reply is None or reply.code == 421 or answer.stage == "connect":
        is_over = now - first_attempt_at >= GIVE_UP_AFTER
        return Outcome(state="failed" if is_over else "pending", fault=fault)
    if reply.code // 100 == 4 or fault == "ours" or reply.enhanced == "5.2.2":
        return _deferred(attempts, first_attempt_at, now, jitter, fault)
    return Outcome(state="failed", fault=fault)


def _fault(stage: Stage, reply: Reply) -> Fault | None:
    """RFC 3463: 5.1 is about addresses (5.1.0 about any), 5.2.1 a closed mailbox, 5.3.4 and 552 the size, 5.7 policy."""
    enhanced = reply.enhanced or ""
    if reply.code // 100 != 5:
        return None
    if enhanced == "5.3.4" or (reply.code == 552 and enhanced != "5.2.2"):
        return "message"
    if enhanced.startswith("5.7.") or stage in ("connect", "mail") or reply.code in (530, 534, 535, 538):
        return "ours"
    if enhanced in _ABOUT_SENDER:
        return "ours"
    if stage == "rcpt" and (enhanced == "5.2.1" or (enhanced.startswith("5.1.") and enhanced != "5.1.0")):
        return "recipient"
    return None


def _deferred(
    attempts: int, first_attempt_at: datetime, now: datetime, jitter: Callable[[], float], fault: Fault | None
) -> Outcome:
    if now - first_attempt_at >= GIVE_UP_AFTER:
        return Outcome(state="failed", fault=fault)
    wait = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    return Outcome(state="deferred", next_attempt_at=now + wait * (1 + jitter() / 10), fault=fault)

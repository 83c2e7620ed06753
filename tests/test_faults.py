"""Every answer and every silence of a mail server, from the wire to the database: what becomes of the letter, of its reader,
and of the letters beside it.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from publisher.actions.deliver import Drained
from publisher.smtp import line
from publisher.storage import engine
from tests.mailroom import DUE, Kept, Mailroom
from tests.servers.certificates import Authority
from tests.servers.rude_smtp import Client, RudeSmtp
from tests.servers.smtp import Cue, Drop, Offer, ScriptedSmtp, Stage, Stall, script

ANN, BOB, CID = "ann@one.test", "bob@one.test", "cid@two.test"
"""The first is the one at whose letter something goes wrong, the second lives in the same domain, the third elsewhere."""
SENDER = "bounces"
FIVE = timedelta(minutes=5)

State = Literal["sent", "failed", "deferred", "pending", "uncertain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is to be found in the database."""

    state: State
    attempts: int = 1
    doubts: int = 0
    wait: timedelta = timedelta()
    """With up to a tenth more."""
    is_suppressed: bool = False
    is_owed: bool = False

    def fits(self, kept: Kept) -> bool:
        return (
            (kept.state, kept.attempts, kept.doubts) == (self.state, self.attempts, self.doubts)
            and self.wait <= kept.wait <= self.wait * 1.1
            and (kept.is_suppressed, kept.is_owed) == (self.is_suppressed, self.is_owed)
        )


SENT = Left(state="sent")
LATER = Left(state="deferred", wait=FIVE)
DEAD = Left(state="failed", is_suppressed=True, is_owed=True)
FAILED = Left(state="failed", is_owed=True)
UNCOUNTED = Left(state="pending", attempts=0, wait=FIVE)
UNTOUCHED = Left(state="pending", attempts=0)
DOUBTFUL = Left(state="pending", attempts=0, doubts=1, wait=FIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    name: str
    stage: Stage
    cue: Cue | list[Cue]
    """A list is used up, then all is well; else it is said again and again, about ann alone where her name is known."""
    ann: Left
    bob: Left = SENT
    cid: Left = SENT
    shut: str | None = None
    """The limit that is shut for five minutes."""
    is_down: bool = False
    offer: Offer = field(default_factory=Offer)


STAGES: tuple[Stage, ...] = ("mail", "rcpt", "data", "dot")
LAME = Offer(pipelining=False, eight_bit=False, size_bytes=None, smtputf8=False)
EAGER = Offer(eager_data=True)

FAULTS = [
    # the line, not the letter: at once on a fresh one, then in five minutes, never counted
    *(Fault(name="421 once", stage=stage, cue=["421 4.3.2 going"], ann=SENT) for stage in STAGES),
    *(Fault(name="421 always", stage=stage, cue="421 4.3.2 going", ann=UNCOUNTED) for stage in STAGES[1:]),
    *(Fault(name="dropped once", stage=stage, cue=[Drop()], ann=SENT) for stage in STAGES[:3]),
    *(Fault(name="dropped always", stage=stage, cue=Drop(), ann=UNCOUNTED) for stage in STAGES[1:3]),
    *(Fault(name="421, no pipelining", stage=stage, cue="421 going", ann=UNCOUNTED, offer=LAME) for stage in STAGES[1:]),
    # nobody there, as far as letters go
    *(
        Fault(name=name, stage=stage, cue=cue, ann=UNTOUCHED, bob=UNTOUCHED, cid=UNTOUCHED, shut="relay", is_down=True)
        for stage in ("connect", "ehlo")
        for name, cue in (("421", "421 4.3.2 too busy"), ("554", "554 5.7.1 not you"), ("dropped", Drop()))
        if (stage, name) != ("ehlo", "554")  # then HELO is tried
    ),
    # the last byte has left and nobody answers
    Fault(name="dropped after the dot", stage="dot", cue=[Drop()], ann=DOUBTFUL),
    Fault(name="dropped after the dot, taken", stage="dot", cue=[Drop(kept=True)], ann=DOUBTFUL),
    Fault(name="garbage after the dot", stage="dot", cue=["what?"], ann=DOUBTFUL),
    Fault(name="a 3 after the dot", stage="dot", cue=["354 more"], ann=DOUBTFUL),
    # for a while
    *(Fault(name="450", stage=stage, cue=["450 4.2.1 busy"], ann=LATER) for stage in STAGES),
    *(Fault(name="452", stage=stage, cue=["452 4.3.1 no room"], ann=LATER) for stage in STAGES),
    Fault(name="451 in three lines", stage="dot", cue=["451-4.3.0 one\n451-4.3.0 two\n451 4.3.0 three"], ann=LATER),
    Fault(name="full mailbox", stage="rcpt", cue=["552 5.2.2 mailbox full"], ann=LATER),
    # this address
    Fault(name="550 5.1.1", stage="rcpt", cue="550 5.1.1 no such user", ann=DEAD),
    Fault(name="550 5.1.1 in two lines", stage="rcpt", cue="550-5.1.1 no\n550 5.1.1 such user", ann=DEAD),
    Fault(name="550 5.1.1, no pipelining", stage="rcpt", cue="550 5.1.1 no such user", ann=DEAD, offer=LAME),
    Fault(name="550 5.1.1, eager", stage="rcpt", cue="550 5.1.1 no such user", ann=DEAD, offer=EAGER),
    Fault(name="450, eager", stage="rcpt", cue="450 4.2.1 busy", ann=LATER, offer=EAGER),
    Fault(name="550 5.2.1", stage="rcpt", cue="550 5.2.1 closed", ann=DEAD),
    Fault(name="550 5.1.1 too late", stage="dot", cue="550 5.1.1 no such user", ann=FAILED),
    Fault(name="550 alone", stage="rcpt", cue="550 no", ann=FAILED),
    # this letter
    *(Fault(name="552 5.3.4", stage=stage, cue=["552 5.3.4 too big"], ann=FAILED) for stage in STAGES),
    *(Fault(name="552 alone", stage=stage, cue=["552 too big"], ann=FAILED) for stage in STAGES),
    # us
    *(
        Fault(
            name="550 5.7.1",
            stage=stage,
            cue=["550 5.7.1 we don't like you"],
            ann=LATER,
            bob=UNCOUNTED,
            shut="domain:one.test",
        )
        for stage in ("rcpt", "data", "dot")
    ),
    Fault(
        name="550 5.7.1", stage="mail", cue=["550 5.7.1 not you"], ann=LATER, bob=UNTOUCHED, cid=UNTOUCHED,
        shut="relay", is_down=True,
    ),
    # out of step
    Fault(name="garbage once", stage="mail", cue=["what?"], ann=SENT),
    Fault(name="garbage", stage="rcpt", cue="what?", ann=UNCOUNTED),
    Fault(name="250 for DATA", stage="data", cue="250 fine", ann=UNCOUNTED),
    Fault(name="354 for RCPT", stage="rcpt", cue="354 go", ann=UNCOUNTED),
    Fault(name="250 twice", stage="dot", cue=["250 2.0.0 taken\n250 2.0.0 taken"], ann=SENT),
    # a server that can do little
    Fault(name="all is well, no pipelining", stage="noop", cue=None, ann=SENT, offer=LAME),
]  # fmt: skip


@pytest.mark.parametrize("fault", [pytest.param(fault, id=f"{fault.name} at {fault.stage}") for fault in FAULTS])
def test_what_becomes_of_the_letters(fault: Fault, tmp_path: Path) -> None:
    told = "*" if fault.stage in ("mail", "connect", "ehlo") or isinstance(fault.cue, list) else ANN
    with (
        ScriptedSmtp(script({(fault.stage, told): fault.cue}), offer=fault.offer) as server,
        closing(Mailroom(tmp_path / "site", [ANN, BOB, CID], SMTP_PORT=str(server.port))) as room,
    ):
        done = room.send()
        found = {address: room.letter(address) for address in (ANN, BOB, CID)}
        expected = {ANN: fault.ann, BOB: fault.bob, CID: fault.cid}
        assert {to: kept for to, kept in found.items() if not expected[to].fits(kept)} == {}
        assert done.is_down == fault.is_down == bool(room.events("relay.down"))
        shut = {name for name in (room.relay, "domain:one.test", "domain:two.test") if room.is_shut(name)}
        assert shut == ({room.relay if fault.shut == "relay" else fault.shut} if fault.shut else set())
        taken = [letter.rcpt_to[0] for letter in server.letters]
        assert len(taken) == len({*taken})
        assert {to for to, left in expected.items() if left.state == "sent"} <= {*taken}
        assert all(letter.message.endswith(b"--\r\n") for letter in server.letters), "whole letters only"
        assert server.connections <= 4, "a fresh line at once, and no more"
        assert room.site.rows("SELECT count(*) FROM deliveries WHERE lease_owner IS NOT NULL") == [(0,)]


@pytest.fixture
def open_room(tmp_path: Path) -> Iterator[Callable[..., Mailroom]]:
    rooms: list[Mailroom] = []

    def open_one(addresses: list[str], **settings: str) -> Mailroom:
        rooms.append(Mailroom(tmp_path / str(len(rooms)), addresses, **settings))
        return rooms[-1]

    yield open_one
    for room in rooms:
        room.close()


OpenRoom = Callable[..., Mailroom]


# in doubt


@pytest.mark.parametrize("kept", [False, True])
def test_in_doubt_it_is_sent_again_as_it_was(open_room: OpenRoom, kept: bool) -> None:
    with ScriptedSmtp(script({("dot", ANN): [Drop(kept=kept)]})) as server:
        room = open_room([ANN], SMTP_PORT=str(server.port))
        assert room.send().counts == {"uncertain": 1}
        assert room.send().counts == {}, "not at once"
        room.clock.move(minutes=5)
        assert room.send().counts == {"sent": 1}
        assert len(server.letters) == 1 + kept
        assert len({letter.message for letter in server.letters}) == 1
    assert room.letter(ANN).doubts == 1
    assert room.letter(ANN).attempts == 1


def test_in_doubt_and_left_it_counts_as_had(open_room: OpenRoom) -> None:
    with ScriptedSmtp(script({("dot", ANN): [Drop(kept=True)]})) as server:
        room = open_room([ANN], SMTP_PORT=str(server.port), UNCERTAIN="leave")
        assert room.send().counts == {"uncertain": 1}
        room.clock.move(days=4)
        assert room.send().counts == {}
        assert len(server.letters) == 1
    assert Left(state="uncertain", attempts=0, doubts=1, wait=FIVE).fits(room.letter(ANN))
    assert room.site.rows("SELECT state FROM editions") == [("sent_with_errors",)]


def test_a_server_that_never_answers_gets_a_letter_five_times_and_no_more(open_room: OpenRoom) -> None:
    with ScriptedSmtp(script({("dot", "*"): Drop(kept=True)})) as server:
        room = open_room([ANN], SMTP_PORT=str(server.port))
        for _ in range(12):
            room.send()
            room.clock.move(hours=13)
        assert len(server.letters) == 5
    assert room.states() == {"uncertain": 1}
    assert not room.letter(ANN).is_owed


# silence


@pytest.mark.parametrize(
    ("stage", "ann"), [("mail", UNCOUNTED), ("rcpt", UNCOUNTED), ("data", UNCOUNTED), ("dot", DOUBTFUL)]
)
def test_silence_ends_some_time(open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch, stage: Stage, ann: Left) -> None:
    monkeypatch.setattr(line, "COMMAND_SECONDS", 0.2)
    monkeypatch.setattr(line, "FINAL_DOT_SECONDS", 0.3)
    with ScriptedSmtp(script({(stage, "*"): Stall()})) as server:
        room = open_room([ANN], SMTP_PORT=str(server.port))
        room.send()
    assert ann.fits(room.letter(ANN)), room.letter(ANN)


def test_a_server_that_stalls_holds_up_nobody_on_other_lines(
    open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "FINAL_DOT_SECONDS", 2)
    others = [f"{name}@two.test" for name in range(30)]
    with ScriptedSmtp(script({("dot", ANN): Stall()})) as server:
        room = open_room([ANN, *others], SMTP_PORT=str(server.port), SMTP_CONNECTIONS="3")
        assert room.send().counts == {"sent": 30, "uncertain": 1}
        assert {said.connection for said in server.said if said.stage == "dot"} == {1, 2, 3}
    assert DOUBTFUL.fits(room.letter(ANN))


# what no library would say


def _answers_at_once(client: Client) -> None:
    client.greet()
    client.hear_commands(3)
    client.say(b"250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 I need no letter\r\n")
    client.hear_content()


def _leaves_in_the_middle(client: Client) -> None:
    client.greet()
    client.hear_commands(3)
    client.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
    client.hear(1000)


def _leaves_with_421_in_a_row(client: Client) -> None:
    client.greet()
    client.hear_commands(3)
    client.say(b"250 ok\r\n421 4.3.2 going\r\n")


def _leaves_behind_all_replies(client: Client) -> None:
    client.greet()
    client.hear_commands(3)
    client.say(b"250 ok\r\n250 ok\r\n354 go\r\n421 4.3.2 going\r\n")


def _leaves_one_by_one(client: Client) -> None:
    client.greet(b"250 rude.test\r\n")
    client.hear_commands(1)
    client.say(b"250 ok\r\n421 4.3.2 going\r\n")


def _endless(client: Client) -> None:
    client.greet()
    client.hear_commands(3)
    while True:
        client.say(b"250-more and\r\n" * 100)


def _byte_by_byte(client: Client) -> None:
    client.greet()
    while True:
        client.take_letter()
        for byte in b"250-2.0.0 taken\r\n250 2.0.0 indeed\r\n":
            client.say(bytes([byte]))


def _says_goodbye_behind_its_answer(client: Client) -> None:
    client.greet()
    client.take_letter()
    client.say(b"250 2.0.0 taken\r\n421 4.3.2 going\r\n")


def _says_yes_twice(client: Client) -> None:
    client.greet()
    while True:
        client.take_letter()
        client.say(b"250 2.0.0 taken\r\n")
        client.say(b"250 2.0.0 taken\r\n")


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (_answers_at_once, DOUBTFUL),  # the answer that matters never came
        (_leaves_in_the_middle, DOUBTFUL),
        (_leaves_with_421_in_a_row, UNCOUNTED),
        (_leaves_behind_all_replies, UNCOUNTED),
        (_leaves_one_by_one, UNCOUNTED),
        (_endless, UNCOUNTED),
        (_byte_by_byte, SENT),
        (_says_goodbye_behind_its_answer, SENT),
        (_says_yes_twice, SENT),
    ],
)
def test_a_rude_server(
    open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch, talk: Callable[[Client], None], expected: Left
) -> None:
    monkeypatch.setattr(line, "FINAL_DOT_SECONDS", 0.3)
    with RudeSmtp(talk) as server:
        room = open_room([ANN, BOB, CID], SMTP_PORT=str(server.port))
        room.send()
    kept = [room.letter(address) for address in (ANN, BOB, CID)]
    assert [each for each in kept if not expected.fits(each)] == []
    assert len(server.clients) <= 6


def test_when_no_recipient_was_taken_nothing_arrives(open_room: OpenRoom) -> None:
    """Only a lone dot follows a 354 that was said all the same (RFC 2920, 3.1), and the line is good for the next letter."""
    contents: list[bytes] = []

    def talk(client: Client) -> None:
        client.greet()
        client.hear_commands(3)
        client.say(b"250 ok\r\n550 5.1.1 no such user\r\n354 go\r\n")
        contents.append(client.hear_content())
        client.say(b"554 5.5.1 no valid recipients\r\n")
        contents.append(client.take_letter())
        client.say(b"250 2.0.0 taken\r\n")

    with RudeSmtp(talk) as server:
        room = open_room([ANN, CID], SMTP_PORT=str(server.port))
        room.send()
    assert contents[0] == b""
    assert len(contents[1]) > 1000
    assert len(server.clients) == 1
    assert DEAD.fits(room.letter(ANN))
    assert SENT.fits(room.letter(CID))


# the relay and the domain that refuse us


def test_a_domain_that_refuses_us_is_left_alone_longer_each_time_and_forgiven_at_once(open_room: OpenRoom) -> None:
    refusal = "550 5.7.1 we don't like you"
    with ScriptedSmtp(script({("rcpt", ANN): [refusal] * 3, ("rcpt", BOB): [refusal]})) as server:
        room = open_room([ANN, BOB, CID], SMTP_PORT=str(server.port))
        waits: list[timedelta] = []
        for _ in range(4):
            done = room.send()
            limit = room.limit("domain:one.test")
            assert limit
            if limit.shut_until is None:
                break
            waits.append(limit.shut_until - room.clock.at)
            assert limit.reason == refusal
            tried = len(server.said)
            room.clock.at = limit.shut_until - timedelta(seconds=1)
            room.send()
            assert len([said for said in server.said[tried:] if said.stage == "rcpt"]) == 0, "it is shut"
            room.clock.at = limit.shut_until + timedelta(hours=1)
        assert waits[:2] == [timedelta(minutes=5), timedelta(minutes=30)]
        assert done.is_down is False
        room.clock.move(days=1)
        room.send()
        assert room.states() == {"sent": 3}
        assert (room.limit("domain:one.test").refusals, room.is_shut("domain:one.test")) == (0, False)  # type: ignore[union-attr]
    assert room.site.rows("SELECT count(*) FROM suppressions") == [(0,)]


@pytest.mark.parametrize("connections", ["1", "4"])
def test_a_domain_that_refuses_us_is_not_asked_for_each_of_its_readers(open_room: OpenRoom, connections: str) -> None:
    """Those that were claimed before are put off too, uncounted."""
    readers = [f"{number}@one.test" for number in range(40)]
    with ScriptedSmtp(
        lambda stage, to: "550 5.7.1 we don't like you" if stage == "rcpt" and to.endswith("@one.test") else None
    ) as server:
        room = open_room([*readers, CID], SMTP_PORT=str(server.port), SMTP_CONNECTIONS=connections)
        done = room.send()
        asked = [said.recipient for said in server.said if said.stage == "rcpt" and said.recipient != CID]
    assert len(asked) <= 2 * int(connections)
    assert done.put_off == 40 - len(asked)
    assert SENT.fits(room.letter(CID))
    assert room.site.rows("SELECT sum(attempts) FROM deliveries WHERE state <> 'sent'") == [(len(asked),)]
    limit = room.limit("domain:one.test")
    assert limit
    assert (limit.refusals, limit.shut_until) == (1, DUE + FIVE), "that they all say so is one refusal"


def test_a_relay_that_refuses_us_says_so_even_at_the_last_letter(open_room: OpenRoom) -> None:
    with ScriptedSmtp(script({("mail", "*"): "550 5.7.1 not you"})) as server:
        room = open_room([ANN], SMTP_PORT=str(server.port))
        done = room.send()
    assert done.is_down
    [told] = room.events("relay.down")
    assert "5.7.1" in str(told["reason"])
    assert LATER.fits(room.letter(ANN))


def test_a_relay_that_takes_three_lines_gets_three(open_room: OpenRoom) -> None:
    readers = [f"{number}@one.test" for number in range(60)]
    open_now: set[int] = set()
    turned_away = 0

    def talk(client: Client) -> None:
        nonlocal turned_away
        if len(open_now) >= 3:
            turned_away += 1
            client.say(b"421 4.7.0 too many connections\r\n")
            return
        open_now.add(id(client))
        try:
            client.greet()
            while client.take_letter():
                client.say(b"250 2.0.0 taken\r\n")
        finally:
            open_now.discard(id(client))

    with RudeSmtp(talk) as server:
        room = open_room(readers, SMTP_PORT=str(server.port), SMTP_CONNECTIONS="8")
        done = room.send()
    assert done.counts == {"sent": 60}
    assert turned_away == 5
    assert not room.is_shut(room.relay)


@pytest.mark.parametrize("kind", ["expired", "other name", "login"])
def test_who_cannot_be_trusted_or_does_not_let_us_in_gets_nothing(
    open_room: OpenRoom, authority: Authority, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    names = ("mail.elsewhere.test",) if kind == "other name" else ()
    offer = Offer(certificate=authority.certificate(*names, expired=kind == "expired"), login=("me", "right"))
    with ScriptedSmtp(offer=offer) as server:
        login = {"SMTP_USERNAME": "me", "SMTP_PASSWORD": "wrong-pass"}
        room = open_room(
            [ANN, CID], SMTP_HOST="localhost", SMTP_PORT=str(server.port), SMTP_SECURITY="starttls", **login
        )
        done: Drained = room.send()
        assert "mail" not in server.stages()
    assert done.is_down
    [told] = room.events("relay.down")
    assert ("refuses the login" if kind == "login" else "certificate") in str(told["reason"])
    assert "wrong-pass" not in str(room.log)
    assert UNTOUCHED.fits(room.letter(ANN))
    assert UNTOUCHED.fits(room.letter(CID))


# the database


def test_a_database_that_is_busy_for_a_while_leaves_no_letter_in_doubt(
    open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those whose answers are to be written down, nor those that are still on their way."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_SECONDS", 0.1)
    readers = [f"{number}@two.test" for number in range(8)]
    with ScriptedSmtp(script({("dot", ANN): Stall(seconds=3)})) as server, ThreadPoolExecutor(1) as pool:
        room = open_room([ANN, *readers], SMTP_PORT=str(server.port), SMTP_CONNECTIONS="2", SMTP_RATE="4")
        sending = pool.submit(room.send)
        server.wait_for(2)
        time.sleep(0.12)  # their answers are written down, the next may not leave yet
        with closing(sqlite3.connect(room.site.folder / "var" / "publisher.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(1.5)
            other.execute("COMMIT")
        assert sending.result().counts == {"sent": 9}
    assert room.letter(ANN).doubts == 0

"""What the DNS says is a value, whatever it does."""

from time import monotonic

import pytest

from publisher.core.records import Kind, Lookup, Question, zone_line
from publisher.dns import TIMEOUT_SECONDS, Resolver
from tests.servers.dns import SERVFAIL, SILENCE, StubDns, Zone
from tests.servers.loopback import HOST, free_port

LONG = "v=DKIM1; k=rsa; p=" + "A" * 700
ZONE: Zone = {
    "example.org": {
        "A": ["192.0.2.1", "192.0.2.2"],
        "AAAA": ["2001:db8::1"],
        "MX": ["20 b.example.org.", "10 a.example.org."],
        "TXT": ["v=spf1 -all", 'says "hello" \\ and more'],
    },
    "long.example.org": {"TXT": [LONG]},
    "nomail.example.org": {"MX": ["0 ."]},
    "broken.test": SERVFAIL,
    "silent.test": SILENCE,
}


def test_records_come_as_texts() -> None:
    with StubDns(ZONE) as dns:
        kinds: tuple[Kind, ...] = ("A", "AAAA", "MX", "TXT")
        questions = [*(Question("example.org", kind) for kind in kinds), Question("nomail.example.org", "MX")]
        found = Resolver(server=(HOST, dns.port)).ask(questions)
    assert list(found) == questions
    assert {outcome for outcome, _ in found.values()} == {"found"}
    assert [records for _, records in found.values()] == [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8::1",),
        ("10 a.example.org", "20 b.example.org"),
        ('says "hello" \\ and more', "v=spf1 -all"),
        ("0 ",),
    ]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("nobody.test", "no such name"),
        ("nomail.example.org", "no such record"),
        ("org", "no such record"),
        ("broken.test", "SERVFAIL"),
        ("silent.test", "no answer"),
        (f"{'a' * 64}.test", "no such name"),
        ("a..test", "no such name"),
    ],
)
def test_what_is_not_there_and_what_fails_are_values_too(name: str, outcome: str) -> None:
    question = Question(name, "TXT")
    with StubDns(ZONE) as dns:
        assert Resolver(server=(HOST, dns.port)).ask([question]) == {question: Lookup(outcome)}  # type: ignore[arg-type]


def test_a_long_record_is_asked_for_again_by_tcp_and_comes_whole() -> None:
    question = Question("long.example.org", "TXT")
    with StubDns(ZONE) as dns:
        assert Resolver(server=(HOST, dns.port)).ask([question]) == {question: Lookup("found", (LONG,))}
        assert [asked.over for asked in dns.asked] == ["udp", "tcp"]


def test_nobody_there_is_no_answer_and_many_questions_wait_together() -> None:
    questions = [Question(f"name{number}.test", "A") for number in range(8)]
    start = monotonic()
    found = Resolver(server=(HOST, free_port())).ask(questions)
    assert {lookup.outcome for lookup in found.values()} == {"no answer"}
    assert monotonic() - start < 3 * TIMEOUT_SECONDS


def test_a_record_for_a_zone_can_be_read_back() -> None:
    with StubDns({}) as dns:
        line = zone_line("s._domainkey.example.org", "TXT", LONG)
        assert line.startswith('s._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=AAA')
        assert max(len(part) for part in line.partition(" TXT ")[2].strip('"').split('" "')) == 255
        assert "".join(line.partition(" TXT ")[2].strip('"').split('" "')) == LONG
        assert dns.asked == []
    assert zone_line("example.org", "TXT", 'a "b" \\') == r'example.org. TXT "a \"b\" \\"'
    assert zone_line("example.org", "MX", "10 mx.example.org.") == "example.org. MX 10 mx.example.org."

"""SPF, DKIM, DMARC and MX: what is right is told as right, and what is missing is told with the record to add."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address

import pytest

from publisher.core.dmarc import dmarc_questions, organisation, parse_tags, policy_of, request_of
from publisher.core.finding import Finding
from publisher.core.freemail import free_mail_servers
from publisher.core.mailauth import (
    Mailing,
    Signing,
    dkim_findings,
    dmarc_finding,
    domain_finding,
    mail_questions,
    mx_finding,
    spf_finding,
)
from publisher.core.records import Lookup, Question, exchanges
from publisher.core.spf import LOOKUP_LIMIT, costs, mended, parse_spf, spf_questions, verdict

Zone = Mapping[str, Mapping[str, Sequence[str]] | str]
"""A name's records by their kinds, or its trouble."""

MAILING = Mailing(address="me@example.org", return_domain="example.org", leaves_from=("relay.example.net",), signing=())
KEY = "v=DKIM1; k=rsa; p=MIIBIjANBg"
SIGNED = replace(MAILING, signing=(Signing(selector="mail", record=KEY),))
RELAY = {"A": ["192.0.2.25"], "AAAA": ["2001:db8::25"]}
GOOD: Zone = {
    "example.org": {"A": ["192.0.2.80"], "MX": ["10 mx.example.net"], "TXT": ["google=1", "v=spf1 a:relay.example.net -all"]},
    "mx.example.net": {"A": ["192.0.2.26"]},
    "relay.example.net": RELAY,
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=none; rua=mailto:me@example.org"]},
    "mail._domainkey.example.org": {"TXT": [KEY]},
}  # fmt: skip


def ask(zone: Zone, question: Question) -> Lookup:
    there = zone.get(question.name)
    if there is None:
        return Lookup("no such name")
    if isinstance(there, str):
        return Lookup(there)  # type: ignore[arg-type]
    found = tuple(there.get(question.kind, ()))
    return Lookup("found", found) if found else Lookup("no such record")


def answers(zone: Zone, mailing: Mailing = MAILING) -> dict[Question, Lookup]:
    """All that is asked, round after round."""
    known: dict[Question, Lookup] = {}
    while missing := mail_questions(mailing, known) - known.keys():
        known |= {question: ask(zone, question) for question in missing}
    return known


def spf_answers(zone: Zone, domain: str) -> dict[Question, Lookup]:
    known: dict[Question, Lookup] = {}
    while missing := {*spf_questions(domain, known)} - known.keys():
        known |= {question: ask(zone, question) for question in missing}
    return known


def texts(records: Mapping[str, str | list[str]]) -> Zone:
    """A zone of TXT records."""
    return {name: {"TXT": [found] if isinstance(found, str) else found} for name, found in records.items()}


def of(changes: Zone) -> Zone:
    """The good zone with other records of these names and kinds."""
    found = dict(GOOD)
    for name, change in changes.items():
        before = found.get(name, {})
        found[name] = change if isinstance(change, str) or isinstance(before, str) else {**before, **change}
    return found


def shown(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.state, finding.lines


def test_where_all_is_well_all_is_told_as_well() -> None:
    known = answers(GOOD, SIGNED)
    before, after = (domain_finding, spf_finding), (dmarc_finding, mx_finding)
    found = [find(SIGNED, known) for find in before] + [*dkim_findings(SIGNED, known)]
    assert found + [find(SIGNED, known) for find in after] == [
        Finding(check="DNS", state="ok", found="example.org is there: A 192.0.2.80, MX mx.example.net"),
        Finding(check="SPF", state="ok", found="example.org: v=spf1 a:relay.example.net -all"),
        Finding(
            check="DKIM",
            state="ok",
            found="mail._domainkey.example.org shows a key that letters are signed with",
        ),
        Finding(
            check="DMARC", state="ok", found="p=none by _dmarc.example.org; letters can pass by SPF and DKIM"
        ),
        Finding(check="MX", state="ok", found="bounces to example.org go to mx.example.net"),
    ]  # fmt: skip


def test_questions_follow_answers_and_come_to_an_end() -> None:
    circle = {
        **GOOD,
        **texts({"example.org": "v=spf1 include:a.test -all", "a.test": "v=spf1 include:example.org -all"}),
    }
    assert Question("a.test", "TXT") in answers(circle)
    deep = {f"d{n}.test": {"TXT": [f"v=spf1 include:d{n + 1}.test -all"]} for n in range(50)}
    known = spf_answers(deep, "d0.test")
    assert LOOKUP_LIMIT < len(known) < LOOKUP_LIMIT + 5
    mailing = replace(MAILING, leaves_from=("192.0.2.1", "2001:db8::1"))
    assert {question.name for question in answers(GOOD, mailing)} == {
        "example.org", "mx.example.net", "relay.example.net", "_dmarc.example.org", "_dmarc.org",
    }  # fmt: skip


# -- SPF: the record


@pytest.mark.parametrize(
    ("record", "names", "faults"),
    [
        ("v=spf1", [], []),
        ("v=spf1 -all", ["all"], []),
        ("V=SPF1 A MX/24 a:x.test//64 a/24//64 ptr:x.test", ["a", "mx", "a", "a", "ptr"], []),
        ("v=spf1  ip4:192.0.2.0/24   ip6:2001:db8::/32 ~all", ["ip4", "ip6", "all"], []),
        ("v=spf1 exists:%{i}._spf.x.test redirect=y.test exp=z.test", ["exists", "redirect", "exp"], []),
        ("v=spf1 other.thing=x -all", ["other.thing", "all"], []),
        ("v=spf1 ip:192.0.2.1 -all", ["all"], ["ip:192.0.2.1"]),
        ("v=spf1 ip4:192.0.2.256 ip6:192.0.2.1 ip4:2001:db8::1", [], ["ip4:192.0.2.256", "ip6:192.0.2.1", "ip4:2001:db8::1"]),
        ("v=spf1 include: include exists all:x a: nonsense", [], ["include:", "include", "exists", "all:x", "a:", "nonsense"]),
    ],
)  # fmt: skip
def test_a_record_is_taken_apart_and_its_faults_are_named(record: str, names: list[str], faults: list[str]) -> None:
    terms, wrong = parse_spf(record)
    assert ([term.name for term in terms], wrong) == (names, faults)


NETS: Zone = {
    **texts(
        {
            "own": "v=spf1 a mx -all",
            "near": "v=spf1 a:host.test/24 a:host.test//32 -all",
            "ips": "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all",
            "within": "v=spf1 include:ips ?all",
            "twice": "v=spf1 include:within -all",
            "elsewhere": "v=spf1 redirect=ips",
            "nowhere": "v=spf1 redirect=none.test",
            "shut": "v=spf1 include:none.test -all",
            "ring": "v=spf1 include:ring -all",
            "odd": "v=spf1 exists:%{i}.x.test -all",
            "macro": "v=spf1 a:%{d} -all",
            "two": ["v=spf1 -all", "v=spf1 +all"],
            "wrong": "v=spf1 nonsense +all",
            "open": "v=spf1 +all",
            "first": "v=spf1 -ip4:192.0.2.7 +ip4:192.0.2.0/24 -all",
            "plain": "v=spf10 +all",
            "bare": "v=spf1",
            "dark": "v=spf1 include:dark.test -all",
        }
    ),
    "own": {"A": ["192.0.2.1"], "MX": ["10 host.test"], "TXT": ["v=spf1 a mx -all"]},
    "host.test": {"A": ["198.51.100.7"], "AAAA": ["2001:db8:1::7"]},
    "dark.test": "SERVFAIL",
}


@pytest.mark.parametrize(
    ("domain", "address", "said"),
    [
        ("own", "192.0.2.1", "pass"),
        ("own", "198.51.100.7", "pass"),
        ("own", "2001:db8:1::7", "pass"),
        ("own", "192.0.2.2", "fail"),
        ("near", "198.51.100.200", "pass"),
        ("near", "198.51.101.7", "fail"),
        ("near", "2001:db8:9::9", "pass"),
        ("ips", "192.0.2.200", "pass"),
        ("ips", "2001:db8::5", "pass"),
        ("ips", "198.51.100.7", "softfail"),
        ("within", "192.0.2.1", "pass"),
        ("within", "198.51.100.7", "neutral"),
        ("twice", "192.0.2.1", "pass"),
        ("twice", "198.51.100.7", "fail"),
        ("elsewhere", "192.0.2.1", "pass"),
        ("elsewhere", "198.51.100.7", "softfail"),
        ("nowhere", "192.0.2.1", "permerror"),
        ("shut", "192.0.2.1", "permerror"),
        ("ring", "192.0.2.1", "permerror"),
        ("odd", "192.0.2.1", "unknown"),
        ("macro", "192.0.2.1", "unknown"),
        ("two", "192.0.2.1", "permerror"),
        ("wrong", "192.0.2.1", "permerror"),
        ("open", "192.0.2.1", "pass"),
        ("first", "192.0.2.7", "fail"),
        ("first", "192.0.2.8", "pass"),
        ("plain", "192.0.2.1", "none"),
        ("bare", "192.0.2.1", "neutral"),
        ("dark", "192.0.2.1", "unknown"),
        ("absent", "192.0.2.1", "none"),
    ],
)
def test_a_record_says_of_an_address_what_receivers_find(domain: str, address: str, said: str) -> None:
    assert verdict(domain, ip_address(address), spf_answers(NETS, domain)) == said


def test_lookups_are_counted_with_those_of_included_records() -> None:
    zone = texts(
        {
            "top": "v=spf1 include:a.test a mx ip4:192.0.2.1 exists:x.test -all",
            "a.test": "v=spf1 include:b.test include:c.test -all",
            "b.test": "v=spf1 a ptr -all",
            "c.test": "v=spf1 redirect=b.test",
        }
    )
    assert costs("top", spf_answers(zone, "top")) == [("include:a.test", 8), ("a", 1), ("mx", 1), ("exists:x.test", 1)]
    ring = texts({"ring": f"v=spf1 {'include:ring ' * 8}-all"})
    assert sum(count for _, count in costs("ring", spf_answers(ring, "ring"))) > LOOKUP_LIMIT


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], "v=spf1 NEW -all"),
        (["v=spf1"], "v=spf1 NEW -all"),
        (["v=spf1 mx ~all"], "v=spf1 mx NEW ~all"),
        (["v=spf1 mx ?all exp=x.test"], "v=spf1 mx exp=x.test NEW ?all"),
        (["v=spf1 mx +all"], "v=spf1 mx NEW -all"),
        (["v=spf1 mx all"], "v=spf1 mx NEW -all"),
        (["v=spf1 redirect=x.test"], "v=spf1 NEW redirect=x.test"),
        (["v=spf1 mx ~all", "v=spf1 a mx -all"], "v=spf1 mx a NEW ~all"),
        (["v=spf1 ip:192.0.2.1 mx -all"], "v=spf1 mx NEW -all"),
        (["v=spf1 GONE mx -all"], "v=spf1 mx NEW -all"),
    ],
)
def test_a_record_is_mended_into_one_that_keeps_what_was_right(found: list[str], expected: str) -> None:
    assert mended(found, ["a:new.test"], without=["GONE"]) == expected.replace("NEW", "a:new.test")


# -- SPF: what the owner is told


@pytest.mark.parametrize(
    ("records", "state", "words", "record"),
    [
        ([], "failed", "has no SPF record", "v=spf1 a:relay.example.net -all"),
        (["v=spf1 mx -all"], "failed", "does not name relay.example.net", "v=spf1 mx a:relay.example.net -all"),
        (["v=spf1 mx ~all"], "failed", "does not name relay.example.net", "v=spf1 mx a:relay.example.net ~all"),
        (["v=spf1 include:other.test -all"], "warning", "where your letters leave, as far as can be seen",
         "v=spf1 include:other.test a:relay.example.net -all"),
        (["v=spf1 mx -all", "v=spf1 a:relay.example.net ~all"], "failed", "there are 2 SPF records",
         "v=spf1 mx a:relay.example.net -all"),
        (["v=spf1 a:relay.example.net +all"], "failed", "+all lets anybody send", "v=spf1 a:relay.example.net -all"),
        (["v=spf1 +all"], "failed", "+all lets anybody send", "v=spf1 a:relay.example.net -all"),
        (["v=spf1 ipv4:192.0.2.25 -all"], "failed", "ipv4:192.0.2.25 is no part of an SPF record",
         "v=spf1 a:relay.example.net -all"),
        (["v=spf1 include:gone.test a:relay.example.net -all"], "failed", "include:gone.test leads to no SPF record",
         "v=spf1 a:relay.example.net -all"),
        (["v=spf1 include:many.test a:relay.example.net -all"], "failed",
         "the record takes 12 lookups, and receivers give up after 10 (take out what you no longer use: include:many.test 11, ",
         "v=spf1 include:many.test a:relay.example.net -all"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_spf_is_told_with_the_record_to_have(
    records: list[str], state: str, words: str, record: str
) -> None:
    many = " ".join(f"a:h{number}.test" for number in range(10))
    zone = of(
        {
            "example.org": {"TXT": records},
            "other.test": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
            "many.test": {"TXT": [f"v=spf1 {many} -all"]},
        }
    )
    finding = spf_finding(MAILING, answers(zone))
    assert words in finding.found
    assert shown(finding) == (state, (f'example.org. TXT "{record}"',))


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 a:relay.example.net -all",
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all",
        "v=spf1 include:provider.test -all",
        "v=spf1 redirect=provider.test",
        "v=spf1 exists:%{i}._spf.example.net -all",
        f"v=spf1 {' '.join(f'a:h{number}.test' for number in range(9))} a:relay.example.net -all",
    ],
)
def test_a_relay_that_may_send_is_no_news(record: str) -> None:
    provider = {"TXT": ["v=spf1 a:relay.example.net ~all"]}
    zone = of({"example.org": {"TXT": [record]}, "provider.test": provider})
    assert shown(spf_finding(MAILING, answers(zone))) == ("ok", ())


def test_relays_that_are_addresses_or_several_or_this_machine_are_named_as_spf_names_them() -> None:
    zone = of({"example.org": {"TXT": []}})
    for leaves_from, record in (
        (("192.0.2.25",), "v=spf1 ip4:192.0.2.25 -all"),
        (("2001:db8::25",), "v=spf1 ip6:2001:db8::25 -all"),
        (("a.test", "b.test"), "v=spf1 a:a.test a:b.test -all"),
        ((), "v=spf1 ip4:ADDRESS -all"),
    ):
        mailing = replace(MAILING, leaves_from=leaves_from)
        finding = spf_finding(mailing, answers(zone, mailing))
        assert finding.lines == (f'example.org. TXT "{record}"',)
        assert ("public address for ADDRESS" in finding.wanted) is (leaves_from == ())
    here = replace(MAILING, leaves_from=())
    assert spf_finding(here, answers(GOOD, here)).state == "ok"


def test_spf_is_about_the_domain_of_the_return_path() -> None:
    mailing = replace(MAILING, return_domain="bounces.example.org")
    finding = spf_finding(mailing, answers(GOOD, mailing))
    assert finding.lines == ('bounces.example.org. TXT "v=spf1 a:relay.example.net -all"',)


# -- DKIM


def test_without_a_key_the_owner_is_told_how_to_have_one() -> None:
    (finding,) = dkim_findings(MAILING, answers(GOOD))
    assert (finding.state, finding.lines) == (
        "warning",
        (
            "openssl genrsa -out var/dkim.pem 2048",
            "PUBLISHER_DKIM_SELECTOR=mail",
            "PUBLISHER_DKIM_KEY_FILE=var/dkim.pem",
        ),
    )


@pytest.mark.parametrize(
    ("records", "state", "words"),
    [
        ([], "failed", "is not there"),
        (["v=DKIM1; k=rsa; p=ANOTHER"], "failed", "is another key"),
        (["v=DKIM1; k=ed25519; p=MIIBIjANBg"], "failed", "is another key"),
        (["v=DKIM1; p="], "failed", "is revoked"),
        ([KEY, "v=DKIM1; p=ANOTHER"], "failed", "has 2 records"),
        (["v=DKIM1; h=sha1; p=MIIBIjANBg"], "failed", "says h=sha1"),
        (["v=DKIM1; s=other; p=MIIBIjANBg"], "failed", "says s=other"),
        (["v=DKIM1; t=y:s; p=MIIBIjANBg"], "warning", "it is a test"),
        (["p=MIIB IjANBg"], "ok", "shows a key"),
        (["v=DKIM1;h=sha1:sha256;s=email;k=rsa;p=MIIBIjANBg;"], "ok", "shows a key"),
    ],
)
def test_the_key_in_the_dns_is_the_one_that_signs(records: list[str], state: str, words: str) -> None:
    zone = of({"mail._domainkey.example.org": {"TXT": records}})
    (finding,) = dkim_findings(SIGNED, answers(zone, SIGNED))
    line = f'mail._domainkey.example.org. TXT "{KEY}"'
    assert words in finding.found
    assert shown(finding) == (state, () if state == "ok" else (line,))


def test_each_of_several_keys_is_looked_for() -> None:
    second = Signing(selector="two", record="v=DKIM1; k=ed25519; p=11qYAYKxCr")
    mailing = replace(SIGNED, signing=(*SIGNED.signing, second))
    assert [shown(finding) for finding in dkim_findings(mailing, answers(GOOD, mailing))] == [
        ("ok", ()),
        ("failed", ('two._domainkey.example.org. TXT "v=DKIM1; k=ed25519; p=11qYAYKxCr"',)),
    ]


# -- DMARC


@pytest.mark.parametrize(
    ("records", "words", "record"),
    [
        ([], "has no DMARC record", "v=DMARC1; p=none; rua=mailto:me@example.org"),
        (["v=DMARC10; p=none"], "has no DMARC record", "v=DMARC1; p=none; rua=mailto:me@example.org"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "has 2 DMARC records", "v=DMARC1; p=reject"),
        (["v=DMARC1; p=nothing; rua=mailto:x@example.org"], "says p=nothing", "v=DMARC1; p=none; rua=mailto:x@example.org"),
        (["v=DMARC1; rua=mailto:x@example.org"], "says p=,", "v=DMARC1; p=none; rua=mailto:x@example.org"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_dmarc_is_told_with_the_record_to_have(records: list[str], words: str, record: str) -> None:
    finding = dmarc_finding(MAILING, answers(of({"_dmarc.example.org": {"TXT": records}})))
    assert words in finding.found
    assert shown(finding) == ("failed", (f'_dmarc.example.org. TXT "{record}"',))


@pytest.mark.parametrize(
    ("return_domain", "record", "signing", "state"),
    [
        ("example.org", "p=reject; aspf=s", False, "ok"),
        ("bounces.example.org", "p=reject", False, "ok"),
        ("bounces.example.org", "p=reject; aspf=s", False, "failed"),
        ("bounces.example.org", "p=reject; aspf=s", True, "ok"),
        ("example.net", "p=none", False, "warning"),
        ("example.net", "p=quarantine", False, "failed"),
        ("example.net", "p=reject; t=y", False, "warning"),
        ("example.net", "p=reject", True, "ok"),
    ],
)
def test_letters_pass_dmarc_where_the_return_path_or_the_signature_is_of_the_senders_domain(
    return_domain: str, record: str, signing: bool, state: str
) -> None:
    mailing = replace(SIGNED if signing else MAILING, return_domain=return_domain)
    zone = of({"_dmarc.example.org": {"TXT": [f"v=DMARC1; {record}"]}})
    finding = dmarc_finding(mailing, answers(zone, mailing))
    assert shown(finding) == (state, () if state == "ok" else ("PUBLISHER_MAIL_DOMAIN=example.org",))


@pytest.mark.parametrize(
    ("domain", "records", "org", "at", "asked"),
    [
        ("a.mail.example.org", {}, "a.mail.example.org", None, ""),
        ("a.mail.example.org", {"example.org": "p=reject; sp=none"}, "example.org", "example.org", "none"),
        ("a.mail.example.org", {"example.org": "p=reject"}, "example.org", "example.org", "reject"),
        ("a.mail.example.org", {"mail.example.org": "p=none", "example.org": "p=reject"}, "example.org", "example.org", "reject"),
        ("a.mail.example.org", {"a.mail.example.org": "p=none; sp=reject", "example.org": "p=reject"},
         "example.org", "a.mail.example.org", "none"),
        ("a.mail.example.org", {"mail.example.org": "p=none; psd=n", "example.org": "p=reject"},
         "mail.example.org", "mail.example.org", "none"),
        ("a.mail.example.org", {"org": "p=reject; psd=y"}, "example.org", "org", "reject"),
        ("mail.example.org", {"mail.example.org": "p=none; psd=y", "example.org": "p=reject"},
         "example.org", "mail.example.org", "none"),
        ("a.b.c.d.e.f.g.h.example.org", {"b.c.d.e.f.g.h.example.org": "p=none", "d.e.f.g.h.example.org": "p=reject"},
         "d.e.f.g.h.example.org", "d.e.f.g.h.example.org", "reject"),
    ],
)  # fmt: skip
def test_the_policy_of_a_domain_may_stand_above_it(
    domain: str, records: dict[str, str], org: str, at: str | None, asked: str
) -> None:
    zone = {f"_dmarc.{name}": {"TXT": [f"v=DMARC1; {record}"]} for name, record in records.items()}
    mailing = replace(MAILING, address=f"me@{domain}", return_domain=domain)
    known = answers(zone, mailing)
    policy = policy_of(domain, known)
    assert organisation(domain, known) == org
    assert (policy.domain if policy else None, request_of(policy, domain) if policy else "") == (at, asked)


def test_a_walk_has_eight_steps_at_most_and_passes_over_places_with_two_records() -> None:
    names = [question.name for question in dmarc_questions("a.b.c.d.e.f.g.h.example.org")]
    assert names[:2] == ["_dmarc.a.b.c.d.e.f.g.h.example.org", "_dmarc.d.e.f.g.h.example.org"]
    assert (len(names), names[-1]) == (8, "_dmarc.org")
    mailing = replace(MAILING, address="me@mail.example.org")
    twice = answers({"_dmarc.example.org": {"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}}, mailing)
    assert policy_of("mail.example.org", twice) is None


def test_a_return_path_below_the_sender_may_belong_to_somebody_else() -> None:
    mailing = replace(MAILING, return_domain="bounces.example.org")
    zone = of({"_dmarc.bounces.example.org": {"TXT": ["v=DMARC1; p=none; psd=n"]}})
    assert dmarc_finding(mailing, answers(zone, mailing)).state == "warning"


def test_tags_are_read_with_spaces_and_without_what_is_none() -> None:
    assert parse_tags(" v = DMARC1 ;p= none; ; nothing;rua=mailto:a@b.test?x=1 ;") == {
        "v": "DMARC1",
        "p": "none",
        "rua": "mailto:a@b.test?x=1",
    }


# -- MX, and the domain itself


@pytest.mark.parametrize(
    ("zone", "state", "words", "line"),
    [
        (of({"bounces.example.org": {}}), "failed", "has no MX record, so bounces can't arrive", "mx.example.net"),
        (of({"bounces.example.org": {"A": ["192.0.2.1"]}}), "warning", "go to the machine of that name", "mx.example.net"),
        (of({"bounces.example.org": {"MX": ["0 "]}}), "failed", "takes no mail", "mx.example.net"),
        (of({"bounces.example.org": {"MX": ["10 gone.test"]}}), "failed", "gone.test has no address", "mx.example.net"),
        (of({"example.org": {"MX": []}, "bounces.example.org": {}}), "failed", "no MX record", "mail.bounces.example.org"),
        (of({"bounces.example.org": {"MX": ["20 mx.example.net", "10 gone.test"]}}), "ok", "gone.test, mx.example.net", None),
    ],
)  # fmt: skip
def test_bounces_need_a_server_that_takes_them(zone: Zone, state: str, words: str, line: str | None) -> None:
    mailing = replace(MAILING, return_domain="bounces.example.org")
    finding = mx_finding(mailing, answers(zone, mailing))
    assert words in finding.found
    assert shown(finding) == (state, (f"bounces.example.org. MX 10 {line}.",) if line else ())


def test_a_server_without_an_address_is_not_proposed_again() -> None:
    zone = of({"example.org": {"MX": ["10 gone.test"]}})
    assert shown(mx_finding(MAILING, answers(zone))) == ("failed", ("example.org. MX 10 mail.example.org.",))


def test_servers_are_asked_in_the_order_of_their_preference() -> None:
    known = {Question("x.test", "MX"): Lookup("found", ("100 c.test", "9 a.test", "10 b.test"))}
    assert exchanges(known, "x.test") == ["a.test", "b.test", "c.test"]


def test_a_sender_whose_domain_is_not_there_is_told_what_to_add() -> None:
    finding = domain_finding(MAILING, answers({}))
    assert shown(finding) == ("failed", ("example.org. MX 10 mail.example.org.",))


@pytest.mark.parametrize("trouble", ["SERVFAIL", "no answer"])
def test_what_the_dns_does_not_answer_is_told_once_and_nothing_is_made_of_it(trouble: str) -> None:
    known = answers(dict.fromkeys(GOOD, trouble), SIGNED)
    first = domain_finding(SIGNED, known)
    assert shown(first) == ("failed", ("PUBLISHER_DNS_SERVER=9.9.9.9:53",))
    assert f"_dmarc.example.org TXT ({trouble})" in first.found
    others = [find(SIGNED, known) for find in (spf_finding, dmarc_finding, mx_finding)]
    assert {finding.state for finding in (*others, *dkim_findings(SIGNED, known))} == {"skipped"}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("me@localhost", "no domain of the DNS"),
        ("me@blog.localhost", "no domain of the DNS"),
        ("me@gmail.com", "belongs to its provider"),
        ("me@example.org", None),
    ],
)
def test_what_nobody_can_add_to_is_not_asked(address: str, why: str | None) -> None:
    found = replace(MAILING, address=address).unasked
    assert (why is None and found is None) or (why and found and why in found)


def test_providers_are_known_with_the_servers_that_sign_for_them() -> None:
    assert "gmail.com" in free_mail_servers("googlemail.com")
    assert free_mail_servers("gmx.de") == ("gmx.net", "gmx.com")
    assert free_mail_servers("example.org") == free_mail_servers("mail.example.org") == ()

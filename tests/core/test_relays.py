"""Relays as the owner writes them down: what they become, and every complaint at once, without a password in it."""

from datetime import timedelta

import pytest

from publisher.core.errors import ConfigurationError
from publisher.core.limits import Rate
from publisher.core.relays import Route, parse_relays

TWO = """
[[relay]]
host = "smtp.one.example"
username = "me"
password = "s3cret"
connections = 8
rate = "20/s"

[[relay]]
host = "smtp.two.example"
port = 2525
security = "none"
rate = "1000/h"
preference = 10
"""


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        parse_relays(text, "relays.toml")
    return str(told.value).splitlines()


def test_each_table_is_a_relay() -> None:
    assert parse_relays(TWO, "relays.toml") == (
        Route(
            host="smtp.one.example", port=587, username="me", password="s3cret", connections=8, rate=Rate(letters=20)
        ),
        Route(
            host="smtp.two.example",
            port=2525,
            security="none",
            rate=Rate(letters=1000, per=timedelta(hours=1)),
            preference=10,
        ),
    )


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_is_that_of_the_security(security: str, port: int) -> None:
    (route,) = parse_relays(f'[[relay]]\nhost = "a.example"\nsecurity = "{security}"', "relays.toml")
    assert route.port == port


def test_all_complaints_come_at_once_and_say_what_is_wanted() -> None:
    found = complaints(
        """
        [[relay]]
        host = "smtp.one.example:25"
        connections = 100
        [[relay]]
        port = 99999
        rate = "fast"
        security = "ssl"
        [[relay]]
        host = "smtp.three.example"
        weight = 3
        username = "me"
        """
    )
    assert [line.split(", wanted")[0].split(" can't")[0] for line in found] == [
        "relays.toml: relay 1: host: 'smtp.one.example:25'",
        "relays.toml: relay 1: connections: 100",
        "relays.toml: relay 2: port: 99999",
        "relays.toml: relay 2: rate: 'fast'",
        "relays.toml: relay 2: security: 'ssl'",
        "relays.toml: relay 2: host is missing",
        "relays.toml: relay 3: weight is no key",
        "relays.toml: relay 3: wanted are both a username and a password (or password_file), or neither",
    ]
    assert all("wanted" in line for line in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted is a [[relay]] for each mail server"),
        ("[relay]\nhost = 'a.example'", "wanted is a [[relay]] for each mail server"),
        ("[[relay]]\nhost = 'a.example'\n[other]\n", "and nothing else"),
        ("[[relay]\n", "wanted is TOML like [[relay]]"),
        ("relay = [1]", "relay 1: wanted is a table"),
        ("[[relay]]\nhost = ''", "host is missing"),
        ("[[relay]]\nhost = ''\nhots = 'a.example'", "hots is no key"),
        ("[[relay]]\nhost = 'a.example'\nport = true", "wanted is a whole number"),
        (TWO + TWO, "smtp.one.example:587 stands twice, wanted is once"),
        (TWO + TWO.replace("smtp.", "SMTP."), "stands twice, wanted is once"),
    ],
)
def test_what_is_no_list_of_relays_is_refused_with_advice(text: str, said: str) -> None:
    assert any(said in line for line in complaints(text))


@pytest.mark.parametrize(
    "text", ["password = 's3cret'", "username = 'me'\npassword = ['s3cret']", "pasword = 's3cret'"]
)
def test_no_complaint_shows_a_password(text: str) -> None:
    assert "s3cret" not in "\n".join(complaints(f"[[relay]]\nhost = 'a:b:g'\n{text}"))


@pytest.mark.parametrize(
    "text", ["password = s3cret", 'password = "s3cret', "password = 's3cret'\npassword = 's3cret'"]
)
def test_no_complaint_about_toml_shows_a_password(text: str) -> None:
    assert "s3cret" not in "\n".join(complaints(f"[[relay]]\nhost = 'a.example'\nusername = 'me'\n{text}"))

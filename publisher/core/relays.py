"""Several mail servers, as the owner writes them down in a TOML file: a `[[relay]]` each."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from publisher.core import typed
from publisher.core.errors import ConfigurationError
from publisher.core.identity import is_loopback
from publisher.core.limits import Rate

Security = Literal["none", "starttls", "tls"]
PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one mail server is reached, and what it bears."""

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = None
    password_file: str | None = None
    """Where the password stands instead."""
    connections: int = 1
    rate: Rate | None = None
    preference: int = 0
    """Those of the lowest that answer take all letters between them, the more the more connections they have."""


_KEYS: dict[str, Callable[[str], Any]] = {
    "host": typed.host,
    "port": typed.number(1, 65535),
    "security": typed.choice("none", "starttls", "tls"),
    "username": typed.optional,
    "password": typed.optional,
    "password_file": typed.optional,
    "connections": typed.number(1, 64),
    "rate": typed.rate,
    "preference": typed.number(0, 1000),
}


def parse_relays(text: str, file: str) -> tuple[Route, ...]:
    """Raises ConfigurationError with every complaint at once; `file` is what they call it."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: {error}, wanted is TOML like [[relay]] and below it host = ...") from error
    tables = found.get("relay")
    if not isinstance(tables, list) or not tables or found.keys() != {"relay"}:
        raise ConfigurationError(f"{file}: wanted is a [[relay]] for each mail server, and nothing else")
    complaints: list[str] = []
    routes = [_route(table, f"{file}: relay {number}", complaints) for number, table in enumerate(tables, 1)]
    names = [f"{route.host.lower()}:{route.port}" for route in routes if route]
    complaints += [f"{file}: {name} stands twice, wanted is once" for name in sorted({*names}) if names.count(name) > 1]
    if complaints:
        raise ConfigurationError(*complaints)
    return tuple(route for route in routes if route)


def _route(table: object, place: str, complaints: list[str]) -> Route | None:
    if not isinstance(table, dict):
        complaints.append(f"{place}: wanted is a table")
        return None
    values: dict[str, Any] = {}
    before = len(complaints)
    for key, value in table.items():
        parse = _KEYS.get(key)
        if parse is None:
            complaints.append(f"{place}: {key} is no key, wanted is one of {', '.join(_KEYS)}")
            continue
        try:
            values[key] = parse(str(value))
        except ValueError as error:
            shown = "this value" if key == "password" else repr(value)
            complaints.append(f"{place}: {key}: {shown} can't be used, {error}")
    if not table.get("host"):
        complaints.append(f"{place}: host is missing, wanted is a host name like smtp.example.org")
    if bool(table.get("username")) != bool(table.get("password") or table.get("password_file")):
        complaints.append(f"{place}: wanted are both a username and a password (or password_file), or neither")
    if table.get("security") == "none" and table.get("username") and not is_loopback(str(table.get("host", ""))):
        complaints.append(f"{place}: security none would show the password to the network, wanted is starttls or tls")
    if len(complaints) > before:
        return None
    values.setdefault("port", PORTS[values.get("security", "starttls")])
    return Route(**values)

"""What people type into settings, understood. Each function takes the text and raises ValueError with what is wanted."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import getaddresses
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from publisher.core.address import ascii_address, normalise
from publisher.core.errors import AddressError
from publisher.core.limits import Rate
from publisher.core.model import is_one_line
from publisher.core.pattern import NAMES_POST, WORD

_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def text(value: str) -> str:
    return value


def words(value: str) -> str:
    if not value or not is_one_line(value):
        raise ValueError("wanted are some words on one line")
    return value


def optional(value: str) -> str | None:
    return value or None


def words_apart(value: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", value) if part)


def between_commas(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def dkim_selectors(value: str) -> tuple[str, ...]:
    names = words_apart(value)
    label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    are_good = all(len(name) < 200 and re.fullmatch(rf"{label}([.]{label})*", name) for name in names)
    if not are_good or len({name.lower() for name in names}) < len(names):
        raise ValueError("wanted is a name like mail or 2026-11, another one for each key")
    return names


def web_address(value: str) -> str:
    """Of a site: to what stands below it, paths are added."""
    return _url(
        value, """?#<>"'\\""", "wanted is an address like https://example.org or https://example.org/blog"
    ).rstrip("/")


def optional_web_address(value: str) -> str | None:
    return web_address(value) if value else None


def optional_url(value: str) -> str | None:
    """Of one place, to the letter."""
    return _url(value, """#<>"'\\""", "wanted is an address like https://hub.example.org/") if value else None


def _url(value: str, forbidden: str, wanted: str) -> str:
    """With a host beyond ASCII in its ASCII form."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
        if not host.isascii():
            name = ascii_address(f"x@{host}").removeprefix("x@")
            value = urlunsplit(parts._replace(netloc=parts.netloc.lower().replace(host, name)))
            host = name
        is_good = parts.scheme in ("http", "https") and re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", host)
    except (ValueError, AddressError):
        is_good = None
    if not is_good or not re.fullmatch(r"[!-~]+", value) or not set(forbidden).isdisjoint(value):
        raise ValueError(wanted)
    return value


def zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("wanted is a time zone like Europe/Berlin, America/New_York or UTC") from error


def language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", value):
        raise ValueError("wanted is a language tag like en, de or pt-BR")
    return value


def permalink(value: str) -> str:
    filled = WORD.sub("x", value)
    is_path = re.fullmatch(r"/([\w.~-]+/)*([\w.~-]+(/|\.html?))", filled)
    if not NAMES_POST.search(value) or not is_path or re.search(r"/\.+/", filled):
        raise ValueError(
            "wanted is a path like /{year}/{month}/{slug}/ or /{categories}/{slug}.html, of year, month, day, date:%B, "
            "categories, section (the first folder), folder (all of them), and slug, title or name (the file's, as it is), "
            "with / in front and / or .html at the end"
        )
    return value


def switch(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise ValueError("wanted is on or off")
    return value.lower() == "on"


def feed_aliases(value: str) -> tuple[tuple[str, str], ...]:
    """Each old path with the path of the feed that it leads to."""
    found: list[tuple[str, str]] = []
    for word in words_apart(value):
        old, _, new = word.partition("=")
        name = new.lstrip("/") or ("atom.xml" if "atom" in old else "feed.json" if "json" in old else "rss.xml")
        if not re.fullmatch(r"/[!-~]+", old) or name not in ("rss.xml", "atom.xml", "feed.json"):
            raise ValueError("wanted are paths like /feed/ or /old.xml=atom.xml (or rss.xml, or feed.json)")
        found.append((old, f"/{name}"))
    return tuple(found)


def number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise ValueError(f"wanted is a whole number from {low} to {high}")
        return int(value)

    return parse


def optional_number(low: int, high: int) -> Callable[[str], int | None]:
    parse = number(low, high)
    return lambda value: parse(value) if value else None


def choice(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"wanted is one of {', '.join(choices)}")
        return value.lower()

    return parse


def time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("wanted is a time of day like 08:00 or 17:30")
    return value


def duration(value: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})\s*(s|m|h|d)", value)
    if not found:
        raise ValueError("wanted is a number with its unit, s, m, h or d: 90s, 10m, 72h, 7d")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def rate(value: str) -> Rate:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(?:/(s|m|h))?", value)
    if not found or not float(found[1]):
        raise ValueError("wanted is a number of letters, in a second if nothing else is said: 20, 20/s, 100/m, 1000/h")
    unit = {"s": "seconds", "m": "minutes", "h": "hours"}[found[2] or "s"]
    return Rate(letters=float(found[1]), per=timedelta(**{unit: 1}))


def optional_rate(value: str) -> Rate | None:
    return rate(value) if value else None


def domain_limits(value: str) -> dict[str, Rate]:
    found: dict[str, Rate] = {}
    for word in words_apart(value):
        domain, equals, most = word.partition("=")
        if not equals or not _DOMAIN.fullmatch(domain):
            raise ValueError("wanted are domains with their rates like gmail.com=20/s, gmx.de=100/m")
        found[domain.lower()] = rate(most)
    return found


def mailbox(value: str) -> tuple[str, str] | None:
    """(display name, address) of `me@example.org` or `The Name <me@example.org>`."""
    if not value:
        return None
    wanted = "wanted is me@example.org or The Name <me@example.org>"
    found = getaddresses([value])
    if len(found) != 1:
        raise ValueError(f"{wanted}; a name with a comma stands in quotes: '\"Name, The\" <me@example.org>'")
    try:
        address = normalise(found[0][1], is_local_allowed=True)
    except AddressError as error:
        raise ValueError(f"{wanted}; {error}") from error
    if not address.rpartition("@")[0].isascii():
        raise ValueError(f"{wanted}; not every mail server takes letters beyond ASCII before the @")
    return found[0][0], address


def mail_domain(value: str) -> str | None:
    if value and not _DOMAIN.fullmatch(value):
        raise ValueError("wanted is a domain like example.org")
    return value.lower() or None


def database(value: str) -> str:
    if not re.match(r"(sqlite:///.|postgresql://.)", value):
        raise ValueError("wanted is sqlite:///path/to/file.db or postgresql://user:password@host/name")
    return value


def server(value: str) -> tuple[str, int] | None:
    """(address, port) of `9.9.9.9:53` or `[2620:fe::fe]:53`."""
    if not value:
        return None
    address, _, port = value.rpartition(":")
    try:
        return str(ip_address(address.strip("[]"))), number(1, 65535)(port)
    except ValueError as error:
        raise ValueError("wanted is an address with a port, like 9.9.9.9:53 or [2620:fe::fe]:53") from error


def host(value: str) -> str | None:
    if value and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\]", value):
        raise ValueError("wanted is a host name like smtp.example.org, without a port")
    return value.strip("[]") or None

"""The settings: one table that declares them, and how they are read from the environment, `.env`, and the settings file of
a site generator whose folder it is, in this order.

Each field of `Settings` is one setting: its name in capitals behind `PUBLISHER_`, how its text is understood, what it is
when nobody says, and what to tell the owner. `.env.example` is printed from here.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dotenv.parser import parse_stream

from publisher.core import typed
from publisher.core.errors import ConfigurationError
from publisher.core.generators.adopted import Adopted, adopt
from publisher.core.identity import is_loopback
from publisher.core.limits import Rate
from publisher.core.model import is_printable
from publisher.core.relays import PORTS, Route
from publisher.disk.generators import recognised

PREFIX = "PUBLISHER_"


def _setting(group: str, parse: Callable[[str], Any], default: str, *about: str, is_secret: bool = False) -> Any:
    """A row of the table. `default` is written as the owner would write it."""
    metadata = {"group": group, "parse": parse, "default": default, "about": about, "is_secret": is_secret}
    return field(default_factory=lambda: parse(default), metadata=metadata)


_SITE, _SERVER, _MAIL, _DIGEST = "The site", "Keys and the database", "Mail", "The digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one site, checked."""

    site_url: str = _setting(
        _SITE, typed.web_address, "http://127.0.0.1:8000", "Where the world reaches the pages; may hold a path."
    )
    service_url: str | None = _setting(
        _SITE,
        typed.optional_web_address,
        "",
        "Where sign-up, confirm and leave links lead, if the pages lie on a static host",
        "and `publisher serve` runs elsewhere. Empty: the same as SITE_URL.",
    )
    site_title: str = _setting(_SITE, typed.words, "A notebook", "The name of the publication.")
    site_description: str = _setting(_SITE, typed.text, "New posts, by feed or by email.", "One sentence about it.")
    site_language: str = _setting(_SITE, typed.language, "en", "The language of the posts.")
    timezone: ZoneInfo = _setting(
        _SITE, typed.zone, "UTC", "Dates without a zone, and the hour of the digest, are in this one."
    )
    author_name: str | None = _setting(_SITE, typed.optional, "", "Who writes, where a post does not say.")
    author_email: str | None = _setting(_SITE, typed.optional, "", "Shown in the feeds, if given.")
    posts_dir: str = _setting(_SITE, typed.words, "posts", "The folder of the posts.")
    output_dir: str = _setting(_SITE, typed.words, "public", "Where pages and feeds are written.")
    permalink: str = _setting(
        _SITE,
        typed.permalink,
        "/{year}/{month}/{slug}/",
        "The addresses of posts, of {year} {month} {day} {slug} {title} {name} {section} {folder} {categories}; ends in / or",
        ".html. {title:hugo} is spelt as Hugo spells it; so are :jekyll, :zola, :pelican, :astro, :eleventy.",
    )
    feed_limit: int = _setting(_SITE, typed.number(1, 1000), "20", "How many posts a feed holds.")
    feed_content: Literal["full", "summary"] = _setting(
        _SITE, typed.choice("full", "summary"), "full", "full or summary."
    )

    feed_aliases: tuple[tuple[str, str], ...] = _setting(
        _SITE,
        typed.feed_aliases,
        "/feed/ /feed.xml /index.xml",
        "Paths where your feeds once stood: they lead to the new ones for ever. /old.xml=atom.xml says which one is meant;",
        "without that a name with `atom` in it means atom.xml, one with `json` feed.json, all others rss.xml.",
    )
    archives: bool = _setting(
        _SITE, typed.switch, "on", "on: all older posts are in the feeds as well, behind the newest (RFC 5005). Or off."
    )
    websub_hub: str | None = _setting(
        _SITE, typed.optional_url, "", "A WebSub hub, which tells readers of a new post at once."
    )
    site_rights: str | None = _setting(_SITE, typed.optional, "", "Shown in the feeds: (c) 2026 Me, CC BY 4.0.")
    site_icon: str | None = _setting(_SITE, typed.optional, "", "A picture for feed readers: a path or an address.")
    pages: bool = _setting(
        _SITE, typed.switch, "on", "off: only feeds and the sign-up are written; your own generator makes the pages."
    )

    database_url: str = _setting(
        _SERVER,
        typed.database,
        "sqlite:///var/publisher.db",
        "Subscribers and what they were sent. A relative path begins at the site's folder.",
        "PostgreSQL: postgresql://user:password@host/name",
        is_secret=True,
    )
    secret_key: str | None = _setting(
        _SERVER,
        typed.optional,
        "",
        "Signs the links in letters: 32 characters or more, never shown. Empty: made once",
        "and kept in var/secret-key.",
        is_secret=True,
    )
    old_secret_keys: tuple[str, ...] = _setting(
        _SERVER, typed.words_apart, "", "Earlier keys, with commas: links that they signed stay good.", is_secret=True
    )
    dns_server: tuple[str, int] | None = _setting(
        _SERVER,
        typed.server,
        "",
        "Whom `publisher doctor` asks about your domain, like 9.9.9.9:53. Empty: the system's own resolver.",
    )
    log_level: str = _setting(
        _SERVER, typed.choice("debug", "info", "warning", "error"), "info", "debug, info, warning or error."
    )

    mail_transport: Literal["smtp", "file"] = _setting(
        _MAIL, typed.choice("smtp", "file"), "smtp", "smtp, or file: letters become .eml files in var/mail."
    )
    smtp_host: str | None = _setting(
        _MAIL, typed.host, "", "Your provider's server for outgoing mail. Empty: no mail is sent."
    )
    smtp_port: int | None = _setting(
        _MAIL, typed.optional_number(1, 65535), "", "Empty: 587 for starttls, 465 for tls, 25 for none."
    )
    smtp_security: Literal["none", "starttls", "tls"] = _setting(
        _MAIL, typed.choice("none", "starttls", "tls"), "starttls", "starttls, tls (from the first byte), or none."
    )
    smtp_username: str | None = _setting(_MAIL, typed.optional, "", "Empty: no login.")
    smtp_password: str | None = _setting(
        _MAIL, typed.optional, "", "Or name a file that holds it: PUBLISHER_SMTP_PASSWORD_FILE.", is_secret=True
    )
    smtp_connections: int = _setting(_MAIL, typed.number(1, 64), "1", "How many connections send at a time.")
    smtp_rate: Rate | None = _setting(
        _MAIL,
        typed.optional_rate,
        "",
        "The most letters in a second, or 100/m, 1000/h. Empty: as fast as the server takes them.",
    )
    relays_file: str | None = _setting(
        _MAIL,
        typed.optional,
        "",
        "A file of several mail servers, in place of the SMTP_ settings: a [[relay]] each, with host, port, security,",
        "username, password (or password_file), connections, rate, and preference: the lowest that answers is used.",
    )
    domain_limits: Mapping[str, Rate] = _setting(
        _MAIL, typed.domain_limits, "", "How fast single domains take letters: gmail.com=20/s, gmx.de=100/m."
    )
    mail_from: tuple[str, str] | None = _setting(
        _MAIL, typed.mailbox, "", "Who the letters come from: The Name <me@example.org>."
    )
    mail_reply_to: tuple[str, str] | None = _setting(_MAIL, typed.mailbox, "", "Where answers go. Empty: to MAIL_FROM.")
    mail_domain: str | None = _setting(
        _MAIL,
        typed.mail_domain,
        "",
        "A domain whose mail for bounces+...@ and unsubscribe@ reaches you: bounces then tell which",
        "letter they are about. Empty: bounces and requests to leave go to MAIL_FROM.",
    )
    dkim_selector: tuple[str, ...] = _setting(
        _MAIL,
        typed.dkim_selectors,
        "",
        "Under which name in the DNS the key below is found: mail stands for mail._domainkey.example.org. With commas, one for",
        "each key. Empty: letters leave unsigned, or your provider's server signs them.",
    )
    dkim_key_file: tuple[str, ...] = _setting(
        _MAIL,
        typed.between_commas,
        "",
        "Where the private key lies that signs letters for the domain of MAIL_FROM; a relative path begins at the site's folder.",
        "`openssl genrsa -out var/dkim.pem 2048` makes one. With commas, a second, of ed25519.",
    )
    postal_address: str | None = _setting(
        _MAIL, typed.optional, "", "Shown under every letter; some countries' laws want one."
    )
    uncertain: Literal["resend", "leave"] = _setting(
        _MAIL,
        typed.choice("resend", "leave"),
        "resend",
        "What becomes of the one letter that may or may not have left when the power failed.",
    )

    digest_time: str = _setting(_DIGEST, typed.time_of_day, "08:00", "When the daily digest leaves, in TIMEZONE.")
    digest_content: Literal["full", "summary"] = _setting(
        _DIGEST, typed.choice("full", "summary"), "full", "full or summary."
    )
    welcome_posts: int = _setting(
        _DIGEST, typed.number(0, 20), "0", "How many of the newest posts a new subscriber's first digest brings along."
    )
    hold: timedelta = _setting(
        _DIGEST, typed.duration, "10m", "How long a new post can still be taken back before it is mailed."
    )
    release_burst: int = _setting(
        _DIGEST, typed.number(1, 10000), "10", "More new posts than this at once wait for `publisher release`."
    )
    stale_after: timedelta = _setting(
        _DIGEST, typed.duration, "72h", "A digest later than this is held until `publisher editions approve`."
    )

    @property
    def has_mail(self) -> bool:
        """Whether letters can leave."""
        return bool(self.mail_transport == "file" or self.smtp_host or self.relays_file)

    def route(self) -> Route | None:
        """The one mail server of the SMTP_ settings."""
        if self.smtp_host is None:
            return None
        return Route(
            host=self.smtp_host,
            port=self.smtp_port or PORTS[self.smtp_security],
            security=self.smtp_security,
            username=self.smtp_username,
            password=self.smtp_password,
            connections=self.smtp_connections,
            rate=self.smtp_rate,
        )


def example(values: Mapping[str, str] | None = None) -> str:
    """The text of a `.env` with every setting explained; those in `values` (by field name) set, the others commented out."""
    lines: list[str] = []
    group = ""
    for row in fields(Settings):
        if row.metadata["group"] != group:
            group = row.metadata["group"]
            lines += ["", f"# {group}", ""]
        lines += [f"# {line}" for line in row.metadata["about"]]
        given = (values or {}).get(row.name)
        name = PREFIX + row.name.upper()
        lines.append(f"#{name}={row.metadata['default']}" if given is None else f"{name}={_quoted(given)}")
    head = "# The settings of this site. Lines that begin with # are the defaults. The environment wins over this file."
    return "\n".join([head, *lines]) + "\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if re.search(r"[\s#'\"]", value) else value


@dataclass(frozen=True, slots=True)
class _Given:
    """A value with the place it came from, for complaints."""

    value: str
    place: str


def adopted(folder: Path, environment: Mapping[str, str] | None = None) -> Adopted | None:
    """None where no generator is known. Raises ConfigurationError where `.env` is no text file."""
    return _adopted(folder, _read_given(folder, environment, []))


def read_settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of the site in `folder`. Raises ConfigurationError with every complaint at once.

    What a generator's file says and can't be used is no complaint: see `adopted`.
    """
    complaints: list[str] = []
    given = _read_given(folder, environment, complaints)
    if others := _adopted(folder, given):
        given |= {_key(name): _Given(found.value, found.place) for name, found in others.settings.items()}
    known = {PREFIX + row.name.upper(): row for row in fields(Settings)}
    values: dict[str, Any] = {}
    for name, found in given.items():
        complaint = _take(name, found, known, given, values, folder)
        if complaint:
            complaints.append(f"{found.place}: {complaint}")
    settings = Settings(**values)
    told = " ".join(complaints)
    contradictions = (*_contradictions(settings), *_exposed(settings, folder))
    complaints += [
        text for text in contradictions if not any(name in told for name in re.findall(rf"{PREFIX}\w+", text))
    ]
    if complaints:
        raise ConfigurationError(*complaints)
    return settings


def secret_files(folder: Path, environment: Mapping[str, str] | None = None) -> list[Path]:
    """The files, there or not, that hold secrets by what the settings say."""
    given = _read_given(folder, environment, [])
    values = [found.value for name, found in given.items() if name.startswith(PREFIX) and name.endswith("_FILE")]
    named = [folder / part.strip() for value in values for part in value.split(",")]
    return [folder / ".env", folder / "var" / "secret-key", *named]


def _read_given(folder: Path, environment: Mapping[str, str] | None, complaints: list[str]) -> dict[str, _Given]:
    given = _read_env_file(folder / ".env", complaints)
    for name, value in (os.environ if environment is None else environment).items():
        if name.startswith(PREFIX):
            given[name] = _Given(value, "environment")
    return given


def _key(name: str) -> str:
    return PREFIX + name.upper()


def _adopted(folder: Path, given: Mapping[str, _Given]) -> Adopted | None:
    if (found := recognised(folder)) is None:
        return None
    rows = fields(Settings)
    defaults = {row.name: row.metadata["default"] for row in rows}
    names = [row.name for row in rows if _key(row.name) in given]
    return adopt(found, names, defaults, has_default_folder=(folder / defaults["posts_dir"]).is_dir())


def _read_env_file(path: Path, complaints: list[str]) -> dict[str, _Given]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path.name}: the file is not UTF-8, save it as UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{path.name}: {error.strerror}, wanted is a file that you may read") from error
    given: dict[str, _Given] = {}
    for binding in parse_stream(StringIO(text)):
        raw = binding.original.string
        line = binding.original.line + raw[: len(raw) - len(raw.lstrip())].count("\n")
        if binding.error or (binding.key and binding.value is None):
            complaints.append(f"{path.name}:{line}: this line can't be read, wanted is NAME=value")
        elif binding.key:
            given[binding.key] = _Given((binding.value or "").strip(), f"{path.name}:{line}")
    return given


def _take(
    name: str,
    found: _Given,
    known: Mapping[str, Field[Any]],
    given: Mapping[str, _Given],
    values: dict[str, Any],
    folder: Path,
) -> str | None:
    """Put one given value into `values`; returns a complaint instead where it can't be used."""
    if name.startswith(PREFIX) and not is_printable(found.value):
        return f"{name}: this value can't be used, it holds a control character or is not UTF-8"
    if name.removesuffix("_FILE") in known and name not in known:
        name, twin = name.removesuffix("_FILE"), name
        if not known[name].metadata["is_secret"]:
            return f"{twin}: only secrets are read from files, wanted is {name}"
        if name in given:
            return f"{twin} and {name} are both given, wanted is one of them"
        try:
            text = (folder / found.value).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            return f"{twin}: the file {found.value} can't be read ({getattr(error, 'strerror', 'not UTF-8')})"
        return _take(name, _Given(text, found.place), known, {}, values, folder)
    if name not in known:
        return _unknown(name, known)
    row = known[name]
    try:
        values[row.name] = row.metadata["parse"](found.value)
    except ValueError as error:
        shown = "this value" if row.metadata["is_secret"] else repr(found.value)
        return f"{name}: {shown} can't be used, {error}"
    return None


def _unknown(name: str, known: Mapping[str, Field[Any]]) -> str | None:
    """A complaint about a name that is no setting; other programs' names in a shared `.env` are none of ours."""
    if PREFIX + name in known:
        return f"{name} is read only as {PREFIX + name}"
    if not name.startswith(PREFIX):
        return None
    names = [each.removeprefix(PREFIX) for each in known]  # what all have in common would make all look alike
    near = get_close_matches(name.removeprefix(PREFIX), names, n=1, cutoff=0.6)
    mend = f"did you mean {PREFIX + near[0]}?" if near else "see .env.example for all of them"
    return f"{name} is no setting, {mend}"


def _contradictions(settings: Settings) -> list[str]:
    found: list[str] = []
    if settings.smtp_host and settings.relays_file:
        found.append(f"{PREFIX}RELAYS_FILE stands beside {PREFIX}SMTP_HOST, wanted is one of them")
    if settings.has_mail and settings.mail_transport == "smtp" and not settings.mail_from:
        found.append(
            f"{PREFIX}MAIL_FROM is missing, wanted is the address that letters come from: The Name <me@example.org>"
        )
    if bool(settings.smtp_username) != bool(settings.smtp_password):
        missing = "SMTP_PASSWORD" if settings.smtp_username else "SMTP_USERNAME"
        found.append(f"{PREFIX}{missing} is missing, wanted are both a name and a password, or neither")
    if (
        settings.smtp_password
        and settings.smtp_security == "none"
        and not is_loopback(settings.smtp_host or "localhost")
    ):
        found.append(f"{PREFIX}SMTP_SECURITY=none would show the password to the network, wanted is starttls or tls")
    if len(settings.dkim_selector) < len(settings.dkim_key_file):
        found.append(f"{PREFIX}DKIM_SELECTOR is missing or too short, wanted is a name for each key, like mail")
    if len(settings.dkim_key_file) < len(settings.dkim_selector):
        found.append(
            f"{PREFIX}DKIM_KEY_FILE is missing or too short, wanted is the file of a private key for each selector: "
            "openssl genrsa -out var/dkim.pem 2048"
        )
    if settings.secret_key is not None and len(settings.secret_key) < 32:
        found.append(f"{PREFIX}SECRET_KEY is too short, wanted are 32 characters or more that nobody can guess")
    return found


def _exposed(settings: Settings, folder: Path) -> list[str]:
    """Addresses in `var`, and keys, may neither lie on the web nor be copied there like a picture of a post."""
    state, found = (folder / "var").resolve(), []
    keys = [(key, (folder / key).resolve()) for key in settings.dkim_key_file]
    for name, value in (("OUTPUT_DIR", settings.output_dir), ("POSTS_DIR", settings.posts_dir)):
        place = (folder / value).resolve()
        if state.is_relative_to(place) or place.is_relative_to(state):
            found.append(f"{PREFIX}{name}: {value!r} would show var to the world, wanted is a folder of its own")
        found += [
            f"{PREFIX}DKIM_KEY_FILE: {key!r} would show the key to the world, wanted is a place outside of {value}"
            for key, path in keys
            if path.is_relative_to(place)
        ]
    return found

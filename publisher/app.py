"""The only wiring: settings become a publication with its tools, and a clock.

What only mail needs, the database above all, takes most of a second to import: that is left until it is needed.
"""

import logging
import secrets
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from publisher import disk
from publisher.actions.publication import KEY_NAME, Folders, Log, Publication, Relay, Rules, Workshop
from publisher.clock import Clock, clock
from publisher.config import PREFIX, Settings, read_settings, secret_files
from publisher.core.address import ascii_address
from publisher.core.errors import Busy, ConfigurationError, PublisherError, StorageError
from publisher.core.identity import is_loopback
from publisher.core.model import Site
from publisher.templates import Templates

if TYPE_CHECKING:
    from publisher.actions.examine import Examination, Server
    from publisher.core.dkim import DkimKey
    from publisher.core.letter import Sender
    from publisher.core.mailauth import Mailing
    from publisher.core.relays import Route
    from publisher.core.token import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    settings: Settings
    publication: Publication
    clock: Clock

    def close(self) -> None:
        self.publication.storage.close()


def open_workshop(folder: Path, *, environment: Mapping[str, str] | None = None) -> Workshop:
    """The site in `folder`, ready to be built. Raises ConfigurationError."""
    folder = _existing(folder)
    return _workshop(folder, read_settings(folder, environment))


def open_app(
    folder: Path,
    *,
    now: datetime | None = None,
    is_running: bool = False,
    changes: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> App:
    """The site in `folder`, ready to work. Raises ConfigurationError, StorageError or Busy.

    `now`: the publication's clock shows this, and runs on if `is_running`. `changes` are settings that a command overrides;
    `environment` stands for the process's own.
    """
    from publisher.storage import open_storage

    folder = _existing(folder)
    settings = replace(read_settings(folder, environment), **(changes or {}))
    workshop = _workshop(folder, settings)
    moment = clock(now, is_fixed=not is_running)
    log = _logging(settings.log_level, moment)
    state = workshop.folders.state
    keys = _keys(settings, state)
    sender = _sender(settings, workshop.site, keys, _dkim_keys(settings, folder))
    publication = Publication(
        site=workshop.site,
        folders=workshop.folders,
        templates=workshop.templates,
        rules=_rules(settings),
        storage=open_storage(settings.database_url, folder),
        keys=keys,
        sender=sender,
        relays=_relays(settings, workshop.folders, sender, moment) if sender else (),
        log=log,
    )
    return App(settings=settings, publication=publication, clock=moment)


def open_examination(folder: Path, moment: Clock, *, program: str) -> "Examination":
    """The site in `folder`, to be looked at even where its database can't be opened. Raises ConfigurationError.

    `program`: how this program is called from anywhere on this machine.
    """
    from publisher.actions.examine import Examination
    from publisher.dns import Resolver
    from publisher.storage import Storage, open_storage

    folder = _existing(folder)
    settings = read_settings(folder)
    workshop = _workshop(folder, settings)
    storage: Storage | PublisherError
    try:
        storage = open_storage(settings.database_url, folder)
    except (StorageError, Busy) as error:
        storage = error
    keys = _keys(settings, workshop.folders.state)
    sender = _sender(settings, workshop.site, keys, _dkim_keys(settings, folder))
    routes = _routes(settings, folder) if sender and settings.mail_transport == "smtp" else ()
    relays = _relays(settings, workshop.folders, sender, moment) if sender else ()
    return Examination(
        workshop=workshop,
        storage=storage,
        mailing=_mailing(workshop.site, sender, routes) if sender else None,
        servers=_servers(settings, relays, routes) if routes else (),
        secrets=(*secret_files(folder),),
        ask=Resolver(server=settings.dns_server).ask,
        tick=f"cd {quote(str(folder))} && {program} tick".replace("%", r"\%"),
    )


def _mailing(site: Site, sender: "Sender", routes: "tuple[Route, ...]") -> "Mailing":
    """Letters leave from the mail servers; from one on this machine, from the host of the site's own pages."""
    from publisher.core.dkim import record
    from publisher.core.mailauth import Mailing, Signing

    own = next(
        (host for host in (urlsplit(site.service_url).hostname, site.host) if host and not is_loopback(host)), None
    )
    hosts = [own if is_loopback(route.host) else route.host for route in routes]
    return Mailing(
        address=ascii_address(sender.address),
        return_domain=sender.domain.lower(),
        leaves_from=tuple(dict.fromkeys(host.lower() for host in hosts if host)),
        signing=tuple(Signing(selector=key.selector, record=record(key)) for key in sender.dkim_keys),
    )


def _servers(settings: Settings, relays: tuple[Relay, ...], routes: "tuple[Route, ...]") -> "tuple[Server, ...]":
    from publisher.actions.examine import Server

    return tuple(
        Server(
            host=route.host,
            port=route.port,
            security=route.security,
            relay=relay,
            lines=_lines(route) if settings.relays_file is None else {},
        )
        for relay, route in zip(relays, routes, strict=True)
    )


def _lines(route: "Route") -> dict[str, str]:
    """The lines of `.env` about a mail server."""
    shown = {
        "SMTP_HOST": route.host,
        "SMTP_PORT": route.port,
        "SMTP_SECURITY": route.security,
        "SMTP_USERNAME": route.username or "",
        "SMTP_PASSWORD": "...",
    }
    return {PREFIX + name: f"{PREFIX}{name}={value}" for name, value in shown.items()}


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise PublisherError(f"{folder}: there is no such folder, wanted is a site's: publisher init {folder}")
    return folder.resolve()


def _workshop(folder: Path, settings: Settings) -> Workshop:
    folders = Folders(
        site=folder,
        posts=folder / settings.posts_dir,
        output=folder / settings.output_dir,
        templates=folder / "templates",
        state=folder / "var",
        compiled=folder / "var" / "build" / "templates",
    )
    folders.state.mkdir(mode=0o700, exist_ok=True)
    if not (folders.state / ".gitignore").exists():
        disk.write(folders.state / ".gitignore", b"*\n")  # no blog is to publish its readers' addresses
    site = _site(settings)
    return Workshop(site=site, folders=folders, templates=Templates(site, folders.templates, folders.compiled))


def _site(settings: Settings) -> Site:
    return Site(
        url=settings.site_url,
        service_url=settings.service_url or settings.site_url,
        title=settings.site_title,
        description=settings.site_description,
        language=settings.site_language,
        timezone=settings.timezone,
        author_name=settings.author_name,
        author_email=settings.author_email,
        permalink=settings.permalink,
        feed_limit=settings.feed_limit,
        feed_content=settings.feed_content,
        archives=settings.archives,
        websub_hub=settings.websub_hub,
        rights=settings.site_rights,
        icon_url=urljoin(f"{settings.site_url}/", settings.site_icon) if settings.site_icon else None,
        feed_aliases=settings.feed_aliases,
        pages=settings.pages,
        digest_content=settings.digest_content,
        digest_time=settings.digest_time,
        mail_enabled=settings.has_mail,
        postal_address=settings.postal_address,
    )


def _rules(settings: Settings) -> Rules:
    from publisher.core.slots import Daily

    return Rules(
        slots=Daily(at=time.fromisoformat(settings.digest_time), zone=settings.timezone),
        hold=settings.hold,
        release_burst=settings.release_burst,
        stale_after=settings.stale_after,
        welcome_posts=settings.welcome_posts,
        uncertain=settings.uncertain,
        domain_limits=settings.domain_limits,
    )


def _sender(settings: Settings, site: Site, keys: "Keys", dkim_keys: "tuple[DkimKey, ...]") -> "Sender | None":
    from publisher.core.letter import Sender

    if not settings.has_mail:
        return None
    name, address = settings.mail_from or ("", f"digest@{'localhost' if is_loopback(site.host) else site.host}")
    return Sender(
        name=name or site.title,
        address=address,
        reply_to=settings.mail_reply_to,
        bounce_domain=settings.mail_domain,
        host=site.host,
        service_url=site.service_url,
        archive_url=site.absolute("/archive/"),
        keys=keys,
        dkim_keys=dkim_keys,
    )


def _dkim_keys(settings: Settings, folder: Path) -> "tuple[DkimKey, ...]":
    from publisher.core.dkim import parse_key

    found: list[DkimKey] = []
    complaints: list[str] = []
    for selector, file in zip(settings.dkim_selector, settings.dkim_key_file, strict=True):
        try:
            found.append(parse_key((folder / file).read_bytes(), selector))
        except OSError as error:
            complaints.append(
                f"{PREFIX}DKIM_KEY_FILE: the file {file} can't be read ({error.strerror}), wanted is a private key that you "
                f"may read: openssl genrsa -out {shlex.quote(file)} 2048"
            )
        except ValueError as error:
            complaints.append(f"{PREFIX}DKIM_KEY_FILE: {file} can't be used: {error}")
    if complaints:
        raise ConfigurationError(*complaints)
    return tuple(found)


def _relays(settings: Settings, folders: Folders, sender: "Sender", moment: Clock) -> tuple[Relay, ...]:
    from publisher.disk.letters import MailFolder
    from publisher.smtp.relay import Relay as SmtpRelay

    if settings.mail_transport == "file":
        return (MailFolder(folders.state / "mail"),)
    own_name = urlsplit(settings.service_url or settings.site_url).hostname or ascii_address(sender.address)
    routes = _routes(settings, folders.site)
    for route in routes:
        if moment.is_ahead() and not is_loopback(route.host):
            raise ConfigurationError(
                f"--now is ahead of real time, and {route.host} is a real mail server: wanted is a relay on this machine, "
                "or PUBLISHER_MAIL_TRANSPORT=file"
            )
    return tuple(SmtpRelay(route=route, own_name=own_name) for route in routes)


def _routes(settings: Settings, folder: Path) -> tuple["Route", ...]:
    from publisher.core.relays import parse_relays

    if settings.relays_file is None:
        route = settings.route()
        return (route,) if route else ()
    text = _secret_text(folder / settings.relays_file, "PUBLISHER_RELAYS_FILE")
    routes = parse_relays(text, settings.relays_file)
    return tuple(
        replace(
            route, password=_secret_text(folder / route.password_file, f"{settings.relays_file}: password_file").strip()
        )
        if route.password_file
        else route
        for route in routes
    )


def _secret_text(path: Path, key: str) -> str:
    try:
        text = disk.read_text(path)
    except OSError as error:
        raise ConfigurationError(f"{key}: {path}: {error.strerror}, wanted is a file that you may read") from error
    if text is None:
        raise ConfigurationError(f"{key}: {path}: there is no such file")
    return text


def _keys(settings: Settings, state: Path) -> "Keys":
    """The key of the settings, else one that is made once and kept beside the database."""
    from publisher.core.token import Keys

    key = settings.secret_key
    if key is None:
        path = state / KEY_NAME
        key = (disk.read_text(path) or "").strip()
        if not key:
            key = secrets.token_urlsafe(32)
            disk.write(path, f"{key}\n".encode(), mode=0o600, is_durable=True)
    return Keys(keys=(key, *settings.old_secret_keys))


def _logging(level: str, moment: Clock) -> Log:
    """One event a line on stderr, as key=value, with the publication's time; what libraries say comes out the same."""
    import structlog

    number = logging.getLevelNamesMapping()[level.upper()]

    def stamp(_: Any, __: str, event: Any) -> Any:
        return {"at": f"{moment.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", **event}

    shared: list[Any] = [structlog.stdlib.add_log_level, stamp]
    render = structlog.processors.LogfmtRenderer(
        key_order=["at", "level", "event"], drop_missing=True, bool_as_flag=False
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _one_line,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("publisher").setLevel(number)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a database that is away is told by whoever misses it
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=False,
    )
    log: Log = structlog.stdlib.get_logger("publisher").bind()
    return log


def _one_line(_: Any, __: str, event: Any) -> Any:
    """A traceback, or whatever else has line ends, stays one event."""
    return {key: value.replace("\n", " | ") if isinstance(value, str) else value for key, value in event.items()}

"""The only wiring: settings become a publication with its tools, and a clock.

What only mail needs, the database above all, takes most of a second to import: that is left until it is needed.
"""

import logging
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from publisher import disk
from publisher.actions.publication import KEY_NAME, Folders, Log, Publication, Relay, Rules, Workshop
from publisher.clock import Clock, clock
from publisher.config import Settings, read_settings
from publisher.core.address import ascii_address
from publisher.core.errors import ConfigurationError, PublisherError
from publisher.core.identity import is_loopback
from publisher.core.model import Site
from publisher.templates import Templates

if TYPE_CHECKING:
    from publisher.core.letter import Sender
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
    sender = _sender(settings, workshop.site, keys)
    publication = Publication(
        site=workshop.site,
        folders=workshop.folders,
        templates=workshop.templates,
        rules=_rules(settings),
        storage=open_storage(settings.database_url, folder),
        keys=keys,
        sender=sender,
        relay=_relay(settings, state, sender, moment) if sender else None,
        log=log,
    )
    return App(settings=settings, publication=publication, clock=moment)


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
        mail_enabled=_has_mail(settings),
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
        connections=settings.smtp_connections,
    )


def _has_mail(settings: Settings) -> bool:
    return settings.mail_transport == "file" or settings.smtp_host is not None


def _sender(settings: Settings, site: Site, keys: "Keys") -> "Sender | None":
    from publisher.core.letter import Sender

    if not _has_mail(settings):
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
    )


def _relay(settings: Settings, state: Path, sender: "Sender", moment: Clock) -> Relay:
    from publisher.disk.letters import MailFolder
    from publisher.smtp import Relay as SmtpRelay

    if settings.mail_transport == "file":
        return MailFolder(state / "mail")
    host = settings.smtp_host
    assert host is not None, "mail is set up"
    if moment.is_ahead() and not is_loopback(host):
        raise ConfigurationError(
            f"--now is ahead of real time, and {host} is a real mail server: wanted is a relay on this machine, "
            "or PUBLISHER_MAIL_TRANSPORT=file"
        )
    return SmtpRelay(
        host=host,
        port=settings.port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=settings.smtp_password,
        own_name=urlsplit(settings.service_url or settings.site_url).hostname or ascii_address(sender.address),
    )


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
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    log: Log = structlog.stdlib.get_logger("publisher")
    return log


def _one_line(_: Any, __: str, event: Any) -> Any:
    """A traceback, or whatever else has line ends, stays one event."""
    return {key: value.replace("\n", " | ") if isinstance(value, str) else value for key, value in event.items()}

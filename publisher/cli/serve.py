"""`publisher serve`: the web, the ticker and the senders, in one process."""

import asyncio
import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

import typer
import uvicorn

from publisher.actions.editions import held
from publisher.actions.tick import publish_and_scan
from publisher.app import App, open_app
from publisher.cli.options import Now, SiteFolder, say
from publisher.config import Settings, read_settings
from publisher.core.errors import ConfigurationError, PublisherError
from publisher.core.identity import is_loopback
from publisher.schedule import Ticker
from publisher.web import web_app
from publisher.web.server import server_config

DEFAULT_PORT = 8000
_SHUTDOWN_SECONDS = 5


def run(
    site: SiteFolder = Path(),
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes any free one.")
    ] = DEFAULT_PORT,
    no_schedule: Annotated[bool, typer.Option("--no-schedule", help="The web alone: no rebuilding, no mail.")] = False,
    dev: Annotated[bool, typer.Option("--dev", help="Show letters at /dev/mail, to this machine alone.")] = False,
    now: Now = None,
) -> int:
    """Serve the site, rebuild it when posts change, send the digest at its hour."""
    with listening(host, port) as listener:
        port = listener.getsockname()[1]
        if dev:
            _refuse_to_show_letters_to_the_world(site)
        app = open_app(site, now=now, is_running=True, changes=_changes(site, port=port, is_dev=dev))
        ticker = None if no_schedule else Ticker(app.publication, app.clock.now)
        serve(app, listener, ticker, is_dev=dev)
    return 0


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that nobody else has."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        is_taken = error.errno == errno.EADDRINUSE
        wanted = f"wanted is a free one: --port {port + 1}" if is_taken else "wanted is another --host or --port"
        raise PublisherError(f"{host}:{port}: {error.strerror}, {wanted}") from error
    try:
        yield listener
    finally:
        listener.close()


def serve(
    app: App, listener: socket.socket, ticker: Ticker | None, *, is_dev: bool, words: tuple[str, ...] = ()
) -> None:
    """Until SIGTERM or SIGINT; the letter at hand is finished first. Raises Busy where another ticker serves this site."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        if ticker:
            ticker.start()
        else:
            publish_and_scan(app.publication, app.clock.now())
        _announce(app, listener, has_ticker=ticker is not None, words=words)
        wake = ticker.wake if ticker else lambda: None
        config = server_config(
            web_app(app.publication, app.clock.now, wake=wake, is_dev=is_dev),
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_run(uvicorn.Server(config), listener))
    finally:
        if ticker:
            ticker.stop()
        app.close()


def _leave(*_: object) -> NoReturn:
    """Before the web answers: what was begun is ended in order."""
    raise SystemExit(0)


async def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    """Signals end it from inside, so that what comes after it is still done."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    server.capture_signals = _no_capture  # type: ignore[method-assign]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve(sockets=[listener])


@contextmanager
def _no_capture() -> Iterator[None]:
    yield


def _refuse_to_show_letters_to_the_world(site: Path) -> None:
    """A proxy in front of us looks like a browser on this machine, so a public site has no /dev."""
    settings = read_settings(site)
    for url in (settings.site_url, settings.service_url or settings.site_url):
        if not is_loopback(urlsplit(url).hostname or ""):
            raise ConfigurationError(
                f"--dev shows letters with their links, and {url} is public: wanted is an address of this machine, "
                "PUBLISHER_SITE_URL=http://127.0.0.1:8000 publisher serve --dev"
            )


def _changes(site: Path, *, port: int, is_dev: bool) -> dict[str, Any]:
    """With the address of a first try, the links lead to the port that is served; --dev writes letters to files."""
    settings, default = read_settings(site), Settings()
    changes: dict[str, Any] = {}
    if settings.site_url == default.site_url and port != DEFAULT_PORT:
        changes["site_url"] = f"http://127.0.0.1:{port}"
    if is_dev and not settings.smtp_host:
        changes["mail_transport"] = "file"
    return changes


def _announce(app: App, listener: socket.socket, *, has_ticker: bool, words: tuple[str, ...]) -> None:
    publication = app.publication
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    publication.log.info("serve.started", host=host, port=port, scheduler=has_ticker)
    say(f"Serving {publication.folders.site} at http://{shown}:{port}{publication.site.root}/ (stop with Ctrl-C)")
    for line in words:
        say(line)
    if publication.sender is None:
        publication.log.warning("mail.off", reason="PUBLISHER_SMTP_HOST is not set")
        say("No mail leaves, so nobody can sign up by email and no digest is made: set PUBLISHER_SMTP_HOST in .env.")
    for number in held(publication):
        say(f"Edition {number} is held and its readers wait: publisher editions approve {number}")

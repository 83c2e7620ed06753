"""A site's files under each server that may serve them, and the plainest client."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from gzip import compress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import uvicorn

from publisher.actions.publication import Publication
from publisher.actions.tick import publish_and_scan
from publisher.app import open_app
from publisher.core.model import Site
from publisher.core.moved import Moved, render_redirects
from publisher.core.webservers import caddy, nginx
from publisher.web import web_app
from publisher.web.server import server_config
from tests.servers.caddy import Caddy
from tests.servers.loopback import HOST, wait_until
from tests.servers.nginx import Nginx
from tests.site import START, Answer, Hand, new_site

SERVERS = ("publisher", "publisher without its shortcut", "nginx", "caddy")
HUB = "https://hub.example/push?topic=a&b"
SOUND = bytes(range(256)) * 40
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1.1", "title": "%s", "items": []}' % (b"Tides " * 300)
NOTE = "An ebb, written down for whoever comes after us. " * 60
BUILT_AT = 1_780_000_000.75
"""When every file was written, in seconds since 1970: in the second half of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A built site, and what moved from it."""

    publication: Publication
    moved: tuple[Moved, ...]

    @property
    def output(self) -> Path:
        return self.publication.folders.output

    @property
    def site(self) -> Site:
        return self.publication.site


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    name: str
    port: int
    ground: Ground

    @property
    def root(self) -> str:
        return self.ground.site.root

    def ask(self, method: str, path: str, **headers: str) -> Answer:
        """Below the site's root. `If_None_Match="x"` is the header If-None-Match; nothing is sent that is not named."""
        return ask(self.port, method, self.root + path, **headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)


def ask(port: int, method: str, path: str, **headers: str) -> Answer:
    with closing(HTTPConnection(HOST, port, timeout=30)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        found = connection.getresponse()
        return Answer(status=found.status, headers=found.headers, body=found.read())


@contextmanager
def ground(folder: Path, url: str = "https://tides.example") -> Iterator[Ground]:
    """A site that was built, compressed and dated, with files of all kinds and a few addresses that moved."""
    new_site(folder)
    app = open_app(folder, now=START, environment={}, changes={"site_url": url, "mail_transport": "file"})
    try:
        publication = replace(app.publication, site=replace(app.publication.site, websub_hub=HUB))
        publish_and_scan(publication, START)
        output, root = publication.folders.output, publication.site.root
        moved = (
            Moved(old=f"{root}/feed/", new=f"{root}/rss.xml"),
            Moved(old=f"{root}/2020/old name/", new=f"{root}/2026/11/low-water/"),
            Moved(old=f"{root}/b%C3%A4r/", new=f"{root}/archive/"),
            Moved(old=f"{root}/cash$/", new="https://elsewhere.example/cash?a=b#c"),
            Moved(old=f"{root}/2020/withdrawn/", new=None),
        )
        _add_files(output)
        (output / "_redirects").write_text(render_redirects(moved))
        for path in sorted(output.rglob("*")):
            if path.is_file():
                os.utime(path, (BUILT_AT, BUILT_AT))
        yield Ground(publication=publication, moved=moved)
    finally:
        app.close()


def _add_files(output: Path) -> None:
    more = {
        "bell.mp3": SOUND,
        "note.txt": NOTE.encode(),
        "short.txt": b"ebb",
        "odd.xyz": b"<script>" * 300,
        "feed.json": JSON_FEED,
        ".hidden": b"secret",
        ".well/known.txt": b"secret",
        "empty-folder/more/page.txt": b"deep",
        "tags/bär/rss.xml": b"<rss/>" * 300,
        "tags/bär/index.html": b"<p>" * 500,
    }
    for name, data in more.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(data)
    for path in sorted(output.rglob("*")):
        is_text = path.suffix in (".html", ".xml", ".json", ".css", ".txt")
        if path.is_file() and is_text and path.stat().st_size >= 1000:
            path.with_name(f"{path.name}.gz").write_bytes(compress(path.read_bytes(), mtime=0))


@contextmanager
def served(server: str, ground: Ground) -> Iterator[Served]:
    """By one of `SERVERS`."""
    if server == "nginx":
        with Nginx(nginx(ground.site, output=str(ground.output), moved=ground.moved)) as running:
            yield Served(name=server, port=running.port, ground=ground)
    elif server == "caddy":
        with Caddy(caddy(ground.site, output=str(ground.output), moved=ground.moved)) as running_caddy:
            yield Served(name=server, port=running_caddy.port, ground=ground)
    else:
        with own(ground.publication, is_quick=server == "publisher") as port:
            yield Served(name=server, port=port, ground=ground)


@contextmanager
def own(publication: Publication, *, is_quick: bool = True, **more: Any) -> Iterator[int]:
    """`publisher serve` without what builds and sends; its port. `more` goes to uvicorn."""
    application = web_app(publication, Hand(), wake=lambda: None, is_dev=False)
    with socket.create_server((HOST, 0)) as listener:
        server = uvicorn.Server(server_config(application, is_quick=is_quick, **more))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web")
        thread.start()
        try:
            wait_until(lambda: server.started, "the web answers")
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(20)

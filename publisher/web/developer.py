"""/dev/mail: the letters that were written to files, as a mail program would show them. For this machine alone."""

from collections.abc import Awaitable, Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from publisher.actions.publication import Publication
from publisher.core.identity import is_loopback

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    ":root{color-scheme:light dark}li{margin:.6rem 0}a{color:light-dark(#0645ad,#8ab4f8)}"
    "iframe{width:100%;height:75vh;border:1px solid GrayText;background:#fff}"
)


def developer_routes(publication: Publication) -> list[Route]:
    letters = _Letters(publication.folders.state / "mail")
    return [
        Route("/dev/mail", _local(letters.index)),
        Route("/dev/mail/{name}", _local(letters.letter)),
        Route("/dev/mail/{name}/{part}", _local(letters.part)),
    ]


def _local(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Only for a browser on this machine, not for a proxy's visitors, nor for a page that renamed itself to localhost."""

    async def guarded(request: Request) -> Response:
        is_proxied = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
        peer = request.client
        if is_proxied or peer is None or not is_loopback(peer.host) or not is_loopback(_host(request)):
            return PlainTextResponse("Only from this machine.\n", 403)
        return await run_in_threadpool(answer, request)

    return guarded


def _host(request: Request) -> str:
    """What the browser calls us; empty for what is no name."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


class _Letters:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def index(self, _: Request) -> Response:
        rows = "".join(self._row(path) for path in self._newest_first())
        body = f"<ul>{rows}</ul>" if rows else "<p>No letter was written yet.</p>"
        return _page("Letters", f"<h1>Letters</h1>{body}")

    def letter(self, request: Request) -> Response:
        found = self._read(request)
        if found is None:
            return PlainTextResponse("There is no such letter.\n", 404)
        name, path = request.path_params["name"], escape(request.url.path)
        subject = escape(str(found["Subject"]))
        return _page(
            subject,
            f"<p><a href='{escape(request.url.path.removesuffix('/' + name))}'>All letters</a></p><h1>{subject}</h1>"
            f"<p>From {escape(str(found['From']))}<br>to {escape(str(found['To']))}<br>{escape(str(found['Date']))}</p>"
            f"<p><a href='{path}/html'>HTML</a> · <a href='{path}/text'>text</a> · <a href='{path}/source'>source</a></p>"
            f"<iframe title='The letter' sandbox='allow-top-navigation-by-user-activation' src='{path}/html'></iframe>",
        )

    def part(self, request: Request) -> Response:
        found = self._read(request)
        kind = request.path_params["part"]
        if found is None or kind not in ("html", "text", "source"):
            return PlainTextResponse("There is no such letter.\n", 404)
        if kind == "source":
            return PlainTextResponse(found.as_bytes())
        body = found.get_body(("html",) if kind == "html" else ("plain",))
        text = str(body.get_content()) if body else ""
        if kind == "text":
            return PlainTextResponse(text)
        return HTMLResponse(text.replace("<head>", '<head><base target="_top">', 1))

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"), key=lambda path: (-path.stat().st_mtime_ns, path.name))

    def _row(self, path: Path) -> str:
        found = message_from_bytes(path.read_bytes(), policy=default)
        return (
            f"<li><a href='mail/{escape(path.stem)}'>{escape(str(found['Subject']))}</a><br>"
            f"to {escape(str(found['To']))}, {escape(str(found['Date']))}</li>"
        )

    def _read(self, request: Request) -> EmailMessage | None:
        name = request.path_params["name"]
        path = self._folder / f"{name}.eml"
        if not name.isalnum() or not path.is_file():
            return None
        found = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(found, EmailMessage)
        return found


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        f"<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>",
        headers={"Cache-Control": "no-store"},
    )

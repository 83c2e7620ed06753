"""The web: the site's files, and the few pages where a reader joins, confirms and leaves."""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from publisher.actions.publication import Now, Publication
from publisher.core.errors import PublisherError
from publisher.web.developer import developer_routes
from publisher.web.files import Files
from publisher.web.guard import Guard, own_hosts
from publisher.web.reader import Reader
from publisher.web.server import WebApp


def web_app(publication: Publication, now: Now, *, wake: Callable[[], None], is_dev: bool) -> WebApp:
    """The ASGI application. `wake` is called when there is a letter to send; `is_dev` adds /dev/*, for loopback alone."""
    reader = Reader(publication, now, wake)
    files = Files(publication.folders.output, publication.site)
    routes: list[BaseRoute] = [
        *reader.routes(),
        *(developer_routes(publication) if is_dev else []),
        Route("/healthz", _healthy),
        Route("/{path:path}", files),
    ]
    roots = {publication.site.root, urlsplit(publication.site.service_url).path} - {""}
    below = [
        route for root in sorted(roots, reverse=True) for route in (Mount(root, routes=routes), Route(root, _to_folder))
    ]
    routes = [*below, *routes]

    def unavailable(request: Request, error: Exception) -> Response:
        """The reason says what to mend; a traceback would show the addresses in the statement that failed."""
        publication.log.error("web.unavailable", path=_shown(request), reason=str(error))
        return PlainTextResponse("This does not work just now; please try again later.\n", 503, {"Retry-After": "60"})

    def failed(request: Request, error: Exception) -> Response:
        publication.log.error("web.failed", path=_shown(request), exc_info=error)
        return PlainTextResponse("Something broke here. It was written down; please try again later.\n", 500)

    def missing(request: Request, error: Exception) -> Response:  # noqa: ARG001
        """For a path that no route knows, those below another root for instance."""
        found = files.missing()
        return Response(found.body, found.status, {k.decode(): v.decode() for k, v in found.headers})

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, own_hosts=own_hosts(publication.site.url, publication.site.service_url))],
        exception_handlers={404: missing, PublisherError: unavailable, Exception: failed},
    )
    return WebApp(app, files)


def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


def _to_folder(request: Request) -> Response:
    query = request.url.query
    return RedirectResponse(f"{request.scope['path']}/" + (f"?{query}" if query else ""), 301)


def _shown(request: Request) -> str:
    """The path without what it may prove: tokens never reach a log."""
    return "/".join(str(request.scope["path"]).split("/")[:2])

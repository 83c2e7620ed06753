"""The site as it was built, from its folder: with validators, so that a feed reader that knows it all gets 304.

RFC 9110: 8.8 validators, 13.1 preconditions, 15.4.5 what a 304 carries.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from publisher.core.media import media_type

CACHE_SECONDS = 900
_SMALL_BYTES = 4_000_000
"""What is larger is streamed, in ranges if asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    body: bytes
    etag: str
    modified_at: datetime


class Files:
    """A folder on the web. Only what lies in it is served, and nothing whose name begins with a dot."""

    def __init__(self, folder: Path, root: str) -> None:
        self._folder, self._root = folder, root
        self._known: dict[Path, tuple[tuple[int, int], _File]] = {}

    async def respond(self, request: Request) -> Response:
        return await run_in_threadpool(self._respond, request)

    async def not_found(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        """For a path that no route knows."""
        return await run_in_threadpool(self._missing)

    def _respond(self, request: Request) -> Response:
        asked = str(request.path_params["path"])
        parts = PurePosixPath(asked).parts
        if any(part.startswith((".", "/")) for part in parts) or "\0" in asked or "\\" in asked:
            return self._missing()  # a path with two slashes in front would begin at the disk's root
        path = self._folder.joinpath(*parts)
        try:
            if path.is_dir():
                if asked and not asked.endswith("/"):
                    return RedirectResponse(f"{self._root}/{asked}/", 301)
                path /= "index.html"
            elif asked.endswith("/"):
                return self._missing()
            return self._found(request, path)
        except (FileNotFoundError, NotADirectoryError):
            return self._missing()
        except OSError:
            return self._missing()

    def _found(self, request: Request, path: Path) -> Response:
        kind = media_type(PurePosixPath(path.name))
        cached = {"Cache-Control": f"public, max-age={CACHE_SECONDS}"}
        state = path.stat()
        if state.st_size > _SMALL_BYTES or kind.startswith(("audio/", "video/")):
            stream = FileResponse(path, stat_result=state, media_type=kind, headers=cached)
            validators = {name: stream.headers[name] for name in ("ETag", "Last-Modified")}
            return Response(status_code=304, headers=validators | cached) if _is_known(request, validators) else stream
        file = self._read(path)
        headers = {"ETag": file.etag, "Last-Modified": format_datetime(file.modified_at, usegmt=True)} | cached
        if path.name in ("rss.xml", "atom.xml"):
            headers |= {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "ETag, Last-Modified, Link",
            }
        if _is_known(request, headers):
            return Response(status_code=304, headers=headers)
        return Response(file.body, media_type=kind, headers=headers)

    def _missing(self) -> Response:
        try:
            body = (self._folder / "404.html").read_bytes()
        except OSError:
            body = b"There is nothing at this address.\n"
        return Response(body, 404, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})

    def _read(self, path: Path) -> _File:
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size)
        known = self._known.get(path)
        if known and known[0] == stamp:
            return known[1]
        body = path.read_bytes()
        modified_at = datetime.fromtimestamp(min(int(state.st_mtime), int(datetime.now(UTC).timestamp())), UTC)
        file = _File(body=body, etag=f'"{sha256(body).hexdigest()[:32]}"', modified_at=modified_at)
        if len(self._known) > 1000:
            self._known.clear()
        self._known[path] = (stamp, file)
        return file


def _is_known(request: Request, validators: Mapping[str, str]) -> bool:
    """Whether the reader has this very file. If-None-Match wins over If-Modified-Since."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or validators["ETag"] in re.findall(r'"[^"]*"', tags)
    since = request.headers.get("if-modified-since")
    try:
        return since is not None and parsedate_to_datetime(since) >= parsedate_to_datetime(validators["Last-Modified"])
    except (ValueError, TypeError, IndexError, OverflowError):
        return False

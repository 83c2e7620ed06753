"""The site as it was built, from its folder: with validators, so that a feed reader that knows it all gets 304.

RFC 9110: 8.8 validators, 12.5.3 compression, 13.1 preconditions, 14 ranges, 15.4.5 what a 304 carries.
"""

import os
import stat
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from publisher.core.media import is_feed
from publisher.core.model import Site
from publisher.core.moved import REDIRECTS_NAME
from publisher.web.files.asked import asked
from publisher.web.files.heads import ALLOW, FOR_ALL_ORIGINS, KEPT, NOT_KEPT, PREFLIGHT, Answer, Headers
from publisher.web.files.redirects import Redirects
from publisher.web.files.shelf import SMALL_BYTES, Kept, Shelf
from publisher.web.files.stream import Opened, Streams

_IN_QUERY = "/?:@!$&'()*+,;=~%[]"


class Files:
    """A folder on the web, as an ASGI application. Only what lies in it is served, and nothing whose name begins with a dot."""

    def __init__(self, folder: Path, site: Site) -> None:
        self._folder, self._root = folder, site.root
        self._shelf, self._streams = Shelf(site), Streams(site)
        self._redirects = Redirects(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """`scope["path_params"]["path"]` is the path below the site's root, without its first slash."""
        try:
            answer = await self._answer(scope)
        except OSError:
            answer = await run_in_threadpool(self._nothing, str(scope["path_params"]["path"]))
        if isinstance(answer, Opened):
            await answer.send(send)
        else:
            await send_answer(answer, send, is_head=scope["method"] == "HEAD")

    def find(self, path: str) -> Kept | None:
        """What is in memory of a whole path, decoded; never waits for a disk to be read. None says nothing of the path."""
        return self._shelf.find(path)

    def missing(self) -> Answer:
        """The page that says so, with 404."""
        return self._page(404)

    async def _answer(self, scope: Scope) -> Answer | Opened:
        """Raises OSError for what is not there."""
        name = str(scope["path_params"]["path"])
        path, state = await run_in_threadpool(self._lookup, name)
        if scope["method"] not in ("GET", "HEAD"):
            return _not_read(scope["method"], path.name)
        if stat.S_ISDIR(state.st_mode):
            return self._to_folder(name, scope["query_string"])
        wants, is_head = asked(scope["headers"]), scope["method"] == "HEAD"
        inside = path.relative_to(self._folder).as_posix()
        if state.st_size > SMALL_BYTES:
            return await run_in_threadpool(self._streams.open, path, inside, wants, is_head=is_head)
        where = str(scope["path"])
        kept = await run_in_threadpool(self._shelf.read, where, path, inside)
        answer = kept.answer(wants, is_head=is_head)
        if answer is None:
            kept = await run_in_threadpool(self._shelf.pack, where, kept)
            answer = kept.answer(wants, is_head=is_head)
        assert answer, "packed, or known not to be worth it"
        return answer

    def _lookup(self, name: str) -> tuple[Path, os.stat_result]:
        """The file, or the folder that was named without its slash. Raises OSError where there is neither."""
        *folders, last = name.split("/")
        if not all(map(_is_open, folders)) or not (last == "" or _is_open(last)) or name == REDIRECTS_NAME:
            raise FileNotFoundError(name)
        path = self._folder.joinpath(*folders, last or "index.html")
        state = path.stat()
        if stat.S_ISREG(state.st_mode):
            return path, state
        if last and stat.S_ISDIR(state.st_mode) and (path / "index.html").is_file():
            return path, state
        raise FileNotFoundError(name)

    def _to_folder(self, name: str, query: bytes) -> Answer:
        more = "?" + quote(query, safe=_IN_QUERY) if query else ""
        return _moved(f"{self._root}/{quote(name)}/{more}")

    def _nothing(self, name: str) -> Answer:
        """Where a path leads that is not in the folder."""
        moved = self._redirects.find(f"{self._root}/{name}")
        if moved is None:
            return self._page(404)
        return self._page(410) if moved.new is None else _moved(moved.new)

    def _page(self, status: int) -> Answer:
        try:
            body = (self._folder / "404.html").read_bytes()
        except OSError:
            body = b"There is nothing at this address.\n"
        return _answer(status, [(b"content-type", b"text/html; charset=utf-8"), *NOT_KEPT], body)


async def send_answer(answer: Answer, send: Send, *, is_head: bool = False) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})


def _is_open(part: str) -> bool:
    """Whether a part of a path may be a file's name: not empty, hidden, or a way out of the folder."""
    return part != "" and not part.startswith(".") and "\0" not in part and "\\" not in part


def _not_read(method: str, name: str) -> Answer:
    """What a file says to other methods than GET and HEAD."""
    if method != "OPTIONS":
        return _answer(
            405, [(b"content-type", b"text/plain; charset=utf-8"), *ALLOW, *NOT_KEPT], b"Files are only read.\n"
        )
    shared: Headers = [*FOR_ALL_ORIGINS, *PREFLIGHT] if is_feed(name) else []
    return Answer(status=204, headers=[*ALLOW, *shared, *NOT_KEPT], body=b"")


def _moved(where: str) -> Answer:
    return _answer(301, [(b"location", where.encode()), *KEPT], b"")


def _answer(status: int, headers: Headers, body: bytes) -> Answer:
    return Answer(status=status, headers=[*headers, (b"content-length", b"%d" % len(body))], body=body)

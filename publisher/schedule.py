"""The ticker: asks the actions to do what is due, again and again. It remembers nothing; storage does.

APScheduler only rings the bell. What is due, and whether it was done, is written in the database, so that a missed ring, a
second ticker or a kill changes nothing.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from publisher import disk
from publisher.actions.deliver import drain
from publisher.actions.publication import Now, Publication
from publisher.actions.publish import publish
from publisher.actions.tick import plan
from publisher.core.errors import Busy, PublisherError
from publisher.core.model import Library

WATCH_SECONDS = 2
TICK_SECONDS = 20


class Ticker:
    """Rebuilds when posts change, plans what is due, sends what was planned."""

    def __init__(self, publication: Publication, now: Now) -> None:
        self._publication, self._now = publication, now
        self._lock = disk.Lock(publication.folders.state / "serve.lock")
        self._stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._seen = ""
        self._library: Library | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Raises Busy where another ticker works on this site."""
        if not self._lock.acquire():
            raise Busy(
                f"another publisher serves {self._publication.folders.site} already: stop it first, "
                "or serve the web alone with --no-schedule"
            )
        now = datetime.now(UTC)
        for name, job, seconds in (
            ("watch", self._watch, WATCH_SECONDS),
            ("plan", self._plan, TICK_SECONDS),
            ("send", self._send, TICK_SECONDS),
        ):
            first = now + timedelta(seconds=1 if name == "send" else 0)
            self._scheduler.add_job(self._guarded(name, job), "interval", seconds=seconds, id=name, next_run_time=first)
        self._scheduler.start()

    def wake(self) -> None:
        """There is something to send: don't wait for the bell."""
        if self._scheduler.running:
            self._scheduler.modify_job("send", next_run_time=datetime.now(UTC))

    def stop(self) -> None:
        """The letter at hand is finished, then it is quiet."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.pause()
            self._scheduler.shutdown(wait=True)
        self._lock.release()

    def _guarded(self, name: str, job: Callable[[], None]) -> Callable[[], None]:
        """A job that fails tells why and is called again; nothing else stops for it."""
        log = self._publication.log

        def run() -> None:
            if self._stop.is_set():
                return
            try:
                job()
            except Busy as error:
                log.info("job.waits", job=name, reason=str(error))
            except PublisherError as error:
                log.error("job.failed", job=name, reason=str(error))
            except OSError as error:
                log.error("job.failed", job=name, reason=f"{error.filename or 'disk'}: {error.strerror}")

        return run

    def _watch(self) -> None:
        with self._one_at_a_time:
            self._fresh_library()

    def _plan(self) -> None:
        with self._one_at_a_time:
            library = self._fresh_library()
            _, composed = plan(self._publication, library, self._now())
        if composed:
            self.wake()

    def _send(self) -> None:
        drain(self._publication, self._now, self._stop)

    def _fresh_library(self) -> Library:
        """Built anew when a file changed or a future post's time came."""
        now, folders = self._now(), self._publication.folders
        seen = disk.signature(folders.posts, folders.templates)
        library = self._library
        is_old = library is None or seen != self._seen or (library.next_at is not None and library.next_at <= now)
        if is_old:
            self._publication.templates.refresh()
            library, build = publish(self._publication, now)
            log = self._publication.log
            log.info(
                "site.built", posts=build.posts, written=build.written, removed=build.removed, seconds=build.seconds
            )
            for problem in build.problems:
                log.warning("post.problem", problem=str(problem))
            self._seen, self._library = seen, library
        assert library is not None
        return library

"""The ticker and the worker: they ask the actions to do what is due, again and again. They remember nothing; storage does.

APScheduler only rings the bell, and so does procrastinate. What is due, and whether it was done, is written in the database,
so that a missed ring, a second ticker or a kill changes nothing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from time import monotonic

import watchfiles
from apscheduler.schedulers.background import BackgroundScheduler

from publisher.actions.deliver import drain
from publisher.actions.ping import ping_due
from publisher.actions.publication import Log, Now, Publication
from publisher.actions.tick import plan, publish_and_scan
from publisher.core.errors import Busy, PublisherError
from publisher.core.library import Library
from publisher.disk.kept import signature
from publisher.disk.lock import Lock

TICK_SECONDS = 20
LONGEST_PAUSE_SECONDS = 300
IDLE_SECONDS = 1
"""Between two looks at the outbox where nobody wakes a worker."""
_SIGNAL_SECONDS = 0.2


def _guarded(log: Log, stop: threading.Event, name: str, job: Callable[[], None]) -> Callable[[], None]:
    """A job that fails tells why, once for each reason, and is called again; nothing else stops for it."""
    told = ""

    def run() -> None:
        nonlocal told
        reason = ""
        if stop.is_set():
            return
        try:
            job()
        except Busy as error:
            log.info("job.waits", job=name, reason=str(error))
        except PublisherError as error:
            reason = str(error)
        except OSError as error:
            reason = f"{error.filename or 'disk'}: {error.strerror}"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        if reason and reason != told:
            log.error("job.failed", job=name, reason=reason)
        told = reason

    return run


class Courier:
    """Sends what is due. A server that is down is asked less and less often: many lock out who asks again and again."""

    def __init__(self, publication: Publication, now: Now, stop: threading.Event) -> None:
        self._publication, self._now, self._stop = publication, now, stop
        self._not_before, self._pause_seconds = 0.0, TICK_SECONDS / 2

    def send(self) -> None:
        if monotonic() < self._not_before:
            return
        is_down = drain(self._publication, self._now, self._stop).is_down
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS) if is_down else TICK_SECONDS / 2
        self._not_before = monotonic() + self._pause_seconds if is_down else 0


class Ticker:
    """Rebuilds when posts change, plans what is due, sends what was planned."""

    def __init__(self, publication: Publication, now: Now) -> None:
        self._publication, self._now = publication, now
        self._lock = Lock(publication.folders.state / "serve.lock")
        self._stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._courier, self._one_sender = Courier(publication, now, self._stop), threading.Lock()
        self._seen = ""
        self._library: Library | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Builds the site, then goes on by itself. Raises Busy where another ticker works on this site."""
        if not self._lock.acquire():
            raise Busy(
                f"another publisher serves {self._publication.folders.site} already: stop it first, "
                "or serve the web alone with --no-schedule"
            )
        watch = self._guarded("watch", self._watch)
        watch()  # the pages are there before anybody asks for them
        self._follower = threading.Thread(target=self._follow, args=(watch,), daemon=True)
        self._follower.start()
        now = datetime.now(UTC)
        for name, job in (("plan", self._plan), ("send", self._send), ("ping", self._ping)):
            run = self._guarded(name, job)
            # One may wait while another runs, so that what comes after a run's last look is not left for the next bell.
            self._scheduler.add_job(run, "interval", seconds=TICK_SECONDS, id=name, next_run_time=now, max_instances=2)
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
        return _guarded(self._publication.log, self._stop, name, job)

    def _follow(self, watch: Callable[[], None]) -> None:
        """As the kernel tells of changes, some tenths of a second after the last of a flurry. What it does not tell, a
        folder of templates that is new, say, or a disk in the network, is found at the next bell."""
        folders = self._publication.folders
        places = [place for place in (folders.posts, folders.templates) if place.is_dir()]
        for _ in watchfiles.watch(*places, stop_event=self._stop, step=100, debounce=1000, raise_interrupt=False):
            watch()

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
        with self._one_sender:
            self._courier.send()

    def _ping(self) -> None:
        ping_due(self._publication, self._now(), self._publication.log)

    def _fresh_library(self) -> Library:
        """Built anew when a file changed or a future post's time came."""
        now, folders = self._now(), self._publication.folders
        seen = signature((folders.posts, folders.templates), ())
        library = self._library
        is_old = library is None or seen != self._seen or (library.next_at is not None and library.next_at <= now)
        if is_old:
            library, build = publish_and_scan(self._publication, now)
            log = self._publication.log
            log.info(
                "site.built", posts=build.posts, written=build.written, removed=build.removed, seconds=build.seconds
            )
            for problem in build.problems:
                log.warning("post.problem", problem=str(problem))
            self._seen, self._library = seen, library
        assert library is not None
        return library


class Worker:
    """Sends what others planned, as one of several. On PostgreSQL it is woken, else it looks again and again."""

    def __init__(self, publication: Publication, now: Now, stop: threading.Event) -> None:
        self._publication, self._now, self._stop = publication, now, stop
        self._courier = Courier(publication, now, stop)

    def run(self, *, concurrency: int = 1) -> None:
        """Until `stop` is set and the letters at hand are finished; up to so many senders at a time."""
        log = self._publication.log
        with self._publication.storage.read() as tx:
            is_woken = tx.queue.is_there()
        log.info("worker.started", woken=is_woken, concurrency=concurrency)
        job = (lambda: self._attend(concurrency)) if is_woken else self._courier.send
        with ThreadPoolExecutor(concurrency) as threads:
            count = 1 if is_woken else concurrency
            works = [threads.submit(self._repeat, self._guarded("work", job)) for _ in range(count)]
            while wait(works, timeout=_SIGNAL_SECONDS).not_done:
                pass  # a signal may interrupt any thread, and only this one heeds it
        log.info("worker.stopped")

    def _repeat(self, run: Callable[[], None]) -> None:
        while not self._stop.is_set():
            run()
            self._stop.wait(IDLE_SECONDS)

    def _attend(self, concurrency: int) -> None:
        send, look = self._guarded("send", self._courier.send), self._guarded("look", self._look)
        self._publication.storage.attend(send, look, self._stop, concurrency=concurrency)

    def _look(self) -> None:
        """For letters whose time came, and those of senders that died; where there are many, with others."""
        with self._publication.storage.write() as tx:
            tx.queue.wake("due", tx.deliveries.count_due(self._now()))
        self._courier.send()

    def _guarded(self, name: str, job: Callable[[], None]) -> Callable[[], None]:
        return _guarded(self._publication.log, self._stop, name, job)

"""procrastinate, on PostgreSQL: it wakes senders on several machines, and decides nothing.

What is owed to whom stands in `deliveries`, and so do the leases. A job only says that there is work: one that is lost, comes
twice or finds nothing to do changes nothing. On SQLite, and without procrastinate, there is no queue, and nobody misses it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from publisher.core.errors import StorageError

if TYPE_CHECKING:
    from procrastinate import App

LETTERS_PER_JOB = 1000
"""So many more letters wake one more sender."""
LOOK_SECONDS = 20
"""A divisor of 60."""
_QUEUE = "publisher"
_STOP_SECONDS = 0.2
"""Between two looks at whether to stop."""

_AWAKE = text(
    "SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > clock_timestamp() - interval '1 minute')"
)
_LAST_STEP = text(
    "SELECT coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class WHERE oid = to_regclass('procrastinate_jobs')"
)
_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY("
    "SELECT ROW(:queue, 'send', 0, NULL, :name || ':' || batch, '{}', NULL)::procrastinate_job_to_defer_v1 "
    "FROM generate_series(1, :batches) batch))"
)


class Queue:
    """Part of the transaction: a job is there when the letters are, and nobody is woken for what was rolled back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_there(self) -> bool:
        """Whether senders can be woken by others, on other machines too."""
        is_possible = self._connection.dialect.name == "postgresql" and bool(_steps())
        return is_possible and _last_step(self._connection) is not None

    def wake(self, name: str, letters: int) -> None:
        """Tell senders that there are so many letters. Twice under one name is once, until somebody has come for it."""
        if not self.is_there() or not self._connection.execute(_AWAKE).scalar():
            return  # a sender that starts looks for itself
        with suppress(IntegrityError), self._connection.begin_nested():
            self._connection.execute(_DEFER, {"queue": _QUEUE, "name": name, "batches": -(-letters // LETTERS_PER_JOB)})


def attend(
    engine: Engine, send: Callable[[], None], look: Callable[[], None], stop: threading.Event, *, concurrency: int
) -> None:
    """Call `send` for each job, up to so many at a time, and now and then, in one of all processes, `look`, until `stop`
    is set; what runs then is waited for. Raises StorageError where the database goes away.
    """
    import psycopg
    from procrastinate import PsycopgConnector
    from procrastinate.exceptions import ConnectorException

    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = _app(PsycopgConnector(conninfo=url, min_size=1, max_size=concurrency + 3), send, look)
    try:
        asyncio.run(_attend(app, stop, concurrency))
    except (ConnectorException, psycopg.Error) as error:
        raise StorageError(f"the queue is out of reach: {str(error.__cause__ or error).strip()}") from error
    if not stop.is_set():
        raise StorageError("the queue is out of reach")


def _app(connector: Any, send: Callable[[], None], look: Callable[[], None]) -> "App":
    from procrastinate import App
    from procrastinate.exceptions import UniqueViolation
    from procrastinate.jobs import Status

    app = App(connector=connector)
    app.task(name="send", queue=_QUEUE)(send)
    often = app.periodic(cron=f"* * * * * */{LOOK_SECONDS}")

    @often
    @app.task(name="look", queue=_QUEUE, queueing_lock="look")
    def _(timestamp: int) -> None:  # noqa: ARG001
        look()

    @often
    @app.task(name="rescue", queue=_QUEUE, queueing_lock="rescue")
    async def _(timestamp: int) -> None:  # noqa: ARG001
        """Jobs of dead senders are for the others, unless the same is queued again already."""
        for job in await app.job_manager.get_stalled_jobs(queue=_QUEUE):
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

    return app


async def _attend(app: "App", stop: threading.Event, concurrency: int) -> None:
    work = asyncio.create_task(_work(app, concurrency))
    while not stop.is_set() and not work.done():
        await asyncio.wait((work,), timeout=_STOP_SECONDS)
    if stop.is_set():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    else:
        await work


async def _work(app: "App", concurrency: int) -> None:
    async with app.open_async():
        await app.run_worker_async(
            queues=[_QUEUE], concurrency=concurrency, delete_jobs="always", install_signal_handlers=False
        )


# -- its tables


def is_behind(connection: Connection) -> bool:
    """Whether `bring_up` has something to do."""
    return bool(_missing(connection))


def bring_up(connection: Connection) -> None:
    """Make procrastinate's tables, or bring them to the version that is installed here."""
    driver: Any = connection.connection.driver_connection
    for script in _missing(connection):
        driver.execute(script.read_text(encoding="utf-8"))
        connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS '{_steps()[-1].stem}'"))


def _missing(connection: Connection) -> list[Path]:
    """Their scripts that this database has not seen. The last that it saw stands in a comment; tables without are not ours."""
    if connection.dialect.name != "postgresql" or not _steps():
        return []
    last = _last_step(connection)
    if last is None:
        return [_steps()[0].parents[1] / "schema.sql"]
    return [step for step in _steps() if last and step.stem > last]


@cache
def _steps() -> list[Path]:
    """Their migrations, the oldest first; none without procrastinate, whose import takes its time."""
    spec = find_spec("procrastinate")
    return sorted((Path(spec.origin).parent / "sql" / "migrations").glob("*.sql")) if spec and spec.origin else []


def _last_step(connection: Connection) -> str | None:
    """The newest step of these tables, or nothing where somebody else made them; None without them."""
    found: str | None = connection.execute(_LAST_STEP).scalar()
    return found

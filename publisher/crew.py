"""Work spread over processes: one for each core, where there is enough to do. What that takes is imported only then."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from publisher.core.errors import PublisherError

Job = TypeVar("Job")
Result = TypeVar("Result")
Context = TypeVar("Context")

_MOST = 8


def cores() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, _MOST)


def spread(
    work: Callable[[Context, Job], Result],
    context: Context,
    jobs: Sequence[Job],
    *,
    workers: int,
    is_portable: bool = True,
) -> Iterator[Result]:
    """The results of all jobs, in their order. `work` is a function of a module; `context` is the same for every job.

    With one worker it is done here; so it is where the context is not portable, that is, can't be sent to a process which is
    no copy of this one, and no copies can be made. Processes end when this one does, however it ends.
    """
    # A copy of a process with threads may hold a lock that nobody will ever release.
    can_copy = threading.active_count() == 1 and hasattr(os, "fork")
    if workers < 2 or len(jobs) < 2 or not (is_portable or can_copy):
        yield from (work(context, job) for job in jobs)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context_of_processes = multiprocessing.get_context("fork" if can_copy else "spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), context_of_processes, _Hand.begin, (work, context)) as pool:
        try:
            yield from pool.map(_Hand.do, jobs)
        except BrokenProcessPool as error:
            raise PublisherError(
                "a process that helped was killed, as happens when memory runs out: make room, and run the same again"
            ) from error


class _Hand:
    """What a process of the crew works with."""

    work: Callable[[Any, Any], Any]
    context: Any

    @classmethod
    def begin(cls, work: Callable[[Any, Any], Any], context: Any) -> None:
        cls.work, cls.context = staticmethod(work), context
        threading.Thread(target=_end_with_parent, daemon=True).start()

    @classmethod
    def do(cls, job: Any) -> Any:
        return cls.work(cls.context, job)


def _end_with_parent() -> None:
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

"""How far the sending has come, on one line of a terminal."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from publisher.actions.deliver import Progress

STATES = ("sent", "failed", "deferred")


@contextmanager
def shown_progress(due: int) -> Iterator[Progress]:
    """To be told of each transaction. `due` is how many letters there are to send. Without a terminal it says nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Line

    columns = (
        TextColumn("{task.fields[told]}"),
        BarColumn(20),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Line(*columns, console=Console(stderr=True), transient=True) as line, _log_above():
        task = line.add_task("", total=due, told=_told(Counter()), rate="")

        def tell(counts: Counter[str]) -> None:
            done = counts.total()
            seconds = line.tasks[0].elapsed or 0
            rate = f"{done / seconds:,.0f}/s" if seconds else ""
            line.update(task, completed=done, total=max(due, done), told=_told(counts), rate=rate)

        yield tell


@contextmanager
def _log_above() -> Iterator[None]:
    """Events are written above the line, which has taken stderr over, and not into it."""
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
    streams = [handler.setStream(sys.stderr) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            if stream is not None:
                handler.setStream(stream)


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[state]:,} {state}" for state in STATES)

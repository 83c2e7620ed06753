"""Many lines in one thread: waits for whichever has news. Only the opening of lines, which may take long, has threads."""

import selectors
import socket
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from publisher.core.errors import PublisherError, RelayDown
from publisher.core.model import Envelope
from publisher.core.retry import Answer


class OpenLine(Protocol):
    """One letter at a time: see `smtp.line`, or `disk.letters` for one that never has to be waited for."""

    @property
    def is_open(self) -> bool: ...

    @property
    def wants_to_write(self) -> bool: ...

    @property
    def deadline(self) -> float: ...

    def fileno(self) -> int:
        """-1 where there is nothing to wait for."""
        ...

    def begin(self, envelope: Envelope) -> Answer | None: ...

    def proceed(self) -> Answer | None: ...

    def give_up(self) -> Answer: ...

    def close(self) -> None: ...


class Opens(Protocol):
    """What lines lead to."""

    def connect(self) -> OpenLine:
        """Raises PublisherError where nobody answers, with what to change."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    to: Opens
    line: OpenLine


@dataclass(frozen=True, slots=True)
class Down:
    """A line could not be opened."""

    to: Opens
    reason: PublisherError


@dataclass(frozen=True, slots=True)
class Answered:
    line: OpenLine
    answer: Answer


@dataclass(frozen=True, slots=True)
class Lost:
    """A line that had nothing to do was closed by the server."""

    line: OpenLine


News = Opened | Down | Answered | Lost


class Switchboard:
    """Not to be shared between threads. At the end of a `with` all lines are closed."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._news: deque[News] = deque()
        self._busy: set[OpenLine] = set()
        self._lines: set[OpenLine] = set()
        self._is_closed = False

    def __enter__(self) -> "Switchboard":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, to: Opens) -> None:
        """Opened or Down will be in the news."""
        threading.Thread(target=self._open, args=[to], name="connect", daemon=True).start()

    def begin(self, line: OpenLine, envelope: Envelope) -> None:
        """Answered will be in the news."""
        self._busy.add(line)
        self._settle(line, line.begin(envelope))

    def wait(self, seconds: float) -> list[News]:
        """What has happened; waits at most so long for the first of it, or until somebody rings."""
        until = monotonic() + seconds
        is_rung = False
        while not (self._news or is_rung):
            left = min(until, self._next_deadline()) - monotonic()
            for key, _ in self._selector.select(max(0.0, left)):
                if key.data is None:
                    is_rung = True
                    with suppress(BlockingIOError):
                        self._bell.recv(4096)
                else:
                    self._go_on(key.data)
            self._end_overdue()
            if monotonic() >= until:
                break
        return [*self._drained()]

    def ring(self) -> None:
        """Wake up whoever waits; from any thread."""
        with suppress(OSError):
            self._ring.send(b"!")

    def drop(self, line: OpenLine) -> None:
        """Close a line."""
        self._forget(line)
        line.close()

    def close(self) -> None:
        """Lines that are being opened are closed when they are there."""
        self._is_closed = True
        lines = [*self._lines]
        for line in lines:
            self._forget(line)
        with ThreadPoolExecutor(len(lines) or 1) as closers:  # one that hears no goodbye holds up no other
            closers.map(lambda line: line.close(), lines)
        self._close_news()
        self._selector.close()
        self._bell.close()
        self._ring.close()

    def _open(self, to: Opens) -> None:
        try:
            news: News = Opened(to, to.connect())
        except PublisherError as error:
            news = Down(to, error)
        except Exception as error:  # nobody else would hear of it
            news = Down(to, RelayDown(f"{type(error).__name__}: {error}"))
        self._news.append(news)
        if self._is_closed:
            self._close_news()
        self.ring()

    def _close_news(self) -> None:
        with suppress(IndexError):  # it is empty
            while True:
                if isinstance(news := self._news.popleft(), Opened):
                    news.line.close()

    def _go_on(self, line: OpenLine) -> None:
        is_idle = line not in self._busy
        answer = line.proceed()
        if not is_idle:
            self._settle(line, answer)
        elif not line.is_open:
            self._forget(line)
            self._news.append(Lost(line))

    def _settle(self, line: OpenLine, answer: Answer | None) -> None:
        if answer is not None:
            self._busy.discard(line)
            self._news.append(Answered(line, answer))
        if line.is_open:
            self._watch(line)
        else:
            self._forget(line)

    def _watch(self, line: OpenLine) -> None:
        if line.fileno() < 0:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.wants_to_write else 0)
        if line not in self._lines:
            self._lines.add(line)
            self._selector.register(line, events, line)
        elif self._selector.get_key(line).events != events:
            self._selector.modify(line, events, line)

    def _forget(self, line: OpenLine) -> None:
        self._busy.discard(line)
        if line in self._lines:
            self._lines.remove(line)
            self._selector.unregister(line)

    def _next_deadline(self) -> float:
        return min((line.deadline for line in self._busy), default=float("inf"))

    def _end_overdue(self) -> None:
        now = monotonic()
        for line in [line for line in self._busy if line.deadline <= now]:
            self._settle(line, line.give_up())

    def _drained(self) -> Iterator[News]:
        while self._news:
            news = self._news.popleft()
            if isinstance(news, Opened):
                self._watch(news.line)
            yield news

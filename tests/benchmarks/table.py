"""The closing table: what was measured, where, and whether it is what we want to be."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

from tests.benchmarks.measure import Run, memory_kind

Figures = Mapping[str, dict[str, list[Run]]]
"""Runs by job and contender, in the order of the rounds."""
OURS = "ours"
REFERENCE_POSTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`floor`: what still will do; `peer`: the only one that it is about, beside others the ratio is just shown."""

    at_most: float
    floor: float | None = None
    unit: str = ""
    peer: str | None = None

    def __str__(self) -> str:
        floor = f" (floor {self.floor:g})" if self.floor else ""
        return f"<= {self.at_most:g}{self.unit}{floor}"

    def verdict(self, value: float) -> str:
        if value <= self.at_most:
            return "pass"
        return "floor" if self.floor and value <= self.floor else "FAIL"


TARGETS = {
    "cold full": Target(at_most=0.5, floor=0.8),
    "feeds only": Target(at_most=0.35),
    "nothing changed": Target(at_most=0.02),
    "newest post edited": Target(at_most=0.04),
    "peak memory": Target(at_most=0.25, peer="hugo"),
}
"""Ours to a peer's. Pelican's memory is that of one small process which takes minutes: speed is not bought with so little."""
GROWTH = Target(at_most=12)
"""Nothing changed among ten times as many posts."""
MEMORY_GIB = Target(at_most=1, unit=" GiB")


class Line(NamedTuple):
    posts: str
    job: str
    ours: str
    ours_cpu: str
    peer: str
    theirs: str
    their_cpu: str
    ratio: str
    target: str
    verdict: str


HEAD = Line("posts", "job", OURS, "cpu", "peer", "peer's", "cpu", "ours/peer", "target", "verdict")
_TO_THE_LEFT = {1, 4, 8, 9}


def render_table(
    figures: Mapping[int, Figures], started: str, versions: Sequence[str], rounds: int, made: Sequence[str]
) -> str:
    lines = [line for posts in figures for line in _lines(posts, figures)]
    judged = [line.verdict for line in lines]
    count = f"{judged.count('pass')} pass, {judged.count('floor')} within the floor, {judged.count('FAIL')} fail"
    notes = f"seconds: medians of {rounds}; memory: {memory_kind()} of all processes of a cold full build; {count}"
    return "\n".join([started, ", ".join(versions), *aligned([HEAD, *lines]), *made, notes])


def aligned(lines: Sequence[Line]) -> list[str]:
    """Text on the left of its column, numbers on the right."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    return ["  ".join(_cell(place, text, widths[place]) for place, text in enumerate(line)).rstrip() for line in lines]


def describe_start() -> str:
    """The time, the machine, and how busy it was before we came."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{now}, {cores} cores, {memory:.1f} GiB, {system}, load {os.getloadavg()[0]:.1f} before"


def _cell(place: int, text: str, width: int) -> str:
    return text.ljust(width) if place in _TO_THE_LEFT else text.rjust(width)


def _lines(posts: int, figures: Mapping[int, Figures]) -> Iterator[Line]:
    """A line a job and peer; where there is no peer, one of ours alone."""
    for job, target in TARGETS.items():
        runs = figures[posts].get(job, {})
        ours = runs.get(OURS, [])
        peers = [name for name in runs if name != OURS]
        for peer in peers:
            yield _compared(posts, job, target, ours, peer, runs[peer])
        if not peers and ours:
            yield _alone(posts, job, ours, figures)


def _compared(posts: int, job: str, target: Target, ours: list[Run], peer: str, theirs: list[Run]) -> Line:
    ratio, verdict = "", "not offered"
    if ours:
        pairs = zip(_values(job, ours), _values(job, theirs), strict=True)
        value = median(mine / other for mine, other in pairs)
        ratio, verdict = f"{value:.3f}", target.verdict(value)
    wanted = str(target)
    if target.peer not in (None, peer):
        wanted = verdict = ""
    return Line(f"{posts:,}", job, *_shown(job, ours), peer, *_shown(job, theirs), ratio, wanted, verdict)


def _alone(posts: int, job: str, ours: list[Run], figures: Mapping[int, Figures]) -> Line:
    mine = median(_values(job, ours))
    peer, theirs, ratio, target, verdict = "", ("", ""), "", "", ""
    if posts > REFERENCE_POSTS and job == "peak memory":
        target, verdict = str(MEMORY_GIB), MEMORY_GIB.verdict(mine / 2**30)
    elif posts > REFERENCE_POSTS and job == "nothing changed":
        reference = figures[REFERENCE_POSTS][job][OURS]
        growth = mine / median(_values(job, reference))
        peer, theirs = f"ours, {REFERENCE_POSTS:,}", _shown(job, reference)
        ratio, target, verdict = f"{growth:.3f}", str(GROWTH), GROWTH.verdict(growth)
    return Line(f"{posts:,}", job, *_shown(job, ours), peer, *theirs, ratio, target, verdict)


def _values(job: str, runs: list[Run]) -> list[float]:
    return [float(run.peak_bytes or 0) if job == "peak memory" else run.wall_seconds for run in runs]


def _shown(job: str, runs: list[Run]) -> tuple[str, str]:
    """Time, or memory, and the processors' time."""
    if not runs:
        return "", ""
    value = median(_values(job, runs))
    if job == "peak memory":
        return f"{value / 2**20:.0f} MiB", ""
    return f"{value:.2f} s", f"{median(run.cpu_seconds for run in runs):.2f} s"

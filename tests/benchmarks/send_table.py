"""The closing table of `send.py`: each figure of ours beside a peer's, or beside what is wanted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.measure import Run, memory_kind
from tests.benchmarks.table import OURS, Line, Target, aligned

SOURCE, UNKEPT = "smtp-source -d -s 8", "smtp-source -s 8"
SMTPLIB, AIOSMTPLIB = "smtplib, 1", "aiosmtplib, 8"
NUMBERS = (1, 4, 8, 16, 32)
"""Of connections."""
USUAL, DKIM, TOGETHER = "8 connections", "8, DKIM RSA-2048", "PostgreSQL, 2 workers"

Turns = Mapping[str, Sequence[Run]]
"""By who had them, in the order of the rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    ratio: float

    def __str__(self) -> str:
        return f">= {self.ratio:g}"

    def verdict(self, value: float) -> str:
        return "pass" if value >= self.ratio else "FAIL"


RATIOS = {
    (USUAL, SOURCE): AtLeast(ratio=1),
    (USUAL, UNKEPT): None,
    (USUAL, SMTPLIB): AtLeast(ratio=3),
    (USUAL, AIOSMTPLIB): AtLeast(ratio=4),
    (DKIM, SOURCE): AtLeast(ratio=0.5),
    (TOGETHER, USUAL): AtLeast(ratio=0.5),
}
"""Letters a second, ours to theirs. The last is ours to ours, on SQLite by one process."""
BEST = AtLeast(ratio=1.3)
"""The best number of connections, to `SOURCE`."""
CPU = Target(at_most=300, unit=" ms")
"""Of the sender's, for 1,000 letters."""
COMPOSE = {"SQLite": Target(at_most=20, unit=" s"), "PostgreSQL": Target(at_most=60, unit=" s")}
GROWTH = Target(at_most=100, unit=" MB")
"""Of the highest memory, from few readers to many."""

HEAD = Line("readers", "job", OURS, "cpu/1,000", "peer", "peer's", "cpu/1,000", "ours/peer", "target", "verdict")


def connections(number: int) -> str:
    return f"{number} connection{'s' * (number > 1)}"


def sending(count: int, turns: Turns) -> Iterator[Line]:
    """What was measured, each pair that is there."""
    for (ours, peer), target in RATIOS.items():
        if ours in turns and peer in turns:
            yield _compared(count, ours, turns[ours], peer, turns[peer], target)
    numbers = [name for name in map(connections, NUMBERS) if name in turns and SOURCE in turns]
    for name in numbers:
        if name != USUAL:
            yield _compared(count, name, turns[name], SOURCE, turns[SOURCE], None)
    if len(numbers) > 1:
        best = max(numbers, key=lambda name: _ratio(turns[name], turns[SOURCE]))
        yield _compared(count, f"best: {best}", turns[best], SOURCE, turns[SOURCE], BEST)
    if USUAL in turns:
        used = _cpu_ms(count, turns[USUAL])
        shown, verdict = f"{used:.0f} ms", CPU.verdict(used)
        yield Line(f"{count:,}", f"cpu, {USUAL}", shown, "", "", "", "", "", str(CPU), verdict)


def composing(job: str, runs: Mapping[int, Sequence[Run]], target: Target) -> Line:
    """By the number of readers, two of them."""
    (few, before), (many, after) = sorted(runs.items())
    took = median(run.wall_seconds for run in after)
    theirs = f"{median(run.wall_seconds for run in before):.1f} s", f"{_cpu_ms(few, before):.0f} ms"
    mine = f"{took:.1f} s", f"{_cpu_ms(many, after):.0f} ms"
    return Line(f"{many:,}", job, *mine, f"ours, {few:,}", *theirs, "", str(target), target.verdict(took))


def growth(job: str, peaks: Mapping[int, Run]) -> Line:
    """By the number of readers, two of them."""
    (few, before), (many, after) = sorted((readers, (run.peak_bytes or 0) / 1e6) for readers, run in peaks.items())
    grown = after - before
    theirs, shown = (f"{before:.0f} MB", ""), f"{grown:+.0f} MB"
    verdict = GROWTH.verdict(grown)
    return Line(f"{many:,}", job, f"{after:.0f} MB", "", f"ours, {few:,}", *theirs, shown, str(GROWTH), verdict)


def render(started: str, versions: Sequence[str], lines: Sequence[Line], notes: Sequence[str], rounds: int) -> str:
    judged = [line.verdict for line in lines]
    count = f"{judged.count('pass')} pass, {judged.count('FAIL')} fail"
    how = (
        f"rates, seconds and cpu: medians of {rounds}; ratios: their median; memory: {memory_kind()}, the peak; {count}"
    )
    return "\n".join([started, ", ".join(versions), *aligned([HEAD, *lines]), *notes, how])


def _compared(
    count: int, ours: str, our_runs: Sequence[Run], peer: str, their_runs: Sequence[Run], target: AtLeast | None
) -> Line:
    ratio = _ratio(our_runs, their_runs)
    verdict = target.verdict(ratio) if target else ""
    mine, theirs = _shown(count, our_runs), _shown(count, their_runs)
    return Line(f"{count:,}", ours, *mine, peer, *theirs, f"{ratio:.2f}", str(target or ""), verdict)


def _ratio(ours: Sequence[Run], theirs: Sequence[Run]) -> float:
    return median(other.wall_seconds / mine.wall_seconds for mine, other in zip(ours, theirs, strict=True))


def _shown(count: int, runs: Sequence[Run]) -> tuple[str, str]:
    """Letters a second, and what they cost the processors."""
    rate = count / median(run.wall_seconds for run in runs)
    return f"{rate:,.0f}/s", f"{_cpu_ms(count, runs):.0f} ms"


def _cpu_ms(count: int, runs: Sequence[Run]) -> float:
    """For a thousand."""
    return median(run.cpu_seconds for run in runs) / count * 1_000_000

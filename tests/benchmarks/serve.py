"""How fast `publisher serve` is beside nginx: `python -m tests.benchmarks.serve`, on Linux, with Debian's nginx-light and wrk.

Both serve the same built site, nginx by the configuration that we give our users, with a worker for each core. wrk asks both
in turn for the same feed, on the same cores:

- whole: 200 with the plain bytes
- gzip: 200 with the compressed bytes, from the `.gz` beside the feed
- known: 304, for a reader that has it

Full load is as many requests as go through; half load half of that rate, from four times as many readers that pause at random
between their requests. Figures are medians over the rounds. Wants a machine that does nothing else.
Exit code 0: measured; 1: a server failed or answered wrongly; 2: a wrong command line, or a program that is not installed.
"""

import argparse
import os
import platform
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from publisher.app import open_app
from publisher.core.webservers import nginx
from tests.processes import Answer, Site, get
from tests.servers.loopback import HOST, wait_until
from tests.servers.nginx import Nginx
from tests.servers.packages import program

FEED = "/rss.xml"
CONNECTIONS = 64
POSTS = 40
AT_LEAST_RATIO = 0.2
AT_MOST_MS = 50.0
KINDS = {"whole": 200, "gzip": 200, "known": 304}
"""With the status of a right answer."""
_WORDS = ("tide", "ebb", "flood", "gauge", "moon", "harbour", "lantern", "buoy", "slack", "neap", "spring", "keel")
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
_PAUSES = """\
function delay()
    return math.random(0, {most_ms:d})
end
"""


class Wrong(Exception):
    """A server did not do what is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What wrk saw."""

    per_second: float
    p99_ms: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serve", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=5, help="how long each run is (5)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    options = parser.parse_args(arguments)
    absent = [name for name in ("nginx", "wrk") if program(name) is None]
    if absent:
        print(f"not installed: {', '.join(absent)}; wanted is apt-get install nginx-light wrk", file=sys.stderr)
        return 2
    try:
        with TemporaryDirectory(prefix="publisher-serve-") as folder:
            return _measure(Path(folder), options.seconds, options.rounds)
    except (Wrong, AssertionError) as error:
        print(error, file=sys.stderr)
        return 1


def _measure(folder: Path, seconds: int, rounds: int) -> int:
    site = Site(folder / "site")
    _write(site)
    machine = f"{os.cpu_count()} cores, {_memory()}, {platform.machine()}, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}")
    print(f"{CONNECTIONS} connections, {rounds} rounds of {seconds} s\n", flush=True)
    full: dict[tuple[str, str], list[Load]] = defaultdict(list)
    half: dict[tuple[str, str], list[Load]] = defaultdict(list)
    with ExitStack() as stack:
        ports = {"nginx": stack.enter_context(_nginx(site)).port, "ours": site.port}
        ours = stack.enter_context(site.started("serve", "--no-schedule", "--port", str(site.port)))
        wait_until(lambda: not ours.runs() or get(f"{site.url}/").status == 200, "the first page")
        _zip(site)
        for _ in range(rounds):
            for kind in KINDS:
                for name, port in ports.items():
                    headers = _headers(kind, port)
                    load = _wrk(port, headers, folder, seconds)
                    full[kind, name].append(load)
                    half[kind, name].append(_wrk(port, headers, folder, seconds, at_most=load.per_second / 2))
    print(render_table(full, half))
    return 0


def _write(site: Site) -> None:
    """A few posts of some thousand characters."""
    dice = random.Random(1)
    (site.folder / "posts").mkdir(parents=True)
    site.set(SITE_URL=site.url, SECRET_KEY="a key that is only good for measuring, and only here")
    for number in range(POSTS):
        paragraphs = (" ".join(dice.choices(_WORDS, k=80)) for _ in range(dice.randint(4, 12)))
        day = f"2026-{number // 28 + 1:02}-{number % 28 + 1:02}"
        site.write(f"{day}-post-{number}.md", f"---\ntitle: Post {number}\n---\n" + "\n\n".join(paragraphs) + "\n")


def _zip(site: Site) -> None:
    """After `serve` has started, which builds without: the `.gz` files that both servers will find."""
    done = site.run("build", "--gzip")
    if done.code:
        raise Wrong(done.err)
    whole, packed = ((site.folder / "public" / name).stat().st_size for name in ("rss.xml", "rss.xml.gz"))
    print(f"{FEED}: {whole:,} bytes, {packed:,} compressed", flush=True)


def _nginx(site: Site) -> Nginx:
    app = open_app(site.folder, environment={})
    try:
        snippet = nginx(app.publication.site, output=str(app.publication.folders.output), moved=())
    finally:
        app.close()
    return Nginx(snippet, workers=os.cpu_count() or 1)


def _headers(kind: str, port: int) -> dict[str, str]:
    """What a reader of this kind sends. Raises Wrong when the answer is another than wanted."""
    url = f"http://{HOST}:{port}{FEED}"
    headers = {"Host": HOST, "User-Agent": "a-reader/1.0", "Accept": "*/*"}
    if kind == "gzip":
        headers["Accept-Encoding"] = "gzip"
    if kind == "known":
        headers["If-None-Match"] = get(url, headers=headers).headers["etag"]
    answer: Answer = get(url, headers=headers)
    if answer.status != KINDS[kind] or (kind == "gzip") != (answer.headers.get("content-encoding") == "gzip"):
        raise Wrong(f"{url}, {kind}: {answer.status} {answer.headers}")
    return headers


def _wrk(port: int, headers: dict[str, str], folder: Path, seconds: int, *, at_most: float | None = None) -> Load:
    """`at_most` so many requests a second."""
    more, connections = [], CONNECTIONS
    if at_most is not None:
        connections *= 4
        script = folder / "pauses.lua"
        script.write_text(_PAUSES.format(most_ms=round(2000 * connections / at_most)))
        more = ["--script", str(script)]
    given = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    command = [program("wrk") or "wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", *more, *given]
    done = subprocess.run([*command, f"http://{HOST}:{port}{FEED}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong(done.stderr)
    return read_load(done.stdout)


def read_load(said: str) -> Load:
    """Raises Wrong where an answer was an error, or none came."""
    rate = re.search(r"^Requests/sec:\s*([\d.]+)$", said, re.MULTILINE)
    p99 = re.search(r"^\s*99%\s+([\d.]+)(us|ms|s|m)$", said, re.MULTILINE)
    if not rate or not p99 or "Non-2xx or 3xx" in said or "Socket errors" in said:
        raise Wrong(said)
    return Load(per_second=float(rate[1]), p99_ms=float(p99[1]) * _UNITS_MS[p99[2]])


def render_table(full: dict[tuple[str, str], list[Load]], half: dict[tuple[str, str], list[Load]]) -> str:
    """By kind and server; ratios are taken within a round."""
    lines = [
        _row("", "nginx", "ours", "ratio", "p99 full", "(nginx)", "p99 half", "(nginx)", "at"),
        _row("", "per s", "per s", f">= {AT_LEAST_RATIO}", "ms", "ms", f"< {AT_MOST_MS:g} ms", "ms", "per s"),
    ]
    is_good = True
    for kind in KINDS:
        theirs, ours = full[kind, "nginx"], full[kind, "ours"]
        ratio = median(one.per_second / other.per_second for one, other in zip(ours, theirs, strict=True))
        p99 = median(load.p99_ms for load in half[kind, "ours"])
        is_good = is_good and ratio >= AT_LEAST_RATIO and p99 < AT_MOST_MS
        rates = [f"{median(load.per_second for load in loads):,.0f}" for loads in (theirs, ours, half[kind, "ours"])]
        times = [f"{median(load.p99_ms for load in loads):.1f}" for loads in (ours, theirs, half[kind, "nginx"])]
        lines.append(_row(kind, *rates[:2], f"{ratio:.2f}", *times[:2], f"{p99:.1f}", times[2], rates[2]))
    return "\n".join([*lines, "", "as wanted" if is_good else "NOT as wanted"])


def _row(*cells: str) -> str:
    return f"{cells[0]:8}" + "".join(f"{cell:>10}" for cell in cells[1:])


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

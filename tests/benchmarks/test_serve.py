import pytest

from tests.benchmarks.serve import KINDS, Load, Wrong, read_load, render_table

SAID = """\
Running 3s test @ http://127.0.0.1:20000/rss.xml
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.01ms    1.00ms  30.00ms   90.00%
  Latency Distribution
     50%    1.80ms
     99%  {p99}
  90000 requests in 3.00s, 1.00GB read
Requests/sec:  30000.50
Transfer/sec:    341.00MB
"""


@pytest.mark.parametrize(("p99", "p99_ms"), [("900.00us", 0.9), ("12.50ms", 12.5), ("1.20s", 1200.0)])
def test_what_wrk_says_is_read(p99: str, p99_ms: float) -> None:
    found = read_load(SAID.format(p99=p99))
    assert found.per_second == 30000.5
    assert found.p99_ms == pytest.approx(p99_ms)


@pytest.mark.parametrize(
    "more", ["  Non-2xx or 3xx responses: 7\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"]
)
def test_a_run_with_errors_is_no_measure(more: str) -> None:
    with pytest.raises(Wrong):
        read_load(SAID.format(p99="1.00ms") + more)
    with pytest.raises(Wrong):
        read_load("unable to connect")


@pytest.mark.parametrize(
    ("ours", "p99_ms", "verdict"),
    [(2500.0, 20.0, "as wanted"), (1500.0, 20.0, "NOT as wanted"), (2500.0, 60.0, "NOT as wanted")],
)
def test_the_table_ends_with_the_verdict(ours: float, p99_ms: float, verdict: str) -> None:
    rates = {"nginx": 10_000.0, "ours": ours}
    full = {(kind, name): [Load(per_second=rate, p99_ms=99.0)] for kind in KINDS for name, rate in rates.items()}
    half = {key: [Load(per_second=load.per_second / 2, p99_ms=p99_ms)] for key, [load] in full.items()}
    table = render_table(full, half)
    assert table.splitlines()[-1] == verdict
    assert table.count(f"{ours / 10_000:.2f}") == len(KINDS)

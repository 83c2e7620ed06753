"""Same values, same bytes: to the byte as they are kept, under any clock, zone, locale, hash seed and thread."""

import hashlib
import locale
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, tzinfo
from pathlib import Path

import feedgen.entry
import feedgen.feed
import pytest

from tests.core.feeds.golden_files import NAMES, made, path

ROOT = Path(__file__).parents[3]
DIGEST = """
import hashlib
from tests.core.feeds.golden_files import NAMES, made
print(hashlib.sha256(b"".join(made(*name) for name in NAMES)).hexdigest())
"""


@pytest.mark.parametrize(("name", "kind"), NAMES)
def test_every_feed_is_as_it_is_kept(name: str, kind: str) -> None:
    assert made(name, kind).decode() == path(name, kind).read_text("utf-8")


def test_nothing_else_is_kept() -> None:
    assert set(path("rich", "RSS").parent.iterdir()) == {path(*name) for name in NAMES}


@pytest.mark.parametrize(
    "surroundings",
    [
        {"TZ": "Asia/Kolkata", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
    ],
    ids=lambda surroundings: surroundings["TZ"],
)
def test_another_process_elsewhere_makes_the_same_bytes(surroundings: dict[str, str]) -> None:
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", DIGEST],
        cwd=ROOT,
        env={**os.environ, **surroundings},
        capture_output=True,
        check=True,
        text=True,
    )
    assert found.stdout.strip() == digest()


def test_no_clock_reaches_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest()
    for module in (feedgen.feed, feedgen.entry):
        monkeypatch.setattr(module, "datetime", LateClock)
    assert digest() == before


def test_threads_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: digest(), range(32)))
    assert set(found) == {digest()}


def test_the_locale_of_the_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """feedgen's trap 8, in every feed."""

    def refuse(category: int, value: object = None) -> str:
        raise AssertionError("setlocale was called")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert digest()


def digest() -> str:
    return hashlib.sha256(b"".join(made(*name) for name in NAMES)).hexdigest()


class _AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class LateClock(metaclass=_AnyDatetime):
    """Stands in for `datetime` where feedgen asks for the time."""

    @staticmethod
    def now(zone: tzinfo | None = None) -> datetime:
        return datetime(2099, 12, 31, 23, 59, 59, tzinfo=zone)

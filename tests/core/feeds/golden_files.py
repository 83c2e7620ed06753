"""The golden files. After a change that is meant to show, write them anew and read the difference:

python -m tests.core.feeds.golden_files && git diff tests/core/feeds/golden
"""

from collections.abc import Callable
from pathlib import Path

from publisher import __version__
from publisher.core.feeds.atom import atom
from publisher.core.feeds.rss import rss
from publisher.core.model import Feed
from tests.core.feeds.examples import FEEDS

FOLDER = Path(__file__).parent / "golden"
FORMATS: dict[str, Callable[[Feed], bytes]] = {"rss": rss, "atom": atom}
NAMES = [(name, kind) for name in FEEDS for kind in FORMATS]

VERSION = {
    f"<generator>publisher {__version__}<".encode(): b"<generator>publisher @VERSION@<",
    f'<generator version="{__version__}">'.encode(): b'<generator version="@VERSION@">',
}
"""A release of publisher changes no golden file."""


def made(name: str, kind: str) -> bytes:
    document = FORMATS[kind](FEEDS[name])
    for written, kept in VERSION.items():
        document = document.replace(written, kept)
    return document


def path(name: str, kind: str) -> Path:
    return FOLDER / f"{name}.{kind}.xml"


if __name__ == "__main__":
    for name, kind in NAMES:
        path(name, kind).write_bytes(made(name, kind))

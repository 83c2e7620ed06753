"""The golden files. After a change that is meant to show, write them anew and read the difference:

python -m tests.core.feeds.golden_files && git diff tests/core/feeds/golden
"""

from pathlib import Path

from publisher import __version__
from publisher.core.feeds import FORMATS, Format
from tests.core.feeds.examples import EXAMPLES, written

FOLDER = Path(__file__).parent / "golden"
KINDS: dict[str, Format] = {form.name: form for form in FORMATS}
NAMES = [(name, kind) for name in EXAMPLES for kind in KINDS]

VERSION = {
    f"<generator>publisher {__version__}<".encode(): b"<generator>publisher @VERSION@<",
    f'<generator version="{__version__}">'.encode(): b'<generator version="@VERSION@">',
}
"""A release of publisher changes no golden file."""


def made(name: str, kind: str) -> bytes:
    document = written(EXAMPLES[name], KINDS[kind])
    for ours, kept in VERSION.items():
        document = document.replace(ours, kept)
    return document


def path(name: str, kind: str) -> Path:
    return FOLDER / f"{name}.{KINDS[kind].file}"


if __name__ == "__main__":
    for name, kind in NAMES:
        path(name, kind).write_bytes(made(name, kind))

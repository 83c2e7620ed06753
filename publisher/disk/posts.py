"""The files of the posts, and the files beside them."""

import os
import stat
from pathlib import Path, PurePosixPath

from publisher.core.manuscript import Source
from publisher.core.media import media_type
from publisher.core.model import Asset, is_one_line

TEXT_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx", ".rst"})
HTML_SUFFIXES = frozenset({".html", ".htm"})
_HEAD_BYTES = 4096


def is_post(folder: Path, name: str) -> bool:
    """Whether a file is a post: by its ending, and an HTML file by a head that says what it is."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix in TEXT_SUFFIXES:
        return True
    return suffix in HTML_SUFFIXES and _has_head(folder / name)


def _has_head(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begin = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return False
    return begin.startswith((b"---", b"+++")) or b'<meta name="date"' in begin


def read_source(folder: Path, name: str) -> Source:
    try:
        return Source(path=PurePosixPath(name), data=(folder / name).read_bytes())
    except OSError as error:
        complaint = f"{error.strerror}: wanted is a file that you may read"
        return Source(path=PurePosixPath(name), data=None, complaint=complaint)


def leads_astray(path: Path, site: Path, posts: Path, state: Path) -> bool:
    """Whether a link on the way to a file leads out of the site and its posts, or to the settings or the state.

    Whoever may send in a post could else publish any file of this machine.
    """
    real = os.path.realpath(path)
    if real == str(path):
        return False
    homes = [os.path.realpath(folder) + "/" for folder in (site, posts)]
    secrets = (os.path.realpath(state) + "/", os.path.realpath(site / ".env"))
    return not real.startswith(tuple(homes)) or real.startswith(secrets)


def read_asset(folder: Path, name: str) -> Asset | None:
    """None for what can't be published: no regular file, or a name that is no text."""
    if not is_one_line(name):
        return None
    path, relative = folder / name, PurePosixPath(name)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return None
        kind = media_type(relative)
    except OSError:
        return None
    width, height = _measures(path) if kind.startswith("image/") else (-1, -1)
    return Asset(
        path=relative,
        size_bytes=found.st_size,
        media_type=kind,
        width=int(width) if width > 0 else None,
        height=int(height) if height > 0 else None,
    )


def _measures(path: Path) -> tuple[float, float]:
    """Width and height in pixels; -1 for what does not say, as many a drawing doesn't, or says it in a way of its own."""
    import imagesize

    try:
        width, height = imagesize.get(path)
    except Exception:
        return -1, -1
    return width, height

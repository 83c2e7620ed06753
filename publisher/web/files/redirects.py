"""The list of moved and withdrawn addresses, as the last build left it."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from publisher.core.moved import REDIRECTS_NAME, Moved, parse_redirects, place
from publisher.web.files.shelf import CHECK_SECONDS, Stamp, stamp


class Redirects:
    """Looked at again when it changes, and no more often than every `CHECK_SECONDS`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / REDIRECTS_NAME
        self._found: Mapping[str, Moved] = {}
        self._stamp: Stamp | None = None
        self._checked_at = float("-inf")

    def find(self, path: str) -> Moved | None:
        """What became of a path, the whole one, percent-encoded or not."""
        now = time.monotonic()
        if now - self._checked_at > CHECK_SECONDS:
            self._refresh()
            self._checked_at = now
        return self._found.get(place(path))

    def _refresh(self) -> None:
        try:
            found = stamp(os.stat(self._path))  # noqa: PTH116
            if found != self._stamp:
                self._found = parse_redirects(self._path.read_text(encoding="utf-8"))
                self._stamp = found
        except (OSError, UnicodeDecodeError):
            self._found, self._stamp = {}, None

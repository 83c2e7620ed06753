"""Whether anything has changed since the last build, told without loading a library.

The stamp holds what a build said at its end, and the signature of all that it was made from and all that it wrote. While
that is the same, so is what the next build would say.
"""

import json
import marshal
import os
import sys
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from publisher.core.generators.files import FILES, POST_FOLDERS
from publisher.disk.walk import walk

NAME = "stamp"
_SETTINGS = (".env", *FILES)
_PREFIX = "PUBLISHER_"


class Seen:
    """How a site's settings and inputs looked at one moment, each looked at when it is first asked for."""

    def __init__(self, folder: str) -> None:
        """`folder` is the site's, without links in its path."""
        self.folder = folder
        self._inputs: dict[tuple[str, str], str] = {}

    @cached_property
    def settings(self) -> str:
        return settings_signature(self.folder)

    def inputs(self, posts: str, templates: str) -> str:
        folders = posts, templates
        if folders not in self._inputs:
            self._inputs[folders] = inputs_signature(posts, templates)
        return self._inputs[folders]

    def report(self, output: str | None, now: float) -> dict[str, Any] | None:
        """What the last build of this site said, if it is still true at `now`, in seconds since 1970; else None.

        `output` is another folder than that of the settings, without links in its path.
        """
        stamp = _read(os.path.join(self.folder, "var", "build", NAME))
        try:
            is_same = (
                stamp["asked_output"] == output
                and stamp["from"] <= now < stamp["until"]
                and stamp["settings"] == self.settings
                and stamp["inputs"] == self.inputs(stamp["posts"], stamp["templates"])
                and stamp["outputs"] == outputs_signature(stamp["posts"], stamp["output"])
            )
            report: dict[str, Any] = stamp["report"]
        except (OSError, LookupError, TypeError):  # what it names is gone, or it is damaged
            return None
        return report if is_same else None


def write_stamp(folder: str, stamp: dict[str, Any]) -> None:
    """With `posts`, `templates` and `output` (folders), `asked_output`, `from` and `until` when the report holds, the
    signatures of `settings` and `inputs`, taken before they were read, and of `outputs`, taken at the end, and the `report`.
    """
    path = os.path.join(folder, "var", "build", NAME)
    new = f"{path}.new"
    with open(new, "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(stamp, file)
    os.replace(new, path)


def remove_stamp(folder: str) -> None:
    try:
        os.unlink(os.path.join(folder, "var", "build", NAME))
    except FileNotFoundError:
        pass


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def settings_signature(folder: str) -> str:
    """Changes with the settings, with the program, and with what is installed beside it."""
    program = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return _signature(
        sorted((name, value) for name, value in os.environ.items() if name.startswith(_PREFIX)),
        [_content(os.path.join(folder, name)) for name in _SETTINGS],
        [os.path.isdir(os.path.join(folder, name)) for name in ("posts", *POST_FOLDERS)],
        [*walk(Path(program))],
        installed(),
    )


def inputs_signature(posts: str, templates: str) -> str:
    """Changes with the posts, the files beside them, and the templates."""
    return _signature([*walk(Path(posts))], [*walk(Path(templates))])


def outputs_signature(posts: str, output: str) -> str:
    """Changes with what a build writes. Raises OSError where something of it is gone."""
    return _signature(_content(os.path.join(posts, ".ids")), _outputs(output))


def installed() -> list[tuple[str, int]]:
    """The folders of libraries, each with the time when something was last installed into it or removed."""
    return [
        (path, os.stat(path).st_mtime_ns) for path in sys.path if path.endswith("-packages") and os.path.isdir(path)
    ]


def _signature(*parts: Any) -> str:
    data = marshal.dumps(parts, 2)  # a later format would tell one and the same value apart by how often it is used
    return blake2b(data, digest_size=16).hexdigest()


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _outputs(folder: str) -> list[tuple[int, int]]:
    with open(os.path.join(folder, ".publisher"), encoding="utf-8") as file:
        names = file.read().splitlines()
    return [_state(f"{folder}/{name}") for name in names]


def _state(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size

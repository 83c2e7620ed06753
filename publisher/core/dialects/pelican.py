"""References to files as Pelican and Zola write them in place of an address: `{filename}a.md`, `{static}/a.png`, `@/a.md`."""

import re

from publisher.core.dialects.scan import NOWHERE, Scan
from publisher.core.model import tag_slug

_REFERENCE = re.compile(
    r"(?:\{|%7B|\|)(?P<kind>filename|static|attach|author|category|tag|index)(?:\}|%7D|\|)(?P<rest>[^\s)>\"']*)",
    re.IGNORECASE,
)
_ZOLA = re.compile(r"@/(?P<rest>[^\s)>\"']*)")
_LISTS = {"author": "authors", "category": "tags", "tag": "tags"}


def reference(scan: Scan, start: int) -> int | None:
    """Read what begins at `{filename}` or `@/`. Returns where to go on; None where no address stands there."""
    before = scan.text[max(0, start - 3) : start]
    if not before.endswith(("(", "<", '"', "'", "=")) and not before.endswith(("]: ", "]:", "_ ", ": ")):
        return None
    if found := _ZOLA.match(scan.text, start):
        _put(scan, start, found["rest"], "@/")
        return found.end()
    if not (found := _REFERENCE.match(scan.text, start)):
        return None
    kind, rest = found["kind"].lower(), found["rest"]
    if kind in _LISTS:
        scan.put(scan.site_path(f"/{_LISTS[kind]}/{tag_slug(rest)}/"))
    elif kind == "index":
        scan.put(scan.site_path("/"))
    else:
        _put(scan, start, rest.lstrip("/"), f"{{{kind}}}")
    return found.end()


def _put(scan: Scan, start: int, rest: str, kind: str) -> None:
    path, sign, fragment = rest.partition("#")
    address = scan.address(start, path, kind)
    scan.put(address if address == NOWHERE else address + sign + fragment)

"""The golden files. After a change that is meant to show, write them anew and read the difference:

python -m tests.dialects.goldens && git diff tests/dialects/golden
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from publisher.core.identity import Register
from publisher.core.library import Library, arrange
from publisher.core.manuscript import Source, open_source, read_manuscript
from publisher.core.model import Asset, Site
from publisher.core.place import POST_SUFFIXES, Place
from publisher.core.prose import Placed, Prose, read_prose

HERE = Path(__file__).parent
GENERATORS = ("jekyll", "hugo", "zola", "eleventy", "astro", "pelican", "odd")
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SITE = Site(
    url="https://example.org/notes",
    service_url="https://example.org/notes",
    title="Notes",
    description="",
    language="en",
    timezone=ZoneInfo("Europe/Berlin"),
    author_name="Ada",
)
PICTURES = {
    "jekyll": ["images/can.png"],
    "hugo": ["images/snow.png", "posts/snow-map/map.png"],
    "zola": ["images/tide.png", "blog/storm/wave.png"],
    "eleventy": ["posts/pot.png"],
    "astro": ["blog/hero.png", "images/plain.png"],
    "pelican": ["images/pot.png"],
    "odd": [],
}
_GOOD = "---\ntitle: {}\ndate: 2020-01-01\n---\n"
ODD: Mapping[str, bytes] = {
    "bom-and-crlf.md": (
        b"\xef\xbb\xbf---\r\ntitle: Windows\r\ndate: 2020-01-01\r\ntags:\r\n- a\r\n---\r\n\r\nTwo\r\nlines {{ x }}.\r\n"
    ),
    "carriage-returns.md": b"---\rtitle: Old Macs\rdate: 2020-01-01\r---\rText\r",
    "latin-1.md": _GOOD.format("Caf\u00e9").encode("latin-1"),
    "utf-16.md": _GOOD.format("A").encode("utf-16"),
    "surrogate.md": _GOOD.format("Half").encode() + b"a \xed\xa0\x80 b\n",
    "controls.md": _GOOD.format("Con\x07trols").encode() + b"a\x00b\x1bc\x7f d\xc2\x85e {% x\x01 %}\n",
    "nothing.md": b"",
    "spaces.md": b" \n\t\n",
    "only-a-fence.md": b"---\n",
    "head-only.md": _GOOD.format("Head").encode(),
    "cdata.md": _GOOD.format("']]> <![CDATA['").encode() + b"]]> and <![CDATA[ x ]]> {{ y }}\n",
    "long.md": _GOOD.format("Long").encode() + b"word {% x %} *b* `{{ c }}` " * 40 + b"\n\n" * 9000 + b"end\n",
    "deep.html": _GOOD.format("Deep").encode() + b"<div>" * 200 + b"<p>bottom</p>" + b"</div>" * 200,
    "quotes.md": _GOOD.format("'It''s \"said\": \\ & <b>'").encode() + b"Text\n",
    "emoji.md": _GOOD.format("\U0001f4a7 \u65e5\u672c\u8a9e").encode() + "Tr\u00e4nen {: .x}\n".encode(),
    "zone.md": b"---\ntitle: Zone\ndate: 2020-01-01 00:30 Pacific/Kiritimati\n---\nText\n",
    "no-zone-such.md": b"---\ntitle: Zone\ndate: 2020-01-01 00:30 IST\n---\nText\n",
    "yaml-bomb.md": b"---\ntitle: Bomb\na: &a [x]\n" + b"b: [*a, *a]\n" * 30 + b"---\n",
    "name\n.md": _GOOD.format("Name").encode(),
    "UPPER.MD": _GOOD.format("Upper").encode() + b"Text\n",
}
"""What no editor shows, or git would change."""


def sources(generator: str) -> list[Source]:
    if generator == "odd":
        return [Source(path=PurePosixPath(name), data=data) for name, data in ODD.items()]
    folder = HERE / generator
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix.lower() in POST_SUFFIXES)
    return [Source(path=PurePosixPath(path.relative_to(folder)), data=path.read_bytes()) for path in files]


def assets(generator: str) -> dict[str, Asset]:
    kind, size = "image/png", 1234
    return {path: Asset(path=PurePosixPath(path), size_bytes=size, media_type=kind) for path in PICTURES[generator]}


def made(generator: str) -> str:
    """All that the site would show of these posts, and what would be said of them."""
    found = {str(source.path): source for source in sources(generator)}
    manuscripts = [read_manuscript(source, SITE, "posts") for source in found.values()]
    library = arrange(manuscripts, assets(generator), Register(), SITE, NOW, folder="posts")
    proses = [_prose(placed, library, found[placed.source]) for placed in library.placed]
    problems = {*library.problems, *(problem for prose in proses for problem in prose.problems)}
    document = {
        "posts": {prose.post.source: _shown(prose) for prose in proses},
        "problems": sorted(f"{problem.severity}: {problem}" for problem in problems),
        "moved": dict(sorted(library.moved.items())),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _prose(placed: Placed, library: Library, source: Source) -> Prose:
    place = Place(library.surroundings(SITE), SITE.absolute(placed.entry.path), placed.source)
    return read_prose(open_source(source, SITE, "posts"), placed, SITE, place, "posts")


def _shown(prose: Prose) -> dict[str, Any]:
    post = prose.post
    return {
        "title": post.title,
        "headline": post.headline,
        "path": post.path,
        "published_at": f"{post.published_at:%Y-%m-%d %H:%M:%S}",
        "updated_at": f"{post.updated_at:%Y-%m-%d %H:%M:%S}",
        "tags": post.tags,
        "authors": post.authors,
        "summary": post.summary,
        "image": post.image and [post.image.url, post.image.alt],
        "html": _cut(prose.page_html),
        "content_html": _cut(prose.content_html) if prose.content_html != prose.page_html.strip() else "the same",
    }


def _cut(html: str) -> list[str]:
    """A line a line, so that a difference can be read."""
    lines = html.strip().split("\n")
    return lines if len(html) < 4000 else [*lines[:2], f"... {len(html)} characters ...", *lines[-2:]]


def path(generator: str) -> Path:
    return HERE / "golden" / f"{generator}.json"


if __name__ == "__main__":
    for generator in GENERATORS:
        path(generator).parent.mkdir(exist_ok=True)
        path(generator).write_text(made(generator), encoding="utf-8")

"""Media types by a file's name: a table of our own, so that every machine says the same; and what follows from a type."""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".aac": "audio/aac",
        ".avif": "image/avif",
        ".css": "text/css; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".epub": "application/epub+zip",
        ".flac": "audio/flac",
        ".gif": "image/gif",
        ".gz": "application/gzip",
        ".htm": "text/html; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".ico": "image/vnd.microsoft.icon",
        ".jpeg": "image/jpeg",
        ".jpg": "image/jpeg",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".m4a": "audio/mp4",
        ".m4v": "video/mp4",
        ".mjs": "text/javascript; charset=utf-8",
        ".mp3": "audio/mpeg",
        ".mp4": "video/mp4",
        ".oga": "audio/ogg",
        ".ogg": "audio/ogg",
        ".ogv": "video/ogg",
        ".opus": "audio/ogg",
        ".pdf": "application/pdf",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".vtt": "text/vtt; charset=utf-8",
        ".wav": "audio/wav",
        ".webm": "video/webm",
        ".webp": "image/webp",
        ".woff2": "font/woff2",
        ".xml": "application/xml",
        ".zip": "application/zip",
    }
)
"""By the ending of a name, in lower case."""
FEED_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "rss.xml": "application/rss+xml; charset=utf-8",
        "atom.xml": "application/atom+xml; charset=utf-8",
        "feed.json": "application/feed+json; charset=utf-8",
    }
)
"""By the whole name: these files are feeds wherever they lie."""
_BY_NAME = {**FEED_TYPES, "sitemap.xml": "application/xml; charset=utf-8"}
UNKNOWN = "application/octet-stream"

GZIP_FROM_BYTES = 1000
"""What is smaller fits into one packet as it is."""
GZIP_UP_TO_BYTES = 4_000_000
_TEXTS = ("text/", "application/json", "application/xml", "image/svg+xml", *FEED_TYPES.values())


def media_type(path: PurePosixPath) -> str:
    """The Content-Type of a file; `application/octet-stream` for an ending that we don't know."""
    return _BY_NAME.get(path.name) or TYPES.get(path.suffix.lower(), UNKNOWN)


def is_feed(name: str) -> bool:
    """Whether a file of this name, without its folder, is a feed."""
    return name in FEED_TYPES


def is_text(kind: str) -> bool:
    """Whether files of this Content-Type become much smaller when they are compressed."""
    return kind.startswith(_TEXTS)


def is_worth_gzip(kind: str, size_bytes: int) -> bool:
    """Whether a file is sent compressed to who wants that, and lies compressed beside itself."""
    return is_text(kind) and GZIP_FROM_BYTES <= size_bytes <= GZIP_UP_TO_BYTES


def gzipped(data: bytes) -> bytes:
    """The same data gives the same bytes: no time and no name in the head."""
    return gzip.compress(data, compresslevel=9, mtime=0)


def is_gzip_of(packed: bytes, data: bytes) -> bool:
    """Whether this is one whole gzip member that holds the data and no more."""
    reader = zlib.decompressobj(wbits=31)
    try:
        found = reader.decompress(packed, len(data) + 1)
    except zlib.error:
        return False
    return found == data and reader.eof and not reader.unused_data

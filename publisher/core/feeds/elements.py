"""The elements that feedgen 1.0 lacks or gets wrong, written after its own, and the seams where items are put in."""

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
MEDIA = "http://search.yahoo.com/mrss/"

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PLAIN_TEXT = ("title", "description", "category", "copyright", f"{{{DC}}}creator")


class Elements:
    """A feedgen extension that holds a list of elements, for a feed or for one entry of it.

    feedgen calls the `extend_` methods, as `FeedGenerator.register_extension` describes.
    """

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = namespaces
        self._elements: list[tuple[str, str | None, dict[str, str]]] = []
        self._language: str | None = None

    def add(self, name: str, text: str | None = None, **attributes: str | int | None) -> None:
        """`name` is `prefix:local`, or without a prefix in the format's own namespace. None leaves an attribute out."""
        prefix, _, local = name.rpartition(":")
        tag = f"{{{self._namespaces[prefix]}}}{local}" if prefix else local
        self._elements.append((tag, text, {key: str(value) for key, value in attributes.items() if value is not None}))

    def set_language(self, language: str | None) -> None:
        """Of the whole entry: `xml:lang`."""
        self._language = language

    def extend_ns(self) -> dict[str, str]:
        return dict(self._namespaces)

    def extend_atom(self, parent: Any) -> Any:
        if self._language:
            parent.set(_LANGUAGE, self._language)
        for tag, text, attributes in self._elements:
            etree.SubElement(parent, tag, attributes).text = text
        return parent

    def extend_rss(self, parent: Any) -> Any:
        """An item as it is; of the whole document the channel, which is its only child."""
        target = parent[0] if parent.tag == "rss" else parent
        self.extend_atom(target)
        for element in target.iter(*_PLAIN_TEXT):
            _write_references(element)
        return parent


def only_item(document: bytes, start: bytes, end: bytes) -> bytes:
    """The item of a document that has one, whose head does not hold `start`: neither does the head of ours."""
    return document[document.index(start) : document.rindex(end) + len(end)]


def inserted(items: bytes, head: bytes, *, before: bytes) -> bytes:
    """A document without items, with these before the last place where it says `before`."""
    place = head.rindex(before)
    return head[:place] + items + head[place:]


def _write_references(element: Any) -> None:
    """`& < >` as `&#x26; &#x3C; &#x3E;`, which the fewest readers take for markup (RSS Profile, Character Data)."""
    before, *rest = re.split("([&<>])", element.text or "")
    element.text = before
    for mark, after in zip(rest[::2], rest[1::2], strict=True):
        reference = etree.Entity(f"#x{ord(mark):X}")
        reference.tail = after
        element.append(reference)

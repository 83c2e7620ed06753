"""Write the feeds: a head, and items that were finished in this build or an earlier one."""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from publisher.actions.press import Press
from publisher.actions.stock import Stock
from publisher.core.feeds import FORMATS, Feed, Format, author_feed, site_feed, tag_feed
from publisher.core.library import Library
from publisher.core.model import Site
from publisher.core.prose import Placed
from publisher.disk.output import Output, Part


class Subscription(NamedTuple):
    """A feed with its posts."""

    feed: Feed
    posts: Sequence[Placed]


def subscriptions(site: Site, library: Library) -> Iterator[Subscription]:
    """Of each tag, of each author, and at last of the site."""
    length = site.feed_limit
    for tag, posts in library.tags:
        yield Subscription(tag_feed(site, tag, [post.entry for post in posts[:length]]), posts[:length])
    for author, posts in library.authors:
        yield Subscription(author_feed(site, author, [post.entry for post in posts[:length]]), posts[:length])
    every = [post.entry for post in library.placed]
    yield Subscription(site_feed(site, every), library.placed[:length])


def document_names(feed: Feed) -> Iterator[tuple[Format, str]]:
    place = unquote(feed.path).lstrip("/")
    return ((each, place + each.file) for each in FORMATS)


class FeedWriter:
    """Writes documents, of items that were finished in this build or lie in the documents of the last one."""

    def __init__(self, press: Press, stock: Stock, out: Output) -> None:
        self._press, self._stock, self._out = press, stock, out
        self.changed: list[str] = []
        """The URLs of the documents that were written, for those who want to be told."""
        self._document = lru_cache(maxsize=16)(self._read_document)

    def write(self, subscription: Subscription) -> None:
        digests = [self._stock.digest(post) for post in subscription.posts]
        for each, name in document_names(subscription.feed):
            recipe = self._press.recipe(each.name, subscription.feed, digests)
            if self._out.is_current(name, recipe):
                self._out.keep(name)
                continue
            items = [self._item(post, digest, each) for post, digest in zip(subscription.posts, digests, strict=True)]
            document = each.document(subscription.feed, items)
            if self._out.put(name, recipe, document, _parts(document, items, digests)):
                self.changed.append(subscription.feed.folder_url + each.file)

    def _item(self, post: Placed, digest: str, each: Format) -> bytes:
        if finished := self._stock.finished_item(post, each.name):
            return finished
        if found := self._places.get((each.file, digest)):
            document, part = found
            if (data := self._document(document)) is not None:
                return data[part.start : part.end]
        return self._stock.item(post, each.name)

    @cached_property
    def _places(self) -> dict[tuple[str, str], tuple[str, Part]]:
        """In which document each finished item lies, by the document's last name and the item's digest."""
        return {
            (name.rpartition("/")[2], part.digest): (name, part)
            for name, record in self._out.before.items()
            for part in record.parts
        }

    def _read_document(self, name: str) -> bytes | None:
        """None where it is not what the last build left."""
        if not self._out.is_current(name, self._out.before[name].recipe):
            return None
        return (self._out.folder / name).read_bytes()


def _parts(document: bytes, items: Sequence[bytes], digests: Sequence[str]) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for item, digest in zip(items, digests, strict=True):
        start = document.index(item, end)
        end = start + len(item)
        parts.append(Part(digest, start, end))
    return tuple(parts)

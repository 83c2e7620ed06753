"""The posts of one build, as far as they were read; and those that were not, read when they are asked for."""

from collections.abc import Iterable, Mapping
from itertools import chain

from publisher.actions.press import Press, Printed
from publisher.actions.survey import Looked, Reading
from publisher.core.library import Library
from publisher.core.model import Post, Problem, Site
from publisher.core.pages import INDEX_LENGTH
from publisher.core.prose import Placed

_MOST_ITEMS = 12_000
"""So many finished items are kept in memory; beyond that the posts are read again."""


class Stock:
    """What is known of each public post."""

    def __init__(self, press: Press, library: Library, looked: Mapping[str, Looked], *, is_around_same: bool) -> None:
        self._press = press
        self._readings: dict[str, Reading] = {}
        self._items: dict[tuple[str, str], bytes] = {}
        for placed in library.placed:
            reading = looked[placed.source].reading
            if reading and _is_good(press, placed, reading, is_around_same=is_around_same):
                self._readings[placed.source] = reading

    def has(self, placed: Placed, *, shown: bool) -> bool:
        """Whether nothing of it must be read. `shown`: it stands in a list or a feed, so that its values are wanted."""
        reading = self._readings.get(placed.source)
        return reading is not None and (reading.post is not None or not shown)

    def take(self, printed: Printed) -> None:
        self._readings[printed.source] = printed.reading
        self._remember(printed.reading.digest, printed.items)

    def digest(self, placed: Placed) -> str:
        return self.reading(placed).digest

    def post(self, placed: Placed) -> Post:
        found = self.reading(placed).post
        if found is None:
            self._read(placed)
            found = self._readings[placed.source].post
        assert found is not None
        return found

    def item(self, placed: Placed, format_name: str) -> bytes:
        """The post as it stands in a feed of this format, made anew."""
        key = (format_name, self.digest(placed))
        if key not in self._items:
            self._read(placed)
        return self._items[key]

    def finished_item(self, placed: Placed, format_name: str) -> bytes | None:
        """The same, if it was made in this build."""
        return self._items.get((format_name, self.digest(placed)))

    def reading(self, placed: Placed) -> Reading:
        if placed.source not in self._readings:
            self._read(placed)
        return self._readings[placed.source]

    def problems(self) -> Iterable[Problem]:
        return chain.from_iterable(reading.problems for reading in self._readings.values())

    def to_keep(self, source: str, looked: Looked, shown: frozenset[str]) -> Looked:
        """Of a post that no list shows, the values need not be kept. The same object where nothing is new."""
        reading = self._readings.get(source)
        if reading and reading.post and source not in shown:
            reading = reading._replace(post=None)
        return looked if reading is looked.reading else looked._replace(reading=reading)

    def _read(self, placed: Placed) -> None:
        prose = self._press.read(placed)
        reading = self._press.reading(placed, prose)
        self._readings[placed.source] = reading
        self._remember(reading.digest, self._press.items(prose))

    def _remember(self, digest: str, items: Mapping[str, bytes]) -> None:
        if len(self._items) > _MOST_ITEMS:
            self._items.clear()
        self._items |= {(name, digest): item for name, item in items.items()}


def _is_good(press: Press, placed: Placed, reading: Reading, *, is_around_same: bool) -> bool:
    """Whether what was read then is what would be read now: the content is the same, or there would be no reading."""
    is_same_name = reading.name == (placed.id, placed.entry.path)
    return is_same_name and (is_around_same or not reading.answers or press.place(placed).is_same(reading.answers))


def shown_in_lists(site: Site, library: Library) -> frozenset[str]:
    """The sources of the posts that stand, with more than a line, in a list or a feed."""
    length = max(INDEX_LENGTH, site.feed_limit)
    lists = [list(library.placed), *(posts for _, posts in library.tags), *(posts for _, posts in library.authors)]
    return frozenset(post.source for posts in lists for post in posts[:length])

"""Read whole posts, for letters."""

from collections.abc import Sequence

from publisher.actions.press import Changed, Press
from publisher.actions.publication import Workshop
from publisher.core.digest import Story
from publisher.core.errors import Busy
from publisher.core.library import Library
from publisher.core.prose import Placed


def read_stories(workshop: Workshop, library: Library, posts: Sequence[Placed]) -> list[Story]:
    """Each post with its words. Raises Busy where a file is not what it was when stock was taken."""
    press = Press(workshop, library)
    try:
        return [Story(prose.post, prose.body()) for prose in map(press.read, posts)]
    except Changed as changed:
        raise Busy(f"{changed}: the post changes while it is read: the digest waits until it is saved") from changed

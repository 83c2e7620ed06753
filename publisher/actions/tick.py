"""Everything that is due, in order: scan and build, release, compose. Sending comes after, in a run of its own."""

from dataclasses import dataclass
from datetime import datetime

from publisher.actions.compose import Composed, compose
from publisher.actions.publication import Publication
from publisher.actions.publish import Build, publish
from publisher.actions.release import release_due
from publisher.actions.subscribe import forget_unconfirmed
from publisher.core.model import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    build: Build
    released: int
    composed: list[Composed]


def plan(publication: Publication, library: Library, now: datetime) -> tuple[int, list[Composed]]:
    """Release and compose from this library; returns the number of new releases, and the editions."""
    released = release_due(publication, library, now)
    composed = compose(publication, library, now)
    forget_unconfirmed(publication, now)
    return len(released), composed


def tick(publication: Publication, now: datetime) -> Ticked:
    """All of it, once. Several at once are safe."""
    library, build = publish(publication, now)
    released, composed = plan(publication, library, now)
    return Ticked(build=build, released=released, composed=composed)

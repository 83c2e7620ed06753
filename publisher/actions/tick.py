"""Everything that is due, in order: scan and build, release, compose. Sending comes after, in a run of its own."""

from dataclasses import dataclass
from datetime import datetime

from publisher.actions.compose import Composed, compose
from publisher.actions.publication import Publication
from publisher.actions.publish import Build, publish
from publisher.actions.release import release_due
from publisher.actions.scan import scan
from publisher.actions.subscribe import forget_unconfirmed
from publisher.actions.survey import Survey, keep_register, take_stock
from publisher.core.library import Library
from publisher.disk.kept import Kept


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
    with publication.storage.write() as tx:
        tx.marks.put("ticked_at", now.isoformat())
    return len(released), composed


def take_in(publication: Publication, now: datetime) -> None:
    """Tell the ledger of the posts, and write none of them: what is there now is history."""
    survey = take_stock(publication, Kept(), now)
    scan(publication, survey, now)
    keep_register(publication, survey)


def publish_and_scan(publication: Publication, now: datetime) -> tuple[Library, Build]:
    """Build, and tell the ledger whatever it finds, news or not: the database may be another than that of the last build."""

    def tell(survey: Survey, *, is_news: bool) -> None:  # noqa: ARG001
        scan(publication, survey, now)

    return publish(publication, now, tell)


def tick(publication: Publication, now: datetime) -> Ticked:
    """All of it, once. Several at once are safe."""
    library, build = publish_and_scan(publication, now)
    released, composed = plan(publication, library, now)
    return Ticked(build=build, released=released, composed=composed)

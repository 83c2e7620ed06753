"""Posts as the ledger knows them, and the numbers that they were given."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from publisher.core.ledger import PostState, Release
from publisher.storage.marks import last_number, next_number
from publisher.storage.schema import posts, releases

_STATE = (
    posts.c.key,
    posts.c.number,
    posts.c.is_public,
    posts.c.is_mailable,
    posts.c.public_since,
    posts.c.revision,
    posts.c.fingerprint,
    posts.c.is_waiting,
)


class Releases:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def states(self) -> dict[str, PostState]:
        """Every post that was ever seen, by its key."""
        rows = self._connection.execute(select(*_STATE)).mappings()
        return {row["key"]: PostState(**row) for row in rows}

    def put_states(self, states: Sequence[PostState]) -> None:
        """Those of known posts are changed, others are new; a first scan brings very many."""
        keys = set(self._connection.execute(select(posts.c.key)).scalars())
        rows = [{column.name: getattr(state, column.name) for column in _STATE} for state in states]
        known = [row | {"the_key": row["key"]} for row in rows if row["key"] in keys]
        new = [row for row in rows if row["key"] not in keys]
        if known:
            self._connection.execute(update(posts).where(posts.c.key == bindparam("the_key")), known)
        if new:
            self._connection.execute(insert(posts), new)

    def cut_to(self, now: datetime) -> None:
        """No post is public since a time that has not come: a clock ran ahead."""
        self._connection.execute(update(posts).where(posts.c.public_since > now).values(public_since=now))

    def answer_waiting(self, *, is_history: bool) -> list[str]:
        """The owner's word on the posts that wait for it: release them, or let them be history. Returns their keys."""
        keys = list(
            self._connection.execute(select(posts.c.key).where(posts.c.is_waiting).order_by(posts.c.key)).scalars()
        )
        values = {"is_waiting": False, "number": 0} if is_history else {"is_waiting": False}
        self._connection.execute(update(posts).where(posts.c.is_waiting).values(values))
        return keys

    def give_number(self, state: PostState, now: datetime) -> Release | None:
        """A number for a post that has none; None where somebody else was faster."""
        taken = self._connection.execute(
            update(posts).where(posts.c.key == state.key, posts.c.number.is_(None)).values(number=-1)
        )
        if not taken.rowcount:
            return None
        number = next_number(self._connection, "release")
        release = Release(number=number, post=state.key, kind="post", revision=state.revision)
        self._connection.execute(update(posts).where(posts.c.key == state.key).values(number=number))
        self._connection.execute(
            insert(releases).values(
                number=number, post=release.post, kind=release.kind, revision=release.revision, released_at=now
            )
        )
        return release

    def newest(self) -> int:
        """The last number given; 0 before the first."""
        return last_number(self._connection, "release")

    def all(self) -> dict[int, Release]:
        rows = self._connection.execute(
            select(releases.c.number, releases.c.post, releases.c.kind, releases.c.revision)
        ).mappings()
        return {row["number"]: Release(**row) for row in rows}

    def last(self, count: int) -> list[int]:
        """The numbers of the newest posts, in order."""
        query = (
            select(releases.c.number).where(releases.c.kind == "post").order_by(releases.c.number.desc()).limit(count)
        )
        return sorted(self._connection.execute(query).scalars())

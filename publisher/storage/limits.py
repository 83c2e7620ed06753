"""How fast letters may leave, kept so that no restart and no second sender forgets it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from publisher.core.limits import Limit
from publisher.storage.engine import now_ms
from publisher.storage.schema import limits

_COLUMNS = (
    limits.c.name,
    limits.c.free_at_ms,
    limits.c.booked_to_ms,
    limits.c.shut_until,
    limits.c.refusals,
    limits.c.reason,
)


class Limits:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now_ms(self) -> int:
        """The database's clock, which all senders share."""
        return int(self._connection.execute(select(now_ms(self._connection))).scalar_one())

    def read(self, names: Collection[str], now: datetime) -> dict[str, Limit]:
        """These, even if they are new, and all that are shut; nobody else changes them until this transaction is over."""
        query = (
            select(*_COLUMNS)
            .where(or_(limits.c.name.in_(names), limits.c.shut_until > now))
            .order_by(limits.c.name)
            .with_for_update()
        )
        found = {row["name"]: Limit(**row) for row in self._connection.execute(query).mappings()}
        if new := sorted({*names} - {*found}):
            self._add(new)
            return self.read(names, now)
        return found

    def all(self) -> list[Limit]:
        return [Limit(**row) for row in self._connection.execute(select(*_COLUMNS).order_by(limits.c.name)).mappings()]

    def put(self, limit: Limit) -> None:
        """One that was read in this transaction."""
        values = {column.name: getattr(limit, column.name) for column in _COLUMNS}
        self._connection.execute(update(limits).where(limits.c.name == limit.name).values(values))

    def _add(self, names: Sequence[str]) -> None:
        """Somebody else may do the same at this moment, and is waited for."""
        new = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        rows = [{"name": name} for name in names]
        self._connection.execute(new(limits).on_conflict_do_nothing(), rows)

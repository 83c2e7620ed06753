"""The tables. `migrations/` makes them; a test holds the two together."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

REVISION = "0002"
"""The newest step in `migrations/`."""

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only an INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC on every engine. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} is naive, wanted is an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


UNCLAIMED = text("state IN ('pending', 'deferred') AND lease_owner IS NULL")
LEASED = text("lease_owner IS NOT NULL")
OPEN_DIGEST = text("edition IS NOT NULL AND state IN ('pending', 'sending', 'deferred')")
"""What the partial indexes hold. A query that wants to use one says the same words, since SQLite compares them."""

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    comment="release and edition: the last number given; a row is locked until its transaction ends",
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="what holds for the whole publication: the baseline, the slots that due times were made for, a restored backup",
)

posts = Table(
    "posts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("number", BigInteger, comment="its release; 0 for history"),
    Column("is_public", Boolean, nullable=False),
    Column("is_mailable", Boolean, nullable=False),
    Column("public_since", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False, comment="counts up when the text changes"),
    Column("fingerprint", Text, nullable=False),
    Column("is_waiting", Boolean, nullable=False, comment="for the owner's word, after a burst"),
)

releases = Table(
    "releases",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("post", Text, ForeignKey("posts.key"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("released_at", UtcDateTime, nullable=False),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("handle", Text, nullable=False, unique=True, comment="16 hex digits, random: names the reader in links"),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, unique=True, comment="the address in lower case"),
    Column("standing", Text, nullable=False, comment="pending, active, paused or gone"),
    Column("cursor", BigInteger, nullable=False, comment="the last release planned for this reader"),
    Column("next_due_at", UtcDateTime),
    Column("last_letter_at", UtcDateTime),
    Column("source", Text, nullable=False, comment="form or owner"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("left_at", UtcDateTime),
    Index("subscribers_due", "standing", "next_due_at"),
    sqlite_autoincrement=True,
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

arrears = Table(
    "arrears",
    metadata,
    Column("subscriber", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
)

editions = Table(
    "editions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("held_because", Text),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False, comment="with a slot where each reader's own links go"),
    Column("text", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, comment="the slot it was made for"),
    Column("frozen_at", UtcDateTime, nullable=False),
)

edition_items = Table(
    "edition_items",
    metadata,
    Column("edition", BigInteger, ForeignKey("editions.number"), primary_key=True),
    Column("number", BigInteger, ForeignKey("releases.number"), primary_key=True),
    Column("revision", Integer, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True, comment="digest:E:S, confirm:S:n"),
    Column("kind", Text, nullable=False, comment="digest, confirm or already"),
    Column("edition", BigInteger, ForeignKey("editions.number")),
    Column("subscriber", Id, ForeignKey("subscribers.id", ondelete="SET NULL")),
    Column("state", Text, nullable=False),
    Column("address", Text, comment="where it went: the subscriber's address when it was sent"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column(
        "doubts", Integer, nullable=False, server_default="0", comment="how often nobody knew whether it had arrived"
    ),
    Column("created_at", UtcDateTime, nullable=False),
    Column("first_attempt_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("last_reply", Text),
    Column("relay", Text, comment="the server that gave this reply, as host:port"),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger, comment="milliseconds since 1970 by the database's clock"),
    Index("deliveries_todo", "edition", "next_attempt_at", "id", sqlite_where=UNCLAIMED, postgresql_where=UNCLAIMED),
    Index("deliveries_of_edition", "edition", "state"),
    Index(
        "deliveries_one_open",
        "subscriber",
        unique=True,
        sqlite_where=OPEN_DIGEST,
        postgresql_where=OPEN_DIGEST,
    ),
    Index("deliveries_of_subscriber", "subscriber", "kind"),
    Index("deliveries_leased", "lease_owner", sqlite_where=LEASED, postgresql_where=LEASED),
    sqlite_autoincrement=True,
)

limits = Table(
    "limits",
    metadata,
    Column("name", Text, primary_key=True, comment="relay:host:port or domain:example.org"),
    Column(
        "free_at_ms", BigInteger, nullable=False, server_default="0", comment="milliseconds since 1970, database clock"
    ),
    Column("booked_to_ms", BigInteger, nullable=False, server_default="0"),
    Column("shut_until", UtcDateTime),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
)

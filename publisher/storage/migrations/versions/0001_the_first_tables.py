"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="release and edition: the last number given; a row is locked until its transaction ends",
    )
    op.create_table(
        "editions",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_because", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False, comment="with a slot where each reader's own links go"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="the slot it was made for"),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="what holds for the whole publication: the baseline, the slots that due times were made for, a restored backup",
    )
    op.create_table(
        "posts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True, comment="its release; 0 for history"),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_mailable", sa.Boolean(), nullable=False),
        sa.Column("public_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts up when the text changes"),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False, comment="for the owner's word, after a burst"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("handle", sa.Text(), nullable=False, comment="16 hex digits, random: names the reader in links"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False, comment="the address in lower case"),
        sa.Column("standing", sa.Text(), nullable=False, comment="pending, active, paused or gone"),
        sa.Column("cursor", sa.BigInteger(), nullable=False, comment="the last release planned for this reader"),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_letter_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False, comment="form or owner"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address_key"),
        sa.UniqueConstraint("handle"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("subscribers", schema=None) as batch_op:
        batch_op.create_index("subscribers_due", ["standing", "next_due_at"], unique=False)

    op.create_table(
        "suppressions",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_key"),
    )
    op.create_table(
        "arrears",
        sa.Column("subscriber", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber", "number"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="digest:E:S, confirm:S:n"),
        sa.Column("kind", sa.Text(), nullable=False, comment="digest, confirm or already"),
        sa.Column("edition", sa.BigInteger(), nullable=True),
        sa.Column("subscriber", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "address", sa.Text(), nullable=True, comment="where it went: the subscriber's address when it was sent"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "doubts",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how often nobody knew whether it had arrived",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_reply", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column(
            "lease_until", sa.BigInteger(), nullable=True, comment="milliseconds since 1970 by the database's clock"
        ),
        sa.ForeignKeyConstraint(
            ["edition"],
            ["editions.number"],
        ),
        sa.ForeignKeyConstraint(["subscriber"], ["subscribers.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("deliveries_of_edition", ["edition", "state"], unique=False)
        batch_op.create_index("deliveries_of_subscriber", ["subscriber", "kind"], unique=False)
        batch_op.create_index(
            "deliveries_one_open",
            ["subscriber"],
            unique=True,
            sqlite_where=sa.text("edition IS NOT NULL AND state IN ('pending', 'sending', 'deferred')"),
            postgresql_where=sa.text("edition IS NOT NULL AND state IN ('pending', 'sending', 'deferred')"),
        )
        batch_op.create_index(
            "deliveries_todo",
            ["edition", "next_attempt_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'deferred') AND lease_owner IS NULL"),
            postgresql_where=sa.text("state IN ('pending', 'deferred') AND lease_owner IS NULL"),
        )

    op.create_table(
        "releases",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["post"],
            ["posts.key"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "edition_items",
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition"],
            ["editions.number"],
        ),
        sa.ForeignKeyConstraint(
            ["number"],
            ["releases.number"],
        ),
        sa.PrimaryKeyConstraint("edition", "number"),
    )

"""How fast letters may leave, and which server took each."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "limits",
        sa.Column("name", sa.Text(), nullable=False, comment="relay:host:port or domain:example.org"),
        sa.Column(
            "free_at_ms",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="milliseconds since 1970, database clock",
        ),
        sa.Column("booked_to_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("shut_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column(
        "deliveries",
        sa.Column("relay", sa.Text(), nullable=True, comment="the server that gave this reply, as host:port"),
    )
    leased = sa.text("lease_owner IS NOT NULL")
    op.create_index("deliveries_leased", "deliveries", ["lease_owner"], sqlite_where=leased, postgresql_where=leased)

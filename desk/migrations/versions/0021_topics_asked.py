"""Which topics visitors ask about, counted by day and language.

Revision: 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "topic_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "topic", "language", name=op.f("pk_topic_counts")),
    )
    op.create_table(
        "topic_batches",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_topic_batches")),
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("topic_batches")
    op.drop_table("topic_counts")

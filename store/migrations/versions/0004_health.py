"""The health of sources: what they yield, and what was missed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("sources", sa.Column("last_new", sa.String(27), nullable=True))
    op.add_column("sources", sa.Column("quiet_seconds", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("listing_digest", sa.String(64), nullable=True))
    op.add_column("sources", sa.Column("alarm", sa.String(16), nullable=True))
    op.add_column("sources", sa.Column("strikes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("alarmed", sa.String(27), nullable=True))
    op.create_table(
        "source_days",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("pages_found", sa.Integer(), nullable=False),
        sa.Column("longest_pause", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_days_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "day", name=op.f("pk_source_days")),
    )
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("began", sa.String(27), nullable=False),
        sa.Column("ended", sa.String(27), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_gaps_source_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    op.create_index("ix_gaps_source_id_ended", "gaps", ["source_id", "ended"], unique=False)

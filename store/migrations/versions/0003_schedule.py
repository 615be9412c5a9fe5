"""The schedule of sources: bounds, cron, what feeds ask for, what was left out, and where dead feeds are sought."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SHORTEST_BY_DEFAULT = 300


def upgrade() -> None:
    for column in (
        sa.Column("min_seconds", sa.Integer()),
        sa.Column("max_seconds", sa.Integer()),
        sa.Column("cron", sa.Text()),
        sa.Column("timezone", sa.Text()),
        sa.Column("asks", sa.JSON()),
        sa.Column("asks_seconds", sa.Integer()),
        sa.Column("daily_pages", sa.Integer()),
        sa.Column("day", sa.String(10)),
        sa.Column("day_pages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("left_out", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("left_out_why", sa.Text()),
        sa.Column("seeking", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("sought", sa.String(27)),
        sa.Column("location_why", sa.Text()),
    ):
        op.add_column("sources", column)
    # An operator who chose a shorter interval than is now the shortest by itself is not overruled.
    sources = sa.table("sources", sa.column("interval_seconds", sa.Integer()), sa.column("min_seconds", sa.Integer()))
    shorter = sources.c.interval_seconds < SHORTEST_BY_DEFAULT
    op.execute(sources.update().where(shorter).values(min_seconds=sources.c.interval_seconds))

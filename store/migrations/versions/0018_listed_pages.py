"""Pages that are never visited again may be dropped after a time, unless their source still lists them."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from onestory.store.schema.base import Time

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("pages", sa.Column("listed_until", Time(), nullable=True))
    # Which pages are listed was not noted so far: all count as listed on the day of the upgrade.
    pages = sa.table("pages", sa.column("listed_until", Time()))
    op.execute(pages.update().values(listed_until=sa.literal(_tomorrow(), Time())))
    condition = sa.text("revisit IS NULL")
    op.create_index("ix_pages_settled", "pages", ["discovered"], sqlite_where=condition, postgresql_where=condition)


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)

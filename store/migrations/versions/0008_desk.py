"""Indexes for the front page: what changed since a time, and how widely stories spread."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

LIVE = sa.text("absorbed_into IS NULL")


def upgrade() -> None:
    op.create_index("ix_events_kind_at", "events", ["kind", "at", "story_id"])
    op.create_index("ix_stories_spread", "stories", ["last_seen", "outlets"], sqlite_where=LIVE, postgresql_where=LIVE)

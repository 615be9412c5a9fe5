"""Sentence embeddings of stories, computed with the extra `semantic`; watches that follow a news event."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "news_event_embeddings",
        sa.Column(
            "story_id",
            sa.String(24),
            sa.ForeignKey("news_event_stories.story_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(32), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("names", sa.LargeBinary(), nullable=False),
    )
    op.add_column("watches", sa.Column("news_event", sa.String(24)))

"""News events above stories. Stored stories are grouped in the background."""

import sqlalchemy as sa
from alembic import op

from onestory.store.schema.base import Time

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "news_events",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("label_story", sa.String(24), nullable=False),
        sa.Column("is_label_pinned", sa.Boolean(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("first_seen", Time(), nullable=False),
        sa.Column("last_seen", Time(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("outlets", sa.Integer(), nullable=False),
        sa.Column("owners", sa.Integer(), nullable=False),
        sa.Column("updated", Time(), nullable=False),
    )
    op.create_index("ix_news_events_last_seen", "news_events", ["last_seen", "id"])
    op.create_index("ix_news_events_stories", "news_events", ["stories"])
    op.create_table(
        "news_event_stories",
        sa.Column("story_id", sa.String(24), sa.ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("event_id", sa.String(24)),
        sa.Column("representative", sa.String(24), nullable=False),
        sa.Column("time", Time()),
        sa.Column("seen", Time(), nullable=False),
        sa.Column("is_observed", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("features", sa.String(16), nullable=False),
        sa.Column("story_updated", Time()),
    )
    op.create_index("ix_news_event_stories_event_id", "news_event_stories", ["event_id"])
    op.create_index("ix_news_event_stories_time", "news_event_stories", ["time"])
    op.create_index("ix_news_event_stories_seen", "news_event_stories", ["seen"])
    op.create_index(
        "ix_news_event_stories_again",
        "news_event_stories",
        ["story_id"],
        sqlite_where=sa.text("story_updated IS NULL"),
        postgresql_where=sa.text("story_updated IS NULL"),
    )
    member = "news_event_stories.story_id"
    op.create_table(
        "news_event_links",
        sa.Column("a", sa.String(24), sa.ForeignKey(member, ondelete="CASCADE"), primary_key=True),
        sa.Column("b", sa.String(24), sa.ForeignKey(member, ondelete="CASCADE"), primary_key=True),
        sa.Column("similarity", sa.Integer(), nullable=False),
    )
    op.create_index("ix_news_event_links_b", "news_event_links", ["b"])
    op.create_table(
        "news_event_decisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decided", Time(), nullable=False),
        sa.Column("undone", Time()),
        sa.Column("undone_by", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "news_event_decision_stories",
        sa.Column(
            "decision_id",
            sa.Integer(),
            sa.ForeignKey("news_event_decisions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("article_id", sa.String(24), primary_key=True),
        sa.Column("against", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_news_event_decision_stories_article_id", "news_event_decision_stories", ["article_id"])

"""Watches, what they gathered, and which pages go first for them."""

import sqlalchemy as sa
from alembic import op

from onestory.store.schema import Time

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("sources", sa.Column("watched_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("pages", sa.Column("priority", sa.Integer(), nullable=False, server_default="5"))
    op.add_column("pages", sa.Column("summary", sa.Text()))
    op.create_index("ix_pages_host_first", "pages", ["host", "state", "priority", "due"])
    _watches()
    _gathered()
    _bound()


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phrases", sa.JSON(), nullable=False),
        sa.Column("created", Time(), nullable=False),
        sa.Column("until", Time()),
        sa.Column("ended", Time()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_watches_ended", "watches", ["ended"])


def _gathered() -> None:
    op.create_table(
        "watch_articles",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(24), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("at", Time(), nullable=False),
        sa.Column("told", Time()),
        _of("watch_articles", "watch_id", "watches.id"),
        _of("watch_articles", "article_id", "articles.id"),
        sa.PrimaryKeyConstraint("watch_id", "article_id", name=op.f("pk_watch_articles")),
    )
    op.create_index(op.f("ix_watch_articles_article_id"), "watch_articles", ["article_id"])
    untold = sa.text("told IS NULL")
    op.create_index(
        "ix_watch_articles_untold", "watch_articles", ["article_id"], sqlite_where=untold, postgresql_where=untold
    )
    op.create_table(
        "watch_stories",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.String(24), nullable=False),
        sa.Column("at", Time(), nullable=False),
        _of("watch_stories", "watch_id", "watches.id"),
        _of("watch_stories", "story_id", "stories.id"),
        sa.PrimaryKeyConstraint("watch_id", "story_id", name=op.f("pk_watch_stories")),
    )
    op.create_index(op.f("ix_watch_stories_story_id"), "watch_stories", ["story_id"])


def _bound() -> None:
    op.create_table(
        "watch_pages",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("found_in", sa.String(24)),
        sa.Column("at", Time(), nullable=False),
        _of("watch_pages", "watch_id", "watches.id"),
        _of("watch_pages", "page_id", "pages.id"),
        sa.PrimaryKeyConstraint("watch_id", "page_id", name=op.f("pk_watch_pages")),
    )
    op.create_index(op.f("ix_watch_pages_page_id"), "watch_pages", ["page_id"])
    op.create_table(
        "watch_sources",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        _of("watch_sources", "watch_id", "watches.id"),
        _of("watch_sources", "source_id", "sources.id"),
        sa.PrimaryKeyConstraint("watch_id", "source_id", name=op.f("pk_watch_sources")),
    )
    op.create_index(op.f("ix_watch_sources_source_id"), "watch_sources", ["source_id"])


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")

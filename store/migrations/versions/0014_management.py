"""Management without a shell: requested sources, merged names of outlets, saved searches. Search by stems."""

import sqlalchemy as sa
from alembic import op

from onestory.store.schema.base import Time

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("outlets", sa.Column("merged_into", sa.Text(), nullable=True))
    op.create_table(
        "source_requests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("is_section", sa.Boolean(), nullable=False),
        sa.Column("outlet", sa.Text()),
        sa.Column("language", sa.String(8)),
        sa.Column("created", Time(), nullable=False),
        sa.Column("taken", Time()),
        sa.Column("finished", Time()),
        sa.Column("source_id", sa.Integer(), sa.ForeignKey("sources.id", ondelete="SET NULL")),
        sa.Column("why", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_source_requests_created", "source_requests", ["created"])
    # The words of every article get their stems.
    op.execute(
        "INSERT INTO search_due (article_id) SELECT id FROM articles "
        "WHERE id NOT IN (SELECT article_id FROM search_due) ORDER BY arrival"
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created", Time(), nullable=False),
        sqlite_autoincrement=True,
    )

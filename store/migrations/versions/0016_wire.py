"""Dispatches that providers file with us, and sources that hold them."""

import sqlalchemy as sa
from alembic import op

from onestory.store.schema.base import Time

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "dispatches",
        sa.Column("article_id", sa.String(24), primary_key=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("version", sa.Text()),
        sa.Column("issued", Time()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("received", Time(), nullable=False),
    )
    op.create_index("ix_dispatches_provider", "dispatches", ["provider", "issued"])
    op.add_column("sources", sa.Column("wire", sa.Text(), nullable=True))

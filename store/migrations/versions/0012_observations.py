"""What was observed of an article: when its source did not list it yet, and whether it was fetched at all."""

import sqlalchemy as sa
from alembic import op

from onestory.store.schema.base import Time

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("pages", sa.Column("unlisted", Time(), nullable=True))
    op.add_column("articles", sa.Column("seen_after", Time(), nullable=True))
    op.add_column("articles", sa.Column("is_observed", sa.Boolean(), nullable=False, server_default=sa.true()))

"""Texts of earlier versions may be dropped after a time; their rows and signatures stay."""

import sqlalchemy as sa
from alembic import op

from onestory.store.schema.base import Time

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("versions", sa.Column("text_dropped", Time(), nullable=True))

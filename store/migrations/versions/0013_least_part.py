"""The smallest share of each article's text that a copy within it makes: whether one more copy can make it a bridge."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("articles", sa.Column("least_part", sa.Float(), nullable=True))
    # What is stored was not measured: 0 sends every copy of it through the whole evaluation.
    op.execute("UPDATE articles SET least_part = 0 WHERE id IN (SELECT a_article FROM matches WHERE kind = 'copy')")
    op.execute("UPDATE articles SET least_part = 0 WHERE id IN (SELECT b_article FROM matches WHERE kind = 'copy')")

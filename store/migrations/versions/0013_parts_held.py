"""What articles hold of others: whether one more match can make them round-ups is told without the matches."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("articles", sa.Column("least_part", sa.Float(), nullable=True))
    op.add_column("articles", sa.Column("holds_item", sa.Boolean(), nullable=False, server_default=sa.false()))
    # What is stored was not measured: so every further match of these goes through the whole evaluation.
    matches = sa.table("matches", *map(sa.column, ("a_article", "b_article", "kind")))
    articles = sa.table("articles", *map(sa.column, ("id", "least_part", "holds_item")))
    for end in (matches.c.a_article, matches.c.b_article):
        copied = articles.c.id.in_(sa.select(end).where(matches.c.kind == "copy"))
        matched = articles.c.id.in_(sa.select(end).where(matches.c.kind.not_in(("none", "frame"))))
        op.execute(articles.update().where(copied).values(least_part=0.0))
        op.execute(articles.update().where(matched).values(holds_item=sa.true()))

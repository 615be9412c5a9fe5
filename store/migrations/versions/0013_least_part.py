"""The smallest share of each article's text that a copy within it makes: whether one more copy can make it a bridge."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("articles", sa.Column("least_part", sa.Float(), nullable=True))
    # What is stored was not measured: every further copy of it is compared with all that it may hold.
    matches = sa.table("matches", *map(sa.column, ("a_article", "b_article", "kind")))
    articles = sa.table("articles", *map(sa.column, ("id", "least_part")))
    for end in (matches.c.a_article, matches.c.b_article):
        copied = articles.c.id.in_(sa.select(end).where(matches.c.kind == "copy"))
        op.execute(articles.update().where(copied).values(least_part=0.0))

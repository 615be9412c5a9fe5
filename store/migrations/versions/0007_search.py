"""Search over headlines and texts, and what changed since."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# One row an article, under the number of its first version. Of an article that is deleted, no word stays.
SQLITE = (
    'CREATE VIRTUAL TABLE search_words USING fts5(title, text, tokenize = "ascii")',
    """CREATE TRIGGER forget_words AFTER DELETE ON articles BEGIN
        DELETE FROM search_words WHERE rowid = old.arrival;
    END""",
)
POSTGRESQL = (
    """CREATE TABLE search_words (
        number INTEGER CONSTRAINT pk_search_words PRIMARY KEY,
        article_id VARCHAR(24) NOT NULL CONSTRAINT fk_search_words_article_id
            REFERENCES articles (id) ON DELETE CASCADE,
        words TSVECTOR NOT NULL
    )""",
    "CREATE INDEX ix_search_words_article_id ON search_words (article_id)",
    "CREATE INDEX ix_search_words_words ON search_words USING gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "search_due",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("article_id", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_due")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_articles_arrival"), "articles", ["arrival"], unique=False)
    op.create_index("ix_stories_updated", "stories", ["updated", "id"], unique=False)
    op.create_index("ix_tombstones_at", "tombstones", ["at", "digest"], unique=False)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    # What is stored already is taken in a few at a time, as what comes is.
    op.execute("INSERT INTO search_due (article_id) SELECT id FROM articles ORDER BY arrival")

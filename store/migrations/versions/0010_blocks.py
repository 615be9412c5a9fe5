"""Common words and agencies are looked up without reading all that have them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

CREDITED = sa.text("credit IS NOT NULL")
# Beside their row: looked up elsewhere for each of a thousand articles, reading them would take thrice as long.
BESIDE = "ALTER TABLE search_words ALTER COLUMN words SET STORAGE MAIN"
# As `onestory.store.search.full_text_index.block_word` and `BLOCK` have it.
ADD_BLOCKS = "UPDATE search_words SET words = words || array_to_tsvector(ARRAY[U&'\\E001' || (number / 1024)])"


def upgrade() -> None:
    op.create_index(
        "ix_articles_credit", "articles", ["credit", "story_id"], sqlite_where=CREDITED, postgresql_where=CREDITED
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(BESIDE)
        op.execute(ADD_BLOCKS)

"""What later looks at articles found: that they were withdrawn, and that they moved."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from store.schema.base import Time, metadata

__all__ = ["moves", "withdrawals"]

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", String(24), ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("withdrawn", Time, nullable=False),  # the first look that did not find it
    Column("confirmed", Time, nullable=False),  # the look that settled it: the same, or a later one
    Column("reason", String(16), nullable=False),
    Column("http_status", Integer),
    Column("location", Text),  # where it redirected to
    Column("returned", Time),  # when it was seen again; NULL: not since
)

moves = Table(
    "moves",
    metadata,
    Column("id", String(24), primary_key=True),  # that an article of this URL would have
    Column("url", Text, nullable=False),
    Column("article_id", String(24), ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("moved", Time, nullable=False),
    Column("http_status", Integer),
    Column("confirmed", Time),  # when the article was found there; NULL: nobody has looked
)

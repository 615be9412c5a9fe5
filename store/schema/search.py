"""What search has still to take in. The words themselves are in `search_words`, which each database keeps in its own
way: see `store.search_index`.
"""

from sqlalchemy import Column, Integer, String, Table

from store.schema.base import metadata

__all__ = ["search_due"]

search_due = Table(
    "search_due",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("article_id", String(24), nullable=False),  # named once for each change; the article may be gone
    sqlite_autoincrement=True,
)

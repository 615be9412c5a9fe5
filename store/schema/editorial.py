"""Editorial decisions, tombstones, and settings."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from onestory.store.schema.base import Time, metadata

__all__ = ["decision_articles", "decisions", "settings", "tombstones"]

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("decided", Time, nullable=False),
    Column("undone", Time),
    Column("undone_by", Text),
    sqlite_autoincrement=True,
)

decision_articles = Table(
    "decision_articles",
    metadata,
    Column("decision_id", Integer, ForeignKey("decisions.id", ondelete="CASCADE"), primary_key=True),
    Column("article_id", String(24), primary_key=True, index=True),
    Column("against", Boolean, nullable=False, default=False),  # in a split: one of the articles that stay
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Time, nullable=False),
    Index("ix_tombstones_at", "at", "digest"),
)

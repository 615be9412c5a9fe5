"""Dispatches: what providers filed with us."""

from sqlalchemy import Column, Index, String, Table, Text

from onestory.store.schema.base import Time, metadata

__all__ = ["dispatches"]

dispatches = Table(
    "dispatches",
    metadata,
    # Not a foreign key: a dispatch may be canceled before its text arrives.
    Column("article_id", String(24), primary_key=True),
    Column("provider", Text, nullable=False),
    Column("uri", Text, nullable=False),
    # Of the latest version, as its provider states it.
    Column("version", Text),
    Column("issued", Time),
    Column("status", String(16), nullable=False),  # usable, withheld, canceled
    Column("note", Text),
    Column("received", Time, nullable=False),
    Index("ix_dispatches_provider", "provider", "issued"),
)

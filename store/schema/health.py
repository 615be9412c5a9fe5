"""How sources do: what each yields by day, and when it was not seen."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from store.schema.base import Time, metadata

__all__ = ["gaps", "source_days"]

source_days = Table(
    "source_days",
    metadata,
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("day", String(10), primary_key=True),  # in UTC
    Column("polls", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("pages_found", Integer, nullable=False, default=0),
    Column("longest_pause", Integer),  # seconds: of the pauses between new entries that ended on this day
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), nullable=False),
    Column("began", Time, nullable=False),  # when it was last seen; where it never was, since when it is known
    Column("ended", Time),  # when it was seen again; NULL: it has not been
    Column("status", String(16), nullable=False),  # the word of its last poll in the gap, or `unpolled`
    Column("why", Text),
    Column("polls", Integer, nullable=False, default=0),  # that failed in it
    Index("ix_gaps_source_id_ended", "source_id", "ended"),
)

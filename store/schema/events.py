"""Events, and the webhooks that receive them."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from onestory.store.schema.base import Time, metadata

__all__ = ["events", "webhook_messages", "webhooks"]

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("at", Time, nullable=False, index=True),
    Column("story_id", String(24)),
    Column("source_id", Integer),
    Column("watch_id", Integer),
    Column("data", JSON, nullable=False),
    Index("ix_events_story_id", "story_id", "id"),
    Index("ix_events_kind_at", "kind", "at", "story_id"),
    sqlite_autoincrement=True,  # a number that was read once must not be reused
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("form", String(16), nullable=False),
    Column("secret", Text, nullable=False),  # in plain text, since signing needs it
    Column("kinds", JSON, nullable=False),  # of events; an empty list means all
    Column("watch_id", Integer),
    Column("outlet", Text),
    Column("language", String(8)),
    Column("created", Time, nullable=False),
    Column("seen", Integer, nullable=False),  # the last event considered for it
    Column("last_success", Time),
    Column("failing_since", Time),
    Column("why", Text),  # of the last failure
    Column("disabled", Time),
    sqlite_autoincrement=True,
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("webhook_id", Integer, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", String(40), nullable=False, unique=True),
    Column("story_id", String(24), index=True),
    Column("source_id", Integer),
    Column("gathered", JSON, nullable=False),  # the events of the message: id, kind and data of each
    Column("body", Text),  # as first sent; retries send the same. NULL: not sent yet
    Column("created", Time, nullable=False),
    Column("due", Time, index=True),  # NULL: nothing left to do
    Column("attempts", Integer, nullable=False),
    Column("delivered", Time),
    Column("http_status", Integer),
    Column("why", Text),
    Index("ix_webhook_messages_webhook_id", "webhook_id", "story_id"),
    Index("ix_webhook_messages_created", "created"),
    sqlite_autoincrement=True,
)

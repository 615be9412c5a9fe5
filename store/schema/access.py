"""API keys, and sessions begun with them."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from onestory.store.schema.base import Time, metadata

__all__ = ["api_keys", "sessions"]

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scope", String(8), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the key, which is not stored
    Column("prefix", String(24), nullable=False),  # the visible prefix; reveals nothing of the secret
    Column("from_environment", Boolean, nullable=False),  # by ONESTORY_ADMIN_KEY
    Column("created", Time, nullable=False),
    Column("last_used", Time),
    Column("revoked", Time),
    sqlite_autoincrement=True,  # logs refer to keys by number
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie's value
    Column("key_id", Integer, ForeignKey("api_keys.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("began", Time, nullable=False),
    Column("ends", Time, nullable=False, index=True),
)

"""The tables of the system of record, one file a family. Migrations in `store/migrations` make them."""

from store.schema.base import Time, metadata
from store.schema.editorial import decision_articles, decisions, settings, tombstones
from store.schema.events import events, webhook_messages, webhooks
from store.schema.frontier import hosts, pages, sources
from store.schema.health import gaps, source_days
from store.schema.keys import api_keys, sessions
from store.schema.record import articles, furniture, matches, outlets, removed_lines, stories, versions
from store.schema.revisits import moves, withdrawals
from store.schema.search import search_due
from store.schema.watches import watch_articles, watch_pages, watch_sources, watch_stories, watches

__all__ = [
    "Time",
    "api_keys",
    "articles",
    "decision_articles",
    "decisions",
    "events",
    "furniture",
    "gaps",
    "hosts",
    "matches",
    "metadata",
    "moves",
    "outlets",
    "pages",
    "removed_lines",
    "search_due",
    "sessions",
    "settings",
    "source_days",
    "sources",
    "stories",
    "tombstones",
    "versions",
    "watch_articles",
    "watch_pages",
    "watch_sources",
    "watch_stories",
    "watches",
    "webhook_messages",
    "webhooks",
    "withdrawals",
]

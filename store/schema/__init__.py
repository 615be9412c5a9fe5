"""Tables of the system of record, one module per family. The migrations in `store/migrations` create them."""

from onestory.store.schema.access import api_keys, sessions
from onestory.store.schema.base import Time, metadata
from onestory.store.schema.editorial import decision_articles, decisions, settings, tombstones
from onestory.store.schema.events import events, webhook_messages, webhooks
from onestory.store.schema.frontier import gaps, hosts, pages, source_days, source_requests, sources
from onestory.store.schema.news_events import (
    news_event_decision_stories,
    news_event_decisions,
    news_event_embeddings,
    news_event_links,
    news_event_stories,
    news_events,
)
from onestory.store.schema.stories import (
    articles,
    boilerplate,
    matches,
    moves,
    outlets,
    removed_lines,
    search_due,
    stories,
    versions,
    withdrawals,
)
from onestory.store.schema.watches import (
    saved_searches,
    watch_articles,
    watch_pages,
    watch_sources,
    watch_stories,
    watches,
)
from onestory.store.schema.wire import dispatches

__all__ = [
    "Time",
    "api_keys",
    "articles",
    "boilerplate",
    "decision_articles",
    "decisions",
    "dispatches",
    "events",
    "gaps",
    "hosts",
    "matches",
    "metadata",
    "moves",
    "news_event_decision_stories",
    "news_event_decisions",
    "news_event_embeddings",
    "news_event_links",
    "news_event_stories",
    "news_events",
    "outlets",
    "pages",
    "removed_lines",
    "saved_searches",
    "search_due",
    "sessions",
    "settings",
    "source_days",
    "source_requests",
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

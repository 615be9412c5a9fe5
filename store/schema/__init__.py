"""The tables of the system of record, one file a family. Migrations in `store/migrations` make them."""

from store.schema.base import Time, metadata
from store.schema.editorial import decision_articles, decisions, settings, tombstones
from store.schema.frontier import hosts, pages, sources
from store.schema.record import articles, furniture, matches, outlets, removed_lines, stories, versions

__all__ = [
    "Time",
    "articles",
    "decision_articles",
    "decisions",
    "furniture",
    "hosts",
    "matches",
    "metadata",
    "outlets",
    "pages",
    "removed_lines",
    "settings",
    "sources",
    "stories",
    "tombstones",
    "versions",
]

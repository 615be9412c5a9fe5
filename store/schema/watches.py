"""Watches: what editors follow, and what was found for them.

Rows are deleted with their watch, page, source, article or story, so a takedown leaves nothing here.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from onestory.store.schema.base import PartialIndex, Time, metadata

__all__ = ["saved_searches", "watch_articles", "watch_pages", "watch_sources", "watch_stories", "watches"]


def _watch() -> Column[int]:
    return Column("watch_id", Integer, ForeignKey("watches.id", ondelete="CASCADE"), primary_key=True)


watches = Table(
    "watches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phrases", JSON, nullable=False),  # as typed; one match is enough
    Column("created", Time, nullable=False),
    Column("until", Time),
    Column("news_event", String(24)),  # the id of the news event that it follows, or NULL
    Column("ended", Time),  # NULL: active, unless `until` has passed
    Index("ix_watches_ended", "ended"),
    sqlite_autoincrement=True,  # a known id must not come to mean another watch
)

watch_articles = Table(
    "watch_articles",
    metadata,
    _watch(),
    Column("article_id", String(24), ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("how", String(16), nullable=False),  # text, seed, event
    Column("at", Time, nullable=False),
    Column("told", Time),  # when its story was considered for the event; NULL: not yet
    # Few rows at any time: articles that are not attached yet.
    PartialIndex("ix_watch_articles_untold", "article_id", where="told IS NULL"),
)

watch_stories = Table(
    "watch_stories",
    metadata,
    _watch(),
    Column("story_id", String(24), ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("at", Time, nullable=False),
)

watch_pages = Table(
    "watch_pages",
    metadata,
    _watch(),
    Column("page_id", Integer, ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("how", String(16), nullable=False),  # seed, entry, search, link
    Column("found_in", String(24)),  # for a link: the article that contains it
    Column("at", Time, nullable=False),
)

watch_sources = Table(
    "watch_sources",
    metadata,
    _watch(),
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True, index=True),
)


# Searches that editors keep, with the filters of the front page.
saved_searches = Table(
    "saved_searches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("query", Text, nullable=False),  # the query string of the front page
    Column("created", Time, nullable=False),
    sqlite_autoincrement=True,
)

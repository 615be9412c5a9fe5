"""News events: the level above stories, what is known of each story for it, and what editors decided.

Texts are not kept here: labels are story ids, and vectors hold hashes of words.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from onestory.store.schema.base import PartialIndex, Time, metadata

__all__ = [
    "news_event_decision_stories",
    "news_event_decisions",
    "news_event_embeddings",
    "news_event_links",
    "news_event_stories",
    "news_events",
]

news_events = Table(
    "news_events",
    metadata,
    Column("id", String(24), primary_key=True),  # that of its first story to arrive
    Column("label_story", String(24), nullable=False),  # the story whose headline names it
    Column("is_label_pinned", Boolean, nullable=False, default=False),
    Column("languages", JSON, nullable=False),  # by the number of stories, most first
    Column("first_seen", Time, nullable=False),
    Column("last_seen", Time, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("outlets", Integer, nullable=False),
    Column("owners", Integer, nullable=False),
    Column("updated", Time, nullable=False),
    Index("ix_news_events_last_seen", "last_seen", "id"),
    Index("ix_news_events_stories", "stories"),
)

news_event_stories = Table(
    "news_event_stories",
    metadata,
    Column("story_id", String(24), ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True),
    Column("event_id", String(24), index=True),  # NULL until it is grouped
    Column("representative", String(24), nullable=False),  # the copy that is compared
    Column("time", Time, index=True),  # stated by it, else observed; NULL: imported without any
    Column("seen", Time, nullable=False, index=True),  # first observed, or stored
    Column("is_observed", Boolean, nullable=False),  # fetched as it appeared; else imported
    Column("language", String(8), nullable=False),
    Column("outlet", Text, nullable=False),
    Column("series", Text, nullable=False),  # see onestory/news_events/series.py
    Column("vector", LargeBinary, nullable=False),
    Column("features", String(16), nullable=False),  # the version of the features
    Column("story_updated", Time),  # the state of the story that this row describes; NULL: look at it again
    PartialIndex("ix_news_event_stories_again", "story_id", where="story_updated IS NULL"),
)

news_event_links = Table(
    "news_event_links",
    metadata,
    Column("a", String(24), ForeignKey("news_event_stories.story_id", ondelete="CASCADE"), primary_key=True),
    Column(
        "b", String(24), ForeignKey("news_event_stories.story_id", ondelete="CASCADE"), primary_key=True, index=True
    ),
    Column("similarity", Integer, nullable=False),  # in units of 1 / 2**20
)

news_event_embeddings = Table(
    "news_event_embeddings",
    metadata,
    Column("story_id", String(24), ForeignKey("news_event_stories.story_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),  # the version of an article whose headline and lead were read
    Column("model", String(32), nullable=False),
    Column("embedding", LargeBinary, nullable=False),  # see onestory/news_events/semantic.py
    Column("names", LargeBinary, nullable=False),  # a term vector, see onestory/news_events/names.py
)

news_event_decisions = Table(
    "news_event_decisions",
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

news_event_decision_stories = Table(
    "news_event_decision_stories",
    metadata,
    Column("decision_id", Integer, ForeignKey("news_event_decisions.id", ondelete="CASCADE"), primary_key=True),
    # The first article of a story: it stays when stories merge.
    Column("article_id", String(24), primary_key=True, index=True),
    Column("against", Boolean, nullable=False, default=False),  # in a split: one of the stories that stay
)

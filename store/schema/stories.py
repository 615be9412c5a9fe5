"""The record: outlets, articles and their versions, stories, and the matches between versions.

Binary columns hold digests, or values that only `dedupe` interprets (`versions.signature`).
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from onestory.store.schema.base import PartialIndex, Time, metadata

__all__ = [
    "articles",
    "boilerplate",
    "matches",
    "moves",
    "outlets",
    "removed_lines",
    "search_due",
    "stories",
    "versions",
    "withdrawals",
]


outlets = Table(
    "outlets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, index=True),
    Column("owner", Text),
    Column("homepage", Text),
    Column("country", String(2)),
    Column("language", String(8)),
    Column("ours", Boolean, nullable=False, default=False),
    Column("merged_into", Text),  # the outlet that this name stands for
)


stories = Table(
    "stories",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("absorbed_into", String(24)),
    Column("title", Text),
    Column("language", String(8)),
    Column("credit", Text),
    Column("representative", String(24)),  # the fullest copy, which holds the story together
    Column("original", String(24)),  # the copy shown to readers, and the reason for it
    Column("original_reason", String(16)),
    Column("first_seen", Time, nullable=False),
    Column("last_seen", Time, nullable=False),
    Column("published", Time),
    Column("first_outlet", Text),
    Column("copies", Integer, nullable=False, default=1),
    Column("outlets", Integer, nullable=False, default=1),
    Column("owners", Integer, nullable=False, default=1),
    Column("solitary", Boolean, nullable=False, default=False),  # the representative is a round-up or a repeated page
    Column("updated", Time, nullable=False),
    # The list of stories, in its order. An index on `absorbed_into` itself would make SQLite sort all stories.
    PartialIndex("ix_stories_listed", "last_seen", "id", where="absorbed_into IS NULL"),
    # Counts widespread stories since a time from the index alone.
    PartialIndex("ix_stories_spread", "last_seen", "outlets", where="absorbed_into IS NULL"),
    Index("ix_stories_copies", "copies"),
    Index("ix_stories_updated", "updated", "id"),  # changes since a time, for mirrors
)


articles = Table(
    "articles",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False, index=True),
    Column("story_id", String(24), ForeignKey("stories.id"), nullable=False),
    Column("relation", String(16), nullable=False, default="original"),
    # the number of its first version: the permanent order of arrival
    Column("arrival", Integer, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("outlet", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("first_seen", Time, nullable=False),
    Column("updated", Time, nullable=False),
    Column("seen_after", Time),  # the last poll of its source that did not list it yet
    # whether `first_seen` is the time of a fetch; else it is that of an import
    Column("is_observed", Boolean, nullable=False, default=True, server_default=true()),
    Column("published", Time),
    Column("title", Text),
    Column("language", String(8), nullable=False),
    Column("credit", Text),
    Column("names", String(24), index=True),  # the article on another site named by its canonical URL
    Column("words", Integer, nullable=False),
    # the smallest share of its text that a copy within it makes, or made of an earlier version
    Column("least_part", Float),
    Column("withdrawn", Time),  # since when its page no longer shows it; see `withdrawals`
    Column("withdrawn_reason", String(16)),
    # The credited agency. Most articles have none.
    PartialIndex("ix_articles_credit", "credit", "story_id", where="credit IS NOT NULL"),
    # Whether a story already has an outlet, host or credit, however many copies it has.
    Index("ix_articles_story_outlet", "story_id", "outlet"),
    Index("ix_articles_story_host", "story_id", "host", "credit"),
)


versions = Table(
    "versions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("article_id", String(24), ForeignKey("articles.id"), nullable=False),
    Column("observed", Time, nullable=False),
    Column("title", Text),
    Column("text", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("text_digest", LargeBinary(16), nullable=False),
    Column("words", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("signature_params", Text, nullable=False),
    Column("extractor", Text, nullable=False),
    Column("warc_file", Text),
    Column("warc_offset", Integer),
    Column(
        "changes", JSON(none_as_null=True)
    ),  # relative to the version before: see `onestory.store.articles.history.save_version_diffs`
    Column("attached", Integer),  # index sequence number at attachment; NULL: not attached yet
    Column("text_dropped", Time),  # when the text was dropped by the retention; it is "" since then
    Column("told", Boolean, nullable=False, server_default=true()),  # reported in an event, which happens once
    UniqueConstraint("article_id", "observed", "content_digest"),
    Index("ix_versions_attached", "attached"),
    Index("ix_versions_text_digest", "text_digest", "number"),
    sqlite_autoincrement=True,  # a number freed by a takedown must not be reused
)


matches = Table(
    "matches",
    metadata,
    Column("a", Integer, ForeignKey("versions.number", ondelete="CASCADE"), primary_key=True),
    Column("b", Integer, ForeignKey("versions.number", ondelete="CASCADE"), primary_key=True, index=True),
    Column("a_article", String(24), nullable=False, index=True),
    Column("b_article", String(24), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("evidence", JSON, nullable=False),
)


removed_lines = Table(
    "removed_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, ForeignKey("versions.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("line", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Time, nullable=False, index=True),
)


boilerplate = Table(
    "boilerplate",
    metadata,
    Column("host", Text, primary_key=True),  # without www.
    Column(
        "fingerprint", BigInteger, primary_key=True, autoincrement=False
    ),  # see `onestory.pipelines.boilerplate.repeated_lines`
    Column("line", Text, nullable=False),  # as an article showed it
    Column("stories", Integer, nullable=False),  # the number of stories that showed it
    Column("stories_known", Integer, nullable=False),  # stories of the host when they were counted
    Column("last_seen", Time, nullable=False),
    Column("in_force", Boolean, nullable=False),
    Column("since", Time, nullable=False),  # when it became active, or inactive
)


withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("article_id", String(24), ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("withdrawn", Time, nullable=False),  # the first revisit that did not find it
    Column("confirmed", Time, nullable=False),  # the revisit that settled it: the same or a later one
    Column("reason", String(16), nullable=False),
    Column("http_status", Integer),
    Column("location", Text),  # redirect target
    Column("returned", Time),  # when it was seen again; NULL: not yet
)


moves = Table(
    "moves",
    metadata,
    Column("id", String(24), primary_key=True),  # the id that an article at this URL would have
    Column("url", Text, nullable=False),
    Column("article_id", String(24), ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("moved", Time, nullable=False),
    Column("http_status", Integer),
    Column("confirmed", Time),  # when the article was found there; NULL: not checked yet
)


search_due = Table(
    "search_due",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("article_id", String(24), nullable=False),  # one row per change; the article may be deleted
    sqlite_autoincrement=True,
)

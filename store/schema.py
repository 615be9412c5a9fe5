"""The tables of the system of record, spelled in this one place. Migrations in `store/migrations` make them.

Times are stored as UTC in ISO 8601 with microseconds, as text: it sorts, and it reads the same from every database.
Binary columns hold values that only `dedupe` understands (`versions.signature`) or digests.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

__all__ = [
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

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Time(TypeDecorator[datetime]):
    """An aware UTC time, kept as fixed-width text so that text order is time order on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        # strftime does not pad years below 1000, and text order needs the width.
        return f"{value.astimezone(UTC).strftime(TIME_FORMAT):0>27}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)  # ten times as fast as strptime


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

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
)

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("outlet", Text, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("host", Text, nullable=False, index=True),
    Column("language", String(8)),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("interval_seconds", Integer, nullable=False),
    Column("next_poll", Time, nullable=False, index=True),
    Column("last_poll", Time),
    Column("last_success", Time),
    Column("status", String(16), nullable=False, default="new"),
    Column("status_since", Time),
    Column("why", Text),
    Column("failures", Integer, nullable=False, default=0),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_digest", String(64)),
    Column("entries", Integer, nullable=False, default=0),
    Column("pages_found", Integer, nullable=False, default=0),
    Column("location", Text),  # where a redirect led; NULL: it is fetched at its url. `host` is that of the two
    Column("hops", Integer, nullable=False, default=0),
)

hosts = Table(
    "hosts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_fetch", Time, nullable=False, index=True),
    Column("delay_seconds", Float),
    Column("lease_holder", Text),
    Column("lease_until", Time),
    Column("fence", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("why", Text),
    Column("crawl_delay", Float),  # what its robots.txt asks for; `delay_seconds` is the operator's own
    Column("robots", Text),
    Column("robots_verdict", String(16)),
    Column("robots_fetched", Time),
    Column("robots_due", Time),
    Column("tdmrep", Text),  # its /.well-known/tdmrep.json, where there is one
    Column("tdmrep_due", Time),
    Column("day", String(10)),  # the UTC day that `day_fetches` counts
    Column("day_fetches", Integer, nullable=False, default=0),
)

pages = Table(
    "pages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),  # with its port, unless that is the scheme's own: as in hosts.name
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="SET NULL"), index=True),
    Column("state", String(16), nullable=False, default="due"),
    Column("due", Time),
    Column("discovered", Time, nullable=False),
    Column("title", Text),
    Column("published", Text),
    Column("attempts", Integer, nullable=False, default=0),
    Column("fetched", Time),
    Column("http_status", Integer),
    Column("reason", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_digest", String(64)),
    Column("article_id", String(24), index=True),
    Column("robots", String(16)),  # the verdict under which it was, or was not, fetched
    Column("location", Text),  # where it redirects to: that is a page of its own
    Column("hops", Integer, nullable=False, default=0),
    Index("ix_pages_host_due", "host", "state", "due"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("absorbed_into", String(24)),
    Column("title", Text),
    Column("language", String(8)),
    Column("credit", Text),
    Column("representative", String(24)),  # the fullest copy: it holds the story together
    Column("original", String(24)),  # the copy that people are shown, and why that one
    Column("original_reason", String(16)),
    Column("first_seen", Time, nullable=False),
    Column("last_seen", Time, nullable=False),
    Column("published", Time),
    Column("first_outlet", Text),
    Column("copies", Integer, nullable=False, default=1),
    Column("outlets", Integer, nullable=False, default=1),
    Column("owners", Integer, nullable=False, default=1),
    Column("solitary", Boolean, nullable=False, default=False),  # the representative is a round-up, or of a wall
    Column("updated", Time, nullable=False),
    # The list of stories, in its order. An index on `absorbed_into` itself would tempt SQLite to sort them all.
    Index(
        "ix_stories_listed",
        "last_seen",
        "id",
        sqlite_where=text("absorbed_into IS NULL"),
        postgresql_where=text("absorbed_into IS NULL"),
    ),
    Index("ix_stories_copies", "copies"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False, index=True),
    Column("story_id", String(24), ForeignKey("stories.id"), nullable=False),
    Column("relation", String(16), nullable=False, default="original"),
    Column("arrival", Integer, nullable=False),  # the number of its first version: who came first, for ever
    Column("version", Integer, nullable=False),
    Column("outlet", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("first_seen", Time, nullable=False),
    Column("updated", Time, nullable=False),
    Column("published", Time),
    Column("title", Text),
    Column("language", String(8), nullable=False),
    Column("credit", Text),
    Column("names", String(24), index=True),  # the article on another site that its canonical names
    Column("words", Integer, nullable=False),
    # Whether a story has an outlet, a host or a credit already, however many copies it has.
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
    Column("attached", Integer),  # the index's sequence when it was attached; NULL: still to do
    UniqueConstraint("article_id", "observed", "content_digest"),
    Index("ix_versions_attached", "attached"),
    Index("ix_versions_text_digest", "text_digest", "number"),
    sqlite_autoincrement=True,  # a number that a takedown freed must not come back
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

decisions = Table(
    "decisions",
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

decision_articles = Table(
    "decision_articles",
    metadata,
    Column("decision_id", Integer, ForeignKey("decisions.id", ondelete="CASCADE"), primary_key=True),
    Column("article_id", String(24), primary_key=True, index=True),
    Column("against", Boolean, nullable=False, default=False),  # of a split: one of those that stay
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Time, nullable=False),
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

furniture = Table(
    "furniture",
    metadata,
    Column("host", Text, primary_key=True),  # without www.
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),  # of `pipelines.furniture`
    Column("line", Text, nullable=False),  # as an article showed it
    Column("stories", Integer, nullable=False),  # different ones that showed it
    Column("stories_known", Integer, nullable=False),  # of the host, when they were counted
    Column("last_seen", Time, nullable=False),
    Column("in_force", Boolean, nullable=False),
    Column("since", Time, nullable=False),  # when it came to be in force, or went
)

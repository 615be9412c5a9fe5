"""The frontier of the crawler: sources, hosts and pages."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false, text

from onestory.store.schema.base import Time, metadata

__all__ = ["gaps", "hosts", "pages", "source_days", "sources"]


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
    Column("last_new", Time),  # the last poll that listed something else than the one before
    Column("quiet_seconds", Integer, nullable=False, default=0, server_default="0"),  # seen since, with nothing new
    Column("listing_digest", String(64)),  # of the URLs it listed
    Column("alarm", String(16)),  # the outage it is in, blocked or silent; how many polls said so, when it was told
    Column("strikes", Integer, nullable=False, default=0, server_default="0"),
    Column("alarmed", Time),
    # The schedule. `interval_seconds` is what adapts, between these two; NULL: the bounds that all sources have.
    Column("min_seconds", Integer),
    Column("max_seconds", Integer),
    Column("cron", Text),  # instead of an interval, read in `timezone`, an IANA name; NULL: UTC
    Column("timezone", Text),
    Column(
        "asks", JSON(none_as_null=True)
    ),  # what the feed's own text says of when to ask: see crawler/sources/feed_hints.py
    Column("asks_seconds", Integer),  # how long the last answer asked us to wait, headers and text together
    # Bounds on what it makes of pages.
    Column("daily_pages", Integer),  # NULL: the bound that its kind has
    Column("day", String(10)),  # the UTC day that `day_pages` counts
    Column("day_pages", Integer, nullable=False, default=0, server_default="0"),
    Column("left_out", Integer, nullable=False, default=0, server_default="0"),  # links, at the last poll that read any
    Column("left_out_why", Text),
    # A feed that died: its outlet's homepage is asked for another.
    Column("seeking", Boolean, nullable=False, default=False, server_default=false()),
    Column("sought", Time),
    Column("location_why", Text),  # set when `location` was found so, and not by a redirect
    Column("watched_only", Boolean, nullable=False, default=False, server_default=false()),  # only what a watch wants
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
    Column("revisit", Time),  # when an article is looked at again; `due` is for pages that nobody has read yet
    Column("changed", Time),  # when its content was last new
    Column("missing_since", Time),  # the first of the looks in a row that did not find the article
    Column("validators_lie", Boolean, nullable=False, default=False, server_default=false()),
    Column("priority", Integer, nullable=False, default=5, server_default="5"),  # of a host's the lowest first
    Column("summary", Text),  # what its source says of it, for watches; kept until it is fetched
    Index("ix_pages_host_first", "host", "state", "priority", "due"),
    Index("ix_pages_host_due", "host", "state", "due"),
    Index(
        "ix_pages_host_revisit",
        "host",
        "revisit",
        sqlite_where=text("revisit IS NOT NULL"),
        postgresql_where=text("revisit IS NOT NULL"),
    ),
)


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

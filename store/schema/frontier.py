"""The frontier of the crawler: sources, hosts and pages."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from store.schema.base import Time, metadata

__all__ = ["hosts", "pages", "sources"]

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

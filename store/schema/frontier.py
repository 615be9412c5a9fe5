"""The crawler's frontier: sources, hosts and pages."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false

from onestory.store.schema.base import PartialIndex, Time, metadata

__all__ = ["gaps", "hosts", "pages", "source_days", "source_requests", "sources"]


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
    Column("location", Text),  # redirect target; NULL: fetched at `url`. `host` belongs to the one in use
    Column("hops", Integer, nullable=False, default=0),
    Column("last_new", Time),  # the last poll whose listing differed from the one before
    # time observed since then without anything new
    Column("quiet_seconds", Integer, nullable=False, default=0, server_default="0"),
    Column("listing_digest", String(64)),  # of the listed URLs
    # the status of the current outage; the polls that confirmed it; when the alarm was raised
    Column("alarm", String(16)),
    Column("strikes", Integer, nullable=False, default=0, server_default="0"),
    Column("alarmed", Time),
    # The schedule. `interval_seconds` adapts between the two bounds; NULL: the default bounds.
    Column("min_seconds", Integer),
    Column("max_seconds", Integer),
    Column("cron", Text),  # instead of an interval, evaluated in `timezone` (an IANA name; NULL: UTC)
    Column("timezone", Text),
    Column("asks", JSON(none_as_null=True)),  # the feed's own schedule hints: see crawler/sources/feed_hints.py
    Column("asks_seconds", Integer),  # how long the last response asked to wait, by headers and text
    # Limits on the pages made from it.
    Column("daily_pages", Integer),  # NULL: the default of its kind
    Column("day", String(10)),  # the UTC day counted by `day_pages`
    Column("day_pages", Integer, nullable=False, default=0, server_default="0"),
    # links left out at the last poll with any
    Column("left_out", Integer, nullable=False, default=0, server_default="0"),
    Column("left_out_why", Text),
    # For a dead feed, a replacement found on the outlet's homepage.
    Column("seeking", Boolean, nullable=False, default=False, server_default=false()),
    Column("sought", Time),
    Column("location_why", Text),  # set if `location` was found that way, not by a redirect
    # fetch only pages that a watch wants
    Column("watched_only", Boolean, nullable=False, default=False, server_default=false()),
    Column("wire", Text),  # the provider whose dispatches the source holds; NULL: it lists pages
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
    Column("crawl_delay", Float),  # from its robots.txt; `delay_seconds` is the operator's own
    Column("robots", Text),
    Column("robots_verdict", String(16)),
    Column("robots_fetched", Time),
    Column("robots_due", Time),
    Column("tdmrep", Text),  # its /.well-known/tdmrep.json, if any
    Column("tdmrep_due", Time),
    Column("day", String(10)),  # the UTC day counted by `day_fetches`
    Column("day_fetches", Integer, nullable=False, default=0),
)


pages = Table(
    "pages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),  # with a non-default port, as in hosts.name
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="SET NULL"), index=True),
    Column("state", String(16), nullable=False, default="due"),
    Column("due", Time),
    Column("discovered", Time, nullable=False),
    Column("unlisted", Time),  # the last successful poll of its source before that
    Column("listed_until", Time),  # counts as listed until then, and while its source's listing does not change
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
    Column("robots", String(16)),  # the verdict of robots.txt for the fetch
    Column("location", Text),  # redirect target, which is a page of its own
    Column("hops", Integer, nullable=False, default=0),
    Column("revisit", Time),  # time of the next revisit; `due` is for pages not fetched yet
    Column("changed", Time),  # the time of the latest new content
    Column("missing_since", Time),  # the first of consecutive revisits that did not find the article
    Column("validators_lie", Boolean, nullable=False, default=False, server_default=false()),
    Column("priority", Integer, nullable=False, default=5, server_default="5"),  # lowest first, per host
    Column("summary", Text),  # from its source, for watches; kept until it is fetched
    Index("ix_pages_host_first", "host", "state", "priority", "due"),
    Index("ix_pages_host_due", "host", "state", "due"),
    PartialIndex("ix_pages_settled", "discovered", where="revisit IS NULL"),
    PartialIndex("ix_pages_host_revisit", "host", "revisit", where="revisit IS NOT NULL"),
)


source_days = Table(
    "source_days",
    metadata,
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("day", String(10), primary_key=True),  # in UTC
    Column("polls", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("pages_found", Integer, nullable=False, default=0),
    Column("longest_pause", Integer),  # in seconds, of the pauses between new entries that ended on this day
)


gaps = Table(
    "gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), nullable=False),
    Column("began", Time, nullable=False),  # when it was last seen, or became known if it never was
    Column("ended", Time),  # when it was seen again; NULL: not yet
    Column("status", String(16), nullable=False),  # status of its last poll in the gap, or `unpolled`
    Column("why", Text),
    Column("polls", Integer, nullable=False, default=0),  # failed polls in the gap
    Index("ix_gaps_source_id_ended", "source_id", "ended"),
)


# Addresses that people want polled. A crawler finds out what is there, and adds the source.
source_requests = Table(
    "source_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("is_section", Boolean, nullable=False, default=False),
    Column("outlet", Text),
    Column("language", String(8)),
    Column("created", Time, nullable=False, index=True),
    Column("taken", Time),  # when a crawler began; another one may take it when that is long ago
    Column("finished", Time),
    Column("source_id", Integer, ForeignKey("sources.id", ondelete="SET NULL")),
    Column("why", Text),  # the reason if it could not be added
    sqlite_autoincrement=True,  # a known id must not come to mean another request
)

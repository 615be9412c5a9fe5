"""The scope of a crawl, and the rows that are due for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_

from onestory.store.schema import hosts, pages, sources, watch_sources, watches

__all__ = ["CrawlScope", "due_pages_where", "due_revisits_where", "due_sources_where", "has_due_work"]


@dataclass(frozen=True, slots=True)
class CrawlScope:
    """What a crawl works on. `sources` is None for all enabled ones; `once_since` bounds a crawl that ends.

    A crawl that ends polls sources due at `once_since`, and named sources in any case. Without `with_pages` it fetches
    no pages.
    """

    sources: tuple[int, ...] | None = None
    once_since: datetime | None = None
    with_pages: bool = True


def due_sources_where(scope: CrawlScope, *, now: datetime) -> ColumnElement[bool]:
    """The condition for sources to poll now. Search feeds are polled while one of their watches is active."""
    return and_(_scheduled(scope, now=now), or_(sources.c.kind != "search", _is_searched(now)))


def _is_searched(now: datetime) -> ColumnElement[bool]:
    bound = and_(watch_sources.c.source_id == sources.c.id, watches.c.id == watch_sources.c.watch_id)
    goes_on = and_(watches.c.ended.is_(None), or_(watches.c.until.is_(None), watches.c.until > now))
    return exists().where(bound, goes_on)


def _scheduled(scope: CrawlScope, *, now: datetime) -> ColumnElement[bool]:
    if scope.sources is None:
        return and_(sources.c.enabled, sources.c.next_poll <= (scope.once_since or now))
    named = sources.c.id.in_(scope.sources)
    if scope.once_since is None:
        return and_(named, sources.c.next_poll <= now)
    return and_(named, or_(sources.c.last_poll.is_(None), sources.c.last_poll < scope.once_since))


def due_pages_where(scope: CrawlScope, *, now: datetime) -> ColumnElement[bool]:
    if not scope.with_pages:
        return false()
    due = and_(pages.c.state == "due", pages.c.due <= now)
    return due if scope.sources is None else and_(due, pages.c.source_id.in_(scope.sources))


def due_revisits_where(scope: CrawlScope, *, now: datetime) -> ColumnElement[bool]:
    """The condition for pages to revisit. A crawl that ends takes those due when it began."""
    if not scope.with_pages:
        return false()
    due = pages.c.revisit <= (scope.once_since or now)
    return due if scope.sources is None else and_(due, pages.c.source_id.in_(scope.sources))


def has_due_work(scope: CrawlScope, *, now: datetime) -> ColumnElement[bool]:
    """Whether the host of the current row has a page to fetch or revisit, or a source to poll."""
    page = exists().where(pages.c.host == hosts.c.name, due_pages_where(scope, now=now))
    source = exists().where(sources.c.host == hosts.c.name, due_sources_where(scope, now=now))
    look = exists().where(pages.c.host == hosts.c.name, due_revisits_where(scope, now=now))
    return or_(page, source, look)

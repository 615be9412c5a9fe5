"""When a feed has died: its outlet's homepage is asked for another one, at most once a day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.feeds import BadSource
from crawler.guard import checked_url
from crawler.probing import Found, kind_of, named_by
from crawler.reaching import reach
from store.errors import BadInput
from store.hosts import authority_of
from store.sources import SourceDue, polled_urls

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["find_other", "homepage_of", "is_dead"]

MAX_TRIED = 5
FAILURES = 3
EVERY = timedelta(days=1)
# A feed is empty on a quiet weekend; an address that is gone for a day is gone.
GONE_FOR, EMPTY_FOR = timedelta(days=1), timedelta(days=7)


def is_dead(source: SourceDue, bad: BadSource, *, now: datetime) -> bool:
    """Whether, with this failure, another feed is to be sought: it failed for long, or never once answered well."""
    is_asked = source.sought is not None and now - source.sought < EVERY
    if is_asked or not bad.is_dead or source.kind == "section" or source.failures + 1 < FAILURES:
        return False
    patience = EMPTY_FOR if bad.status == "empty" else GONE_FOR
    return source.last_success is None or now - source.last_success >= patience


def homepage_of(source: SourceDue) -> str | None:
    """That of its outlet, else the front of its own host; None where neither can be fetched."""
    parts = urlsplit(source.url)
    try:
        return checked_url(source.homepage or f"{parts.scheme}://{parts.netloc}/")
    except BadInput:
        return None


async def find_other(visit: "Visit", source: SourceDue) -> str | None:
    """A feed, or sitemap, that the homepage names; None when the visit ended on the way.

    On the same host it was read and is good; on another one whoever holds that host will see. Raises BadSource when
    there is none.
    """
    reached = await reach(visit, source)
    if reached is None:
        return None
    answer, _ = reached
    named = await _new(visit, source, named_by(answer, robots=visit.robots))
    near = [url for url in named if authority_of(url) == visit.lease.host and visit.robots.allows(url)]
    for url in near[:MAX_TRIED]:
        candidate = await visit.ask(url)
        if candidate is None:
            return None
        found = kind_of(candidate) if candidate.status == 200 else None
        if isinstance(found, Found) and found.kind == source.kind:
            return url
    far = [url for url in named if authority_of(url) != visit.lease.host]
    if not far:
        raise BadSource(source.status, f"{answer.url} names no other that can be read")
    return far[0]


async def _new(visit: "Visit", source: SourceDue, links: Sequence[str]) -> list[str]:
    """In normal form, without what is polled already."""
    urls = []
    for link in links:
        try:
            urls.append(checked_url(link))
        except BadInput:
            continue
    known = await visit.crew.desk.read(lambda connection, now: polled_urls(connection, urls))
    return [url for url in dict.fromkeys(urls) if url not in known and url != source.url]

"""Rediscovery of dead feeds: the outlet's homepage is searched for another one, at most once a day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.sources.discovery import DiscoveredSource, classify_answer, linked_feeds, with_sitemaps
from onestory.crawler.sources.feeds import BadSource
from onestory.crawler.sources.redirects import fetch_source
from onestory.errors import BadInput
from onestory.pipelines.runtime.bounded_calls import LimitExceeded
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import authority_of
from onestory.store.sources.polls import DueSource, polled_urls

__all__ = ["find_replacement", "homepage_of", "is_dead"]

MAX_TRIED = 5
FAILURES = 3
EVERY = timedelta(days=1)
# A feed may be empty for a weekend; an address that is missing for a day is gone.
GONE_FOR, EMPTY_FOR = timedelta(days=1), timedelta(days=7)


def is_dead(source: DueSource, bad: BadSource, *, now: datetime) -> bool:
    """Whether this failure makes the feed dead: it failed for long, or never once succeeded."""
    is_asked = source.last_rediscovery is not None and now - source.last_rediscovery < EVERY
    if is_asked or not bad.is_dead or source.kind == "section" or source.failures + 1 < FAILURES:
        return False
    retry = EMPTY_FOR if bad.status == "empty" else GONE_FOR
    return source.last_success is None or now - source.last_success >= retry


def homepage_of(source: DueSource) -> str | None:
    """The outlet's homepage, else the front page of the feed's host; None if neither may be fetched."""
    parts = urlsplit(source.url)
    try:
        return checked_url(source.homepage or f"{parts.scheme}://{parts.netloc}/")
    except BadInput:
        return None


async def find_replacement(session: HostSession, source: DueSource) -> str | None:
    """A feed or sitemap that the homepage names; None if the session ended meanwhile.

    A find on the same host was read; one on another host is checked by that host's session. Raises BadSource if none
    is found.
    """
    reached = await fetch_source(session, source)
    if reached is None:
        return None
    response, _ = reached
    links = await _parsed(session, linked_feeds, response)
    named = await _new(session, source, with_sitemaps(links, session.robots))
    near = [url for url in named if authority_of(url) == session.lease.host and session.robots.allows(url)]
    for url in near[:MAX_TRIED]:
        candidate = await session.ask(url)
        if candidate is None:
            return None
        found = await _parsed(session, classify_answer, candidate) if candidate.status == 200 else None
        if isinstance(found, DiscoveredSource) and found.kind == source.kind:
            return url
    far = [url for url in named if authority_of(url) != session.lease.host]
    if not far:
        raise BadSource(source.status, f"{response.url} names no other that can be read")
    return far[0]


R_co = TypeVar("R_co", covariant=True)


class _Parse(Protocol[R_co]):
    def __call__(self, body: bytes, *, url: str, content_type: str | None) -> R_co: ...


async def _parsed(session: HostSession, parse: _Parse[R_co], response: FetchResponse) -> R_co:
    """Read a response within limits of time and memory. Raises BadSource."""
    try:
        return await session.context.parse(
            parse, response.body, url=response.url, content_type=response.header("content-type")
        )
    except LimitExceeded as limit:
        raise BadSource("error", str(limit)) from limit


async def _new(session: HostSession, source: DueSource, links: Sequence[str]) -> list[str]:
    """The URLs in normal form, without those that are already polled."""
    urls = []
    for link in links:
        try:
            urls.append(checked_url(link))
        except BadInput:
            continue
    known = await session.context.database.read(lambda connection, now: polled_urls(connection, urls))
    return [url for url in dict.fromkeys(urls) if url not in known and url != source.url]

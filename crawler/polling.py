"""A poll of a source: what it says becomes pages, durably, before any of them is fetched."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from crawler.feeds import BadSource, feed_entries
from crawler.fetching import Answer
from crawler.guard import checked_url
from crawler.pace import backed_off
from crawler.sitemaps import Sitemap, children_of, read_sitemap, recent
from store.errors import BadInput
from store.frontier import Entry, add_pages
from store.hosts import authority_of
from store.sources import PollResult, SourceDue, due_sources, move_source, settle_poll

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["closed", "poll", "trouble"]

MAX_HOPS = 5
SLOW_SECONDS = 10.0
MAX_INTERVAL_SECONDS = 86_400.0
BLOCKED = (401, 402, 403, 429, 451)
GONE = (404, 410)
# What an index's dates may lag behind.
SLACK = timedelta(days=2)


async def poll(visit: "Visit", source: SourceDue) -> None:
    """Polls one source of the visited host, and records how it went."""
    if not visit.robots.allows(source.at):
        await _failed(visit, source, BadSource("robots", "its robots.txt does not allow to fetch it"))
        return
    try:
        polled = await _answer(visit, source)
        if polled is None:
            return
        answer, at = polled
        is_new = not _is_unchanged(answer, source)
        entries = await _entries(visit, source, answer) if is_new else None
        if is_new and entries is None:
            return
    except BadSource as bad:
        await _failed(visit, source, bad)
        return
    await _succeeded(visit, source, answer, entries=entries, at=at)


async def closed(visit: "Visit", bad: BadSource) -> None:
    """The host's robots.txt cannot be read: its sources that are due say so, and wait with it."""
    polls = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal polls
        due = due_sources(connection, visit.lease.host, visit.crew.scope, now=now, limit=1_000)
        for source in due:
            settle_poll(connection, source, _failure(source, bad, now=now), now=now)
        polls = len(due)

    if await visit.write(work):
        visit.crew.count(polls=polls, polls_failed=polls)


async def _answer(visit: "Visit", source: SourceDue) -> tuple[Answer, str | None] | None:
    """The answer, and where the source is to be asked from now on; None when the poll is not to be recorded."""
    url, is_permanent = source.at, True
    for hop in range(source.hops, MAX_HOPS + 1):
        answer = await visit.ask(url, headers=_validators(source) if url == source.at else None)
        if answer is None:
            return None
        if not answer.is_redirect:
            if bad := trouble(answer):
                raise bad
            return answer, url if is_permanent and hop > source.hops else None
        is_permanent = is_permanent and answer.is_permanent
        url = _target(answer, url)
        if authority_of(url) != visit.lease.host:
            await _move(visit, source, url)
            return None
        if not visit.robots.allows(url):
            raise BadSource("robots", "it redirects to where robots.txt does not allow to fetch")
    raise BadSource("error", f"it redirects more than {MAX_HOPS} times")


async def _move(visit: "Visit", source: SourceDue, at: str) -> None:
    await visit.write(lambda connection, now: move_source(connection, source, at=at, now=now))


def _target(answer: Answer, url: str) -> str:
    try:
        return checked_url(answer.header("location") or "", base=url)
    except BadInput as error:
        raise BadSource("error", f"it redirects to what is not fetched: {error}") from error


def _validators(source: SourceDue) -> dict[str, str]:
    """RFC 9110, section 13.1: the answer is 304 when nothing changed."""
    said = {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
    return {name: value for name, value in said.items() if value}


def trouble(answer: Answer) -> BadSource | None:
    """What is wrong with an answer to a poll, if anything is."""
    if answer.status is None:
        return BadSource("error", answer.why or "there was no answer")
    if answer.status in BLOCKED:
        return BadSource("blocked", f"the server answers {answer.status}: it does not want to be asked")
    if answer.status in GONE:
        return BadSource("gone", f"the server answers {answer.status}: there is nothing at this address")
    if answer.status != 304 and not 200 <= answer.status < 300:
        return BadSource("error", f"the server answers {answer.status}")
    return None


def _is_unchanged(answer: Answer, source: SourceDue) -> bool:
    return answer.status == 304 or _digest(answer.body) == source.body_digest


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def _entries(visit: "Visit", source: SourceDue, answer: Answer) -> Sequence[Entry] | None:
    """What the source lists; None when the visit ended on the way. Raises BadSource."""
    if source.kind == "sitemap":
        sitemap = await asyncio.to_thread(read_sitemap, answer.body, url=answer.url)
        return await _listed(visit, source, sitemap, answer)
    content_type = answer.header("content-type")
    return await asyncio.to_thread(feed_entries, answer.body, url=answer.url, content_type=content_type)


async def _listed(visit: "Visit", source: SourceDue, sitemap: Sitemap, answer: Answer) -> Sequence[Entry] | None:
    if not sitemap.children:
        return recent(sitemap, now=answer.observed)
    since = source.last_success - SLACK if source.last_success else None
    entries: list[Entry] = []
    for url in children_of(sitemap, url=answer.url, since=since):
        if not visit.robots.allows(url):
            continue
        child = await visit.ask(url)
        if child is None:
            return None
        if bad := trouble(child):
            raise BadSource(bad.status, f"{url}: {bad.why}")
        try:
            read = await asyncio.to_thread(read_sitemap, child.body, url=url)
        except BadSource as bad_child:
            if bad_child.status == "empty":
                continue
            raise BadSource(bad_child.status, f"{url}: {bad_child.why}") from bad_child
        entries.extend(recent(read, now=answer.observed))
    return entries


async def _succeeded(
    visit: "Visit", source: SourceDue, answer: Answer, *, entries: Sequence[Entry] | None, at: str | None
) -> None:
    """`entries` of None: nothing changed since the last poll."""
    found = 0

    def work(connection: Connection, now: datetime) -> None:
        nonlocal found
        found = add_pages(connection, entries or (), source_id=source.id, now=now)
        is_slow = answer.seconds > SLOW_SECONDS
        result = PollResult(
            status="slow" if is_slow else "ok",
            why=f"it took {answer.seconds:.0f} s to answer" if is_slow else None,
            next_poll=now + timedelta(seconds=source.interval_seconds),
            failures=0,
            entries=None if entries is None else len(entries),
            pages_found=found,
            etag=_short(answer.header("etag")) or (source.etag if answer.status == 304 else None),
            last_modified=_short(answer.header("last-modified"))
            or (source.last_modified if answer.status == 304 else None),
            body_digest=_digest(answer.body) if answer.status != 304 else source.body_digest,
            is_success=True,
            at=at,
        )
        settle_poll(connection, source, result, now=now)

    if await visit.write(work):
        visit.crew.count(polls=1, pages_found=found)


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= 500 else None


async def _failed(visit: "Visit", source: SourceDue, bad: BadSource) -> None:
    is_written = await visit.write(
        lambda connection, now: settle_poll(connection, source, _failure(source, bad, now=now), now=now)
    )
    if is_written:
        visit.crew.count(polls=1, polls_failed=1)


def _failure(source: SourceDue, bad: BadSource, *, now: datetime) -> PollResult:
    """The next poll is the later the more have failed; it begins at the source's own URL again."""
    failures = source.failures + 1
    pause = min(backed_off(source.interval_seconds, failures), MAX_INTERVAL_SECONDS)
    return PollResult(bad.status, bad.why[:500], now + timedelta(seconds=pause), failures, at=source.url)

"""Revisit a known article: is it still there, has it changed, did it move?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from onestory.crawler.backoff import day_of, next_day
from onestory.crawler.fetching.challenge import detect_challenge
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts import tdmrep
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.pages import fetch, results, revisit_policy
from onestory.errors import BadInput
from onestory.ssrf import checked_url
from onestory.store.articles.moves import record_move
from onestory.store.frontier.pages import PageEntry, PageFetchResult, add_pages
from onestory.store.frontier.revisits import (
    DueRevisit,
    RevisitResult,
    due_revisits,
    postpone_revisits,
    save_revisit_result,
)
from onestory.urls import MAX_REDIRECTS, same_publisher

__all__ = ["record_revisit", "result_of_answer", "result_of_reading", "revisit", "revisit_all"]

# A visit ends after this many, so that sources and new pages get their turn.
TURN_LOOKS = 8
GONE = {404: "missing", 410: "gone"}
# Reasons with which the stages drop a page that replaced an article.
ABSENT = ("not_found", "removal_notice")


async def revisit_all(session: HostSession) -> None:
    """Revisit the host's due articles while its budget allows; the rest waits until tomorrow."""
    host, scope, looked = session.lease.host, session.context.scope, 0
    while session.has_turn and looked < TURN_LOOKS:
        busy, left = tuple(session.under_way), TURN_LOOKS - looked
        batch = await session.context.database.read(
            lambda connection, now: due_revisits(connection, host, scope, now=now, limit=left, but=busy)  # noqa: B023
        )
        if not batch:
            return
        if not looked:
            await tdmrep.fetch_tdmrep(session, scheme=batch[0].url.partition(":")[0])
        for page in batch:
            if not _has_room(session):
                await session.write(lambda connection, now: postpone_revisits(connection, host, until=next_day(now)))
                return
            if session.has_turn:
                await revisit(session, page)
        looked += len(batch)


def _has_room(session: HostSession) -> bool:
    used = session.state.day_fetches if session.state.day == day_of(session.context.clock.now()) else 0
    return revisit_policy.may_revisit(day_fetches=used, daily_budget=session.context.rate_limits.daily_budget)


async def revisit(session: HostSession, page: DueRevisit) -> None:
    """Fetch the page, conditionally where validators are trusted, and record the result."""
    if not session.robots.allows(page.url):
        await _settle(session, page, RevisitResult("unclear", None, None, reason="robots"))
        return
    response = await session.ask(page.url, headers=revisit_policy.validators(page) or None)
    if response is not None and response.is_redirect and (spelling := fetch.other_spelling(page, response)):
        response = await session.ask(spelling)
    if response is None:
        return
    if response.is_redirect:
        await _settle_redirect(session, page, response)
    elif (result := result_of_answer(page, response)) is not None:
        await _settle(session, page, result)
    else:
        await fetch.submit_capture(session, page, response)


def result_of_answer(page: DueRevisit, response: FetchResponse) -> RevisitResult | None:
    """The result as far as the response alone shows it; None if the page has to be read."""
    if response.status == 304:
        return RevisitResult("unchanged", None, 304, validators_lie=page.validators_lie)
    if response.status in GONE:
        return RevisitResult(
            "absent", None, response.status, reason=GONE[response.status], is_confirmed=response.status == 410
        )
    if not response.is_readable:
        return RevisitResult("unclear", None, response.status, reason=response.reason or f"http_{response.status}")
    if detect_challenge(response.headers, response.body):
        return RevisitResult("unclear", None, response.status, reason="challenge")
    fetched = results.fetched_result(page, response, verdict="")
    if fetched.body_digest == page.body_digest and page.missing_since is None:
        marks = {name: getattr(fetched, name) for name in ("etag", "last_modified", "body_digest")}
        return RevisitResult("unchanged", None, response.status, validators_lie=page.validators_lie, **marks)
    return None


def result_of_reading(page: DueRevisit, result: PageFetchResult, kind: str) -> RevisitResult:
    """The result after the stages: `kind` is the Outcome's, `result` holds the fetch and their reason."""
    if kind == "dropped":
        is_absent = result.reason in ABSENT
        return RevisitResult(
            "absent" if is_absent else "unclear",
            None,
            result.http_status,
            reason=result.reason,
            is_confirmed=result.reason == "removal_notice",
            robots=result.robots,
        )
    has_changed = kind == "stored"
    marks = (result.etag, result.last_modified)
    # Other content under the same validators: they are not trusted again.
    lie = has_changed and any(marks) and marks == (page.etag, page.last_modified)
    return RevisitResult(
        "changed" if has_changed else "unchanged",
        None,
        result.http_status,
        article_id=result.article_id,
        robots=result.robots,
        etag=result.etag,
        last_modified=result.last_modified,
        body_digest=result.body_digest,
        validators_lie=page.validators_lie or lie,
    )


def record_revisit(connection: Connection, page: DueRevisit, result: RevisitResult, *, now: datetime) -> bool:
    """Record a revisit and schedule the next one; return whether the article is now withdrawn."""
    is_confirmed = result.kind == "absent" and revisit_policy.is_absence_confirmed(
        page, is_final=result.is_confirmed, now=now
    )
    if result.kind == "absent":
        since = page.missing_since or now
        is_withdrawn = is_confirmed or page.withdrawn is not None
        due = revisit_policy.revisit_after_absence(missing_since=since, is_withdrawn=is_withdrawn, now=now)
    elif result.kind == "unclear" and page.missing_since is not None:
        due = now + revisit_policy.CONFIRM
    else:
        changed = now if result.kind == "changed" else page.changed
        due = revisit_policy.next_revisit(known_since=page.known_since, changed=changed, now=now)
    return save_revisit_result(connection, page, replace(result, is_confirmed=is_confirmed, revisit=due), now=now)


async def _settle(session: HostSession, page: DueRevisit, result: RevisitResult) -> None:
    await _write(session, page, lambda connection, now: result)


async def _write(session: HostSession, page: DueRevisit, seen: Callable[[Connection, datetime], RevisitResult]) -> None:
    """Record the result as the current transaction computes it."""
    told: list[str] = []

    def work(connection: Connection, now: datetime) -> None:
        result = replace(seen(connection, now), robots=session.robots.verdict)
        is_withdrawn = record_revisit(connection, page, result, now=now)
        told[:] = [result.kind, *(["withdrawn"] if is_withdrawn else [])]

    if await session.write(work):
        session.context.count(looks=1, withdrawn=told.count("withdrawn"))


async def _settle_redirect(session: HostSession, page: DueRevisit, response: FetchResponse) -> None:
    try:
        target = checked_url(response.header("location") or "", base=page.url)
    except BadInput:
        await _settle(session, page, RevisitResult("unclear", None, response.status, reason="refused"))
        return
    await _write(session, page, lambda connection, now: _led_to(connection, page, response, target, now))


def _led_to(
    connection: Connection, page: DueRevisit, response: FetchResponse, target: str, now: datetime
) -> RevisitResult:
    """Interpret a redirect: a front page means the article is gone; an address of the publisher may be its new one."""
    unclear = RevisitResult("unclear", None, response.status, reason="redirects", location=target)
    if revisit_policy.leads_away(page.url, target):
        return replace(unclear, kind="absent", reason="redirect")
    if page.hops >= MAX_REDIRECTS or target == page.url:
        return unclear
    if not same_publisher(page.url, target):
        entry = PageEntry(target, page.title, page.published)
        add_pages(connection, [entry], source_id=page.source_id, now=now, hops=page.hops + 1)
        return replace(unclear, reason="moved")
    led = record_move(connection, page, target, http_status=response.status, now=now)
    if led == "nothing":
        return replace(unclear, kind="absent", reason="redirect")
    return replace(unclear, reason="moved" if led == "article" else "redirects")

"""One more look at an article's page: is it there, has it changed, where did it go?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from crawler import paging, reservation, revisiting, verdicts
from crawler.challenge import challenge_of
from crawler.fetching import Answer
from crawler.guard import checked_url
from crawler.pace import day_of, next_day
from crawler.verdicts import MAX_HOPS, READABLE
from store.errors import BadInput
from store.frontier import Entry, PageResult, add_pages
from store.identity import same_site
from store.moves import note_move
from store.revisits import LookDue, Sight, due_looks, postpone_looks, settle_look

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["look", "look_all", "record", "sight_of", "sight_of_reading"]

# A visit ends after so many, so that sources and new pages get their turn.
TURN_LOOKS = 8
GONE = {404: "missing", 410: "gone"}
# What the stages call a page that stands where an article was.
ABSENT = ("not_found", "removal_notice")


async def look_all(visit: "Visit") -> None:
    """Looks at the host's pages that are due for it, while its budget has room; what is left waits for tomorrow."""
    host, scope, looked = visit.lease.host, visit.crew.scope, 0
    while visit.has_turn and looked < TURN_LOOKS:
        busy, left = tuple(visit.under_way), TURN_LOOKS - looked
        batch = await visit.crew.desk.read(
            lambda connection, now: due_looks(connection, host, scope, now=now, limit=left, but=busy)  # noqa: B023
        )
        if not batch:
            return
        if not looked:
            await reservation.read_reservation(visit, scheme=batch[0].url.partition(":")[0])
        for page in batch:
            if not _has_room(visit):
                await visit.write(lambda connection, now: postpone_looks(connection, host, until=next_day(now)))
                return
            if visit.has_turn:
                await look(visit, page)
        looked += len(batch)


def _has_room(visit: "Visit") -> bool:
    used = visit.state.day_fetches if visit.state.day == day_of(visit.crew.clock.now()) else 0
    return revisiting.may_look(day_fetches=used, daily_budget=visit.crew.pace.daily_budget)


async def look(visit: "Visit", page: LookDue) -> None:
    """Asks for the page, conditionally where that can be trusted, and records what it showed."""
    if not visit.robots.allows(page.url):
        await _settle(visit, page, Sight("unclear", None, None, reason="robots"))
        return
    answer = await visit.ask(page.url, headers=revisiting.validators(page) or None)
    if answer is not None and answer.is_redirect and (spelling := paging.other_spelling(page, answer)):
        answer = await visit.ask(spelling)
    if answer is None:
        return
    if answer.is_redirect:
        await _settle_redirect(visit, page, answer)
    elif (sight := sight_of(page, answer)) is not None:
        await _settle(visit, page, sight)
    else:
        await paging.hand_in(visit, page, answer)


def sight_of(page: LookDue, answer: Answer) -> Sight | None:
    """What the answer alone tells; None when the page has to be read."""
    if answer.status == 304:
        return Sight("unchanged", None, 304, validators_lie=page.validators_lie)
    if answer.status in GONE:
        return Sight("absent", None, answer.status, reason=GONE[answer.status], is_settled=answer.status == 410)
    if answer.status not in READABLE:
        return Sight("unclear", None, answer.status, reason=answer.reason or f"http_{answer.status}")
    if challenge_of(answer.headers, answer.body):
        return Sight("unclear", None, answer.status, reason="challenge")
    fetched = verdicts.fetched(page, answer, verdict="")
    if fetched.body_digest == page.body_digest and page.missing_since is None:
        marks = {name: getattr(fetched, name) for name in ("etag", "last_modified", "body_digest")}
        return Sight("unchanged", None, answer.status, validators_lie=page.validators_lie, **marks)
    return None


def sight_of_reading(page: LookDue, result: PageResult, kind: str) -> Sight:
    """What the stages made of the page: `kind` is their outcome's, `result` has what was fetched and their reason."""
    if kind == "dropped":
        is_absent = result.reason in ABSENT
        return Sight(
            "absent" if is_absent else "unclear",
            None,
            result.http_status,
            reason=result.reason,
            is_settled=result.reason == "removal_notice",
            robots=result.robots,
        )
    has_changed = kind == "stored"
    marks = (result.etag, result.last_modified)
    # The same marks for another content: they are not asked by again.
    lie = has_changed and any(marks) and marks == (page.etag, page.last_modified)
    return Sight(
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


def record(connection: Connection, page: LookDue, sight: Sight, *, now: datetime) -> bool:
    """Settles a look and says when the next one is; whether it settled that the article is withdrawn."""
    is_settled = sight.kind == "absent" and revisiting.is_settled(page, is_final=sight.is_settled, now=now)
    if sight.kind == "absent":
        since = page.missing_since or now
        is_withdrawn = is_settled or page.withdrawn is not None
        due = revisiting.after_absence(missing_since=since, is_withdrawn=is_withdrawn, now=now)
    elif sight.kind == "unclear" and page.missing_since is not None:
        due = now + revisiting.CONFIRM
    else:
        changed = now if sight.kind == "changed" else page.changed
        due = revisiting.next_look(known_since=page.known_since, changed=changed, now=now)
    return settle_look(connection, page, replace(sight, is_settled=is_settled, revisit=due), now=now)


async def _settle(visit: "Visit", page: LookDue, sight: Sight) -> None:
    await _write(visit, page, lambda connection, now: sight)


async def _write(visit: "Visit", page: LookDue, seen: Callable[[Connection, datetime], Sight]) -> None:
    """Records what the transaction at hand sees of it."""
    told: list[str] = []

    def work(connection: Connection, now: datetime) -> None:
        sight = replace(seen(connection, now), robots=visit.robots.verdict)
        is_withdrawn = record(connection, page, sight, now=now)
        told[:] = [sight.kind, *(["withdrawn"] if is_withdrawn else [])]

    if await visit.write(work):
        visit.crew.count(looks=1, withdrawn=told.count("withdrawn"))


async def _settle_redirect(visit: "Visit", page: LookDue, answer: Answer) -> None:
    try:
        target = checked_url(answer.header("location") or "", base=page.url)
    except BadInput:
        await _settle(visit, page, Sight("unclear", None, answer.status, reason="refused"))
        return
    await _write(visit, page, lambda connection, now: _led_to(connection, page, answer, target, now))


def _led_to(connection: Connection, page: LookDue, answer: Answer, target: str, now: datetime) -> Sight:
    """A front page stands for nothing; an address of the same site may be the article's new one."""
    unclear = Sight("unclear", None, answer.status, reason="redirects", location=target)
    if revisiting.leads_away(page.url, target):
        return replace(unclear, kind="absent", reason="redirect")
    if page.hops >= MAX_HOPS or target == page.url:
        return unclear
    if not same_site(page.url, target):
        entry = Entry(target, page.title, page.published)
        add_pages(connection, [entry], source_id=page.source_id, now=now, hops=page.hops + 1)
        return replace(unclear, reason="moved")
    led = note_move(connection, page, target, http_status=answer.status, now=now)
    if led == "nothing":
        return replace(unclear, kind="absent", reason="redirect")
    return replace(unclear, reason="moved" if led == "article" else "redirects")

"""The dispatches of a source: into the stages, unless they are known."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from onestory.crawler.hosts.host_session import HostSession
from onestory.pipelines.wire.reading import FiledCaptures
from onestory.store.articles.captures import Capture, Filing
from onestory.store.wire.dispatches import (
    DispatchRecord,
    apply_statuses,
    dispatch_id,
    dispatches_by_id,
    record_filings,
)

__all__ = ["take_dispatches"]

AT_ONCE = 32


async def take_dispatches(session: HostSession, file: FiledCaptures) -> int | None:
    """Withdraw what the file takes back, and submit what is new; return how many. None if the lease was lost.

    A crawl that fetches no pages takes nothing, and leaves all to the next one.
    """
    if not session.context.scope.with_pages:
        return 0
    known: dict[str, DispatchRecord] = {}

    def settle(connection: Connection, now: datetime) -> None:
        known.update(dispatches_by_id(connection, [dispatch_id(filing) for filing in file.filings]))
        apply_statuses(connection, record_filings(connection, file.notices, now=now), now=now)

    if not await session.write(settle):
        return None
    fresh = [capture for capture in file.captures if capture.filing and not _is_known(capture.filing, known)]
    await _submit(session, fresh)
    return len(fresh) + sum(not _is_known(notice, known) for notice in file.notices)


def _is_known(filing: Filing, known: dict[str, DispatchRecord]) -> bool:
    held = known.get(dispatch_id(filing))
    return held is not None and (held.version, held.issued, held.status) == (
        filing.version,
        filing.issued,
        filing.status,
    )


async def _submit(session: HostSession, captures: Sequence[Capture]) -> None:
    """Await the stages without blocking the event loop. Their error ends the crawl."""
    for start in range(0, len(captures), AT_ONCE):
        part = captures[start : start + AT_ONCE]
        waiting = [session.context.sink.submit(capture) for capture in part]
        try:
            await asyncio.gather(*(asyncio.wrap_future(one) for one in waiting))
        except Exception as error:  # a stage failed: the crawl must end
            session.context.fail(error)
            return

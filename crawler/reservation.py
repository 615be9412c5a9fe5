"""What a host says of text and data mining in `/.well-known/tdmrep.json` (TDMRep, W3C community group, 2024).

Read at most once in 24 hours, and only from hosts that a page is fetched from.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from pipelines.rights import from_robots, from_tdmrep
from store.hosts import keep_tdmrep

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["host_signals", "read_reservation"]

LIFETIME = timedelta(hours=24)
MAX_BYTES = 65_536
PATH = "/.well-known/tdmrep.json"


async def read_reservation(visit: "Visit", *, scheme: str) -> None:
    """Asks for the file, unless that was done within a day. Whatever comes back, the pages may be fetched."""
    url = f"{scheme}://{visit.lease.host}{PATH}"
    # What is left of a scarce budget is for pages.
    if visit.state.day_fetches * 2 > visit.crew.pace.daily_budget:
        return
    if not visit.robots.allows(url) or not await visit.crew.desk.read(lambda _, now: _is_due(visit, now)):
        return
    # Noted first: a host that stumbles over it is not asked again for a day.
    if not await _keep(visit, visit.state.tdmrep):
        return
    answer = await visit.ask(url)
    if answer is not None and answer.status is not None and not answer.is_redirect:
        is_there = answer.status == 200 and len(answer.body) <= MAX_BYTES
        text = answer.body.decode("utf-8-sig", "ignore").replace("\x00", "").strip() if is_there else ""
        await _keep(visit, text if text.startswith("[") else None)


def _is_due(visit: "Visit", now: datetime) -> bool:
    return visit.state.tdmrep_due is None or visit.state.tdmrep_due <= now


async def _keep(visit: "Visit", text: str | None) -> bool:
    def work(connection: Connection, now: datetime) -> None:
        keep_tdmrep(connection, visit.lease, text=text, due=now + LIFETIME)
        visit.set_reservation(text, due=now + LIFETIME)

    return await visit.write(work)


def host_signals(visit: "Visit", url: str) -> tuple[tuple[str, str, str | None], ...]:
    """What the host's own files say of a page, as a capture carries it."""
    robots, tdmrep = visit.robots, visit.state.tdmrep
    signals = from_robots(robots.text, url, rules=robots.as_written) if robots.text else ()
    signals += from_tdmrep(tdmrep, url) if tdmrep else ()
    return tuple((signal.source, signal.value, signal.says) for signal in signals)

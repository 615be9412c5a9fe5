"""A host's text and data mining reservation, `/.well-known/tdmrep.json` (TDMRep, W3C community group, 2024).

It is fetched at most once in 24 hours, and only from hosts that pages are fetched from.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from onestory.crawler.hosts.host_session import HostSession
from onestory.pipelines.extract.rights import from_robots, from_tdmrep
from onestory.store.frontier.hosts import save_tdmrep

__all__ = ["fetch_tdmrep", "host_signals"]

LIFETIME = timedelta(hours=24)
MAX_BYTES = 65_536
PATH = "/.well-known/tdmrep.json"


async def fetch_tdmrep(session: HostSession, *, scheme: str) -> None:
    """Fetch the file unless that happened within a day. The pages may be fetched whatever it says."""
    url = f"{scheme}://{session.lease.host}{PATH}"
    # A scarce budget is spent on pages.
    if session.state.day_fetches * 2 > session.context.rate_limits.daily_budget:
        return
    if not session.robots.allows(url) or not await session.context.database.read(lambda _, now: _is_due(session, now)):
        return
    # Recorded first: a host that fails on this request is not asked again for a day.
    if not await _keep(session, session.state.tdmrep):
        return
    response = await session.ask(url)
    if response is not None and response.status is not None and not response.is_redirect:
        is_there = response.status == 200 and len(response.body) <= MAX_BYTES
        text = response.body.decode("utf-8-sig", "ignore").replace("\x00", "").strip() if is_there else ""
        await _keep(session, text if text.startswith("[") else None)


def _is_due(session: HostSession, now: datetime) -> bool:
    return session.state.tdmrep_due is None or session.state.tdmrep_due <= now


async def _keep(session: HostSession, text: str | None) -> bool:
    def work(connection: Connection, now: datetime) -> None:
        save_tdmrep(connection, session.lease, text=text, due=now + LIFETIME)
        session.set_reservation(text, due=now + LIFETIME)

    return await session.write(work)


def host_signals(session: HostSession, url: str) -> tuple[tuple[str, str, str | None], ...]:
    """The signals of the host's own files for a page, as a capture carries them."""
    robots, tdmrep = session.robots, session.state.tdmrep
    signals = from_robots(robots.text, url, rules=robots.unfiltered_rules) if robots.text else ()
    signals += from_tdmrep(tdmrep, url) if tdmrep else ()
    return tuple((signal.source, signal.value, signal.says) for signal in signals)

"""Interstitials that lead back to the article: a consent or cookie page within the host, followed within one fetch."""

from urllib.parse import quote, urlsplit

from onestory.crawler.fetching.cookies import FetchCookies
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.host_session import HostSession
from onestory.errors import BadInput
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import authority_of
from onestory.store.frontier.pages import DuePage
from onestory.urls import MAX_REDIRECTS

__all__ = ["follow_round_trip", "may_lead_back"]


def may_lead_back(page: DuePage, response: FetchResponse) -> bool:
    """Whether a redirect within the host sets a cookie, or names the page that it came from."""
    target = _target(page, page.url, response)
    if target is None:
        return False
    path = urlsplit(page.url).path
    names_page = len(path) > 1 and any(spelled in urlsplit(target).query for spelled in (path, quote(path, safe="")))
    return response.header("set-cookie") is not None or names_page


async def follow_round_trip(session: HostSession, page: DuePage, response: FetchResponse) -> FetchResponse | None:
    """The page itself, where the redirects lead back to it; else the response, which leads elsewhere.

    None when the visit ended on the way.
    """
    cookies, at, current = FetchCookies(), page.url, response
    for _ in range(MAX_REDIRECTS):
        cookies.take(current)
        target = _target(page, at, current)
        if target is None or not session.robots.allows(target):
            return response
        answered = await session.ask(target, headers=cookies.headers())
        if answered is None:
            return None
        at, current = target, answered
        if not current.is_redirect:
            return current if at == page.url else response
    return response


def _target(page: DuePage, at: str, response: FetchResponse) -> str | None:
    """Where a redirect leads within the page's host."""
    if not response.is_redirect:
        return None
    try:
        target = checked_url(response.header("location") or "", base=at)
    except BadInput:
        return None
    return target if authority_of(target) == authority_of(page.url) else None

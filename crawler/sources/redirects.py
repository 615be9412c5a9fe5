"""Fetch a source at its current location; follow and remember redirects."""

from onestory.crawler.fetching.cookies import FetchCookies
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.host_session import HostSession
from onestory.crawler.sources.feeds import BadSource
from onestory.crawler.sources.source_error import source_error
from onestory.errors import BadInput
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import authority_of
from onestory.store.sources.polls import DueSource, redirect_source
from onestory.urls import MAX_REDIRECTS

__all__ = ["fetch_source"]


async def fetch_source(session: HostSession, source: DueSource) -> tuple[FetchResponse, str | None] | None:
    """The response, and the location to poll from now on; None if the poll is not to be recorded.

    That is so if the session ended, or if the source redirects to another host: the session of that host polls it.
    Raises BadSource.
    """
    url, is_permanent, cookies = source.polled_url, True, FetchCookies()
    for hop in range(source.hops, MAX_REDIRECTS + 1):
        if not session.robots.allows(url):
            where = "its robots.txt does not allow to fetch it"
            said = where if url == source.polled_url else "it redirects to where robots.txt does not allow to fetch"
            raise BadSource("robots", said)
        validators = _validators(source) if url == source.polled_url else None
        response = await session.ask(url, headers=cookies.headers(validators))
        if response is None:
            return None
        cookies.take(response)
        if not response.is_redirect:
            if bad := source_error(response):
                raise bad
            return response, url if is_permanent and hop > source.hops else None
        is_permanent = is_permanent and response.is_permanent
        url = _target(response, url)
        if authority_of(url) != session.lease.host:
            await _move(session, source, url)
            return None
    raise BadSource("error", f"it redirects more than {MAX_REDIRECTS} times")


async def _move(session: HostSession, source: DueSource, at: str) -> None:
    await session.write(lambda connection, now: redirect_source(connection, source, at=at, now=now))


def _target(response: FetchResponse, url: str) -> str:
    try:
        return checked_url(response.header("location") or "", base=url)
    except BadInput as error:
        raise BadSource("error", f"it redirects to what is not fetched: {error}") from error


def _validators(source: DueSource) -> dict[str, str]:
    """Headers of a conditional request (RFC 9110, section 13.1), for the source itself, not its homepage."""
    said = {} if source.is_rediscovering else {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
    return {name: value for name, value in said.items() if value}

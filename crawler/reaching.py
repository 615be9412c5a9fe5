"""Getting a source's answer: asked at where it is now, redirects followed and remembered."""

from typing import TYPE_CHECKING

from crawler.feeds import BadSource
from crawler.fetching import Answer
from crawler.guard import checked_url
from crawler.trouble import trouble
from store.errors import BadInput
from store.hosts import authority_of
from store.sources import SourceDue, move_source

if TYPE_CHECKING:
    from crawler.visit import Visit

__all__ = ["reach"]

MAX_HOPS = 5


async def reach(visit: "Visit", source: SourceDue) -> tuple[Answer, str | None] | None:
    """The answer, and where the source is to be asked from now on; None when the poll is not to be recorded.

    That is so when the visit ended, and when it redirects to another host: whoever holds that one polls it there.
    Raises BadSource.
    """
    url, is_permanent = source.at, True
    for hop in range(source.hops, MAX_HOPS + 1):
        if not visit.robots.allows(url):
            where = "its robots.txt does not allow to fetch it"
            said = where if url == source.at else "it redirects to where robots.txt does not allow to fetch"
            raise BadSource("robots", said)
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
    raise BadSource("error", f"it redirects more than {MAX_HOPS} times")


async def _move(visit: "Visit", source: SourceDue, at: str) -> None:
    await visit.write(lambda connection, now: move_source(connection, source, at=at, now=now))


def _target(answer: Answer, url: str) -> str:
    try:
        return checked_url(answer.header("location") or "", base=url)
    except BadInput as error:
        raise BadSource("error", f"it redirects to what is not fetched: {error}") from error


def _validators(source: SourceDue) -> dict[str, str]:
    """RFC 9110, section 13.1: the answer is 304 when nothing changed. They are the source's, not its homepage's."""
    said = {} if source.is_seeking else {"If-None-Match": source.etag, "If-Modified-Since": source.last_modified}
    return {name: value for name, value in said.items() if value}

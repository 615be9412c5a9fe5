"""What is wrong with the response of a source: a status and a sentence."""

from onestory.crawler.fetching.challenge import detect_challenge
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.sources.feeds import BadSource

__all__ = ["source_error"]

BLOCKED = (401, 402, 403, 429, 451)
GONE = (404, 410)


def source_error(response: FetchResponse) -> BadSource | None:
    """The error of a response; None if its body can be read as a source."""
    if response.status is None:
        return BadSource("error", response.why or "there was no answer")
    if challenge := detect_challenge(response.headers, response.body):
        return BadSource("blocked", challenge)
    if response.status in BLOCKED:
        return BadSource("blocked", f"the server answers {response.status}: it does not want to be asked")
    if response.status in GONE:
        return BadSource("gone", f"the server answers {response.status}: there is nothing at this address")
    if response.status != 304 and not response.is_readable:
        return BadSource("error", f"the server answers {response.status}")
    return None

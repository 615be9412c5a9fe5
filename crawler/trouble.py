"""What is wrong with an answer that was to be a source's, in a status word and in plain words."""

from crawler.challenge import challenge_of
from crawler.feeds import BadSource
from crawler.fetching import Answer
from crawler.verdicts import READABLE

__all__ = ["trouble"]

BLOCKED = (401, 402, 403, 429, 451)
GONE = (404, 410)


def trouble(answer: Answer) -> BadSource | None:
    """None for an answer whose body can be read as a source."""
    if answer.status is None:
        return BadSource("error", answer.why or "there was no answer")
    if challenge := challenge_of(answer.headers, answer.body):
        return BadSource("blocked", challenge)
    if answer.status in BLOCKED:
        return BadSource("blocked", f"the server answers {answer.status}: it does not want to be asked")
    if answer.status in GONE:
        return BadSource("gone", f"the server answers {answer.status}: there is nothing at this address")
    if answer.status != 304 and answer.status not in READABLE:
        return BadSource("error", f"the server answers {answer.status}")
    return None

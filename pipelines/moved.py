"""Pages that an article moved to: what is read there is the same article, if it still reads like it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from dedupe.evidence import glance
from dedupe.signature import Signature
from store.errors import BadInput
from store.identity import article_id, normal_url
from store.moves import Home, homes
from store.readings import Reading
from store.records import existing_articles

__all__ = ["at_their_articles", "is_same"]

# Of the shorter text, what the other has: less may be a page about the same matter.
LEAST_CONTAINED = 0.5


def at_their_articles(connection: Connection, readings: Sequence[Reading]) -> list[Reading]:
    """The readings, those of moved articles under the URL that is the article's identity."""
    ids = [_ids(reading) for reading in readings]
    found = homes(connection, {one for pair in ids for one in pair})
    if not found:
        return list(readings)
    taken = existing_articles(connection, [own for own, _ in ids])
    return [
        _placed(reading, pair, found) if pair[0] not in taken else reading
        for reading, pair in zip(readings, ids, strict=True)
    ]


def _ids(reading: Reading) -> tuple[str, str]:
    """That of the article's URL, and that of the URL it was fetched from."""
    own = article_id(reading.extracted.url)
    try:
        return own, article_id(normal_url(reading.extracted.fetched_url))
    except BadInput:
        return own, own


def _placed(reading: Reading, ids: tuple[str, str], found: Mapping[str, Home]) -> Reading:
    home = found.get(ids[0]) or found.get(ids[1])
    if home is None or not is_same(home, reading):
        return reading
    return replace(reading, extracted=replace(reading.extracted, url=home.url))


def is_same(home: Home, reading: Reading) -> bool:
    """Whether a page reads like the article: under its headline, or with half of the shorter text."""
    title = (reading.extracted.title or "").casefold().strip()
    if title and title == (home.title or "").casefold().strip():
        return True
    seen = glance(Signature.from_bytes(home.signature), Signature.from_bytes(reading.signature))
    return seen is not None and max(seen.a_in_b, seen.b_in_a) >= LEAST_CONTAINED

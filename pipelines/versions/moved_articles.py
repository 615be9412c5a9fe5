"""Moved articles: the text at the new address is the same article if it still reads like it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from onestory.dedupe.evidence import compare_shingles
from onestory.dedupe.signature import Signature
from onestory.errors import BadInput
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.articles.moves import MovedArticle, moved_articles
from onestory.store.stories.records import existing_articles
from onestory.urls import article_id_of_url, normalize_url

__all__ = ["reads_like", "under_moved_urls"]

# The share of the shorter text that the other has; with less it may be another page on the subject.
LEAST_CONTAINED = 0.5


def under_moved_urls(connection: Connection, readings: Sequence[ProcessedCapture]) -> list[ProcessedCapture]:
    """The captures, with those of moved articles under the article's own URL."""
    ids = [_ids(reading) for reading in readings]
    found = moved_articles(connection, {one for pair in ids for one in pair})
    if not found:
        return list(readings)
    taken = existing_articles(connection, [own for own, _ in ids])
    return [
        _placed(reading, pair, found) if pair[0] not in taken else reading
        for reading, pair in zip(readings, ids, strict=True)
    ]


def _ids(reading: ProcessedCapture) -> tuple[str, str]:
    """The ids of the article's URL and of the fetched URL."""
    own = article_id_of_url(reading.extracted.url)
    try:
        return own, article_id_of_url(normalize_url(reading.extracted.fetched_url))
    except BadInput:
        return own, own


def _placed(reading: ProcessedCapture, ids: tuple[str, str], found: Mapping[str, MovedArticle]) -> ProcessedCapture:
    home = found.get(ids[0]) or found.get(ids[1])
    if home is None or not reads_like(home, reading):
        return reading
    return replace(reading, extracted=replace(reading.extracted, url=home.url))


def reads_like(home: MovedArticle, reading: ProcessedCapture) -> bool:
    """Whether a page reads like the article: the same headline, or half of the shorter text shared."""
    title = (reading.extracted.title or "").casefold().strip()
    if title and title == (home.title or "").casefold().strip():
        return True
    seen = compare_shingles(Signature.from_bytes(home.signature), Signature.from_bytes(reading.signature))
    return seen is not None and max(seen.a_in_b, seen.b_in_a) >= LEAST_CONTAINED

"""Captures that show a stored version to be older than it was known to be."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update

from onestory.store.articles.captures import ProcessedCapture, page_facts
from onestory.store.articles.save import SaveResult, refresh_articles
from onestory.store.schema import articles, versions

__all__ = ["move_back"]


def move_back(
    connection: Connection, readings: Sequence[ProcessedCapture], saved: Sequence[SaveResult], *, now: datetime
) -> set[int]:
    """Give versions the earliest time at which their words were fetched, whichever capture arrived first.

    Returns the versions that changed, to be attached again: who had a story first may depend on it.
    """
    moved: set[int] = set()
    touched: set[str] = set()
    for result, reading in zip(saved, readings, strict=True):
        observed = reading.capture.observed
        if result.older is None or observed is None:
            continue
        is_later = (versions.c.number == result.older) & (versions.c.observed > observed)
        # What a page states may change while its words do not: the earliest capture counts in this, too.
        told = {"observed": observed, "attached": None, "facts": page_facts(reading.extracted)}
        change = update(versions).where(is_later).values(told)
        if connection.execute(change).rowcount:
            moved.add(result.older)
            touched.add(result.article_id)
    if touched:
        refresh_articles(connection, touched, now=now)
        connection.execute(update(articles).where(articles.c.id.in_(touched)).values(is_observed=True))
    return moved

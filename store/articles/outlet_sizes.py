"""How large outlets are: their share of the newest articles."""

import time
from collections import Counter
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from onestory.store.schema import articles

__all__ = ["outlet_sizes"]

COUNTED_ARTICLES = 20_000
KEPT_SECONDS = 600.0

_sizes: WeakKeyDictionary[Engine, tuple[float, Mapping[str, int]]] = WeakKeyDictionary()


def outlet_sizes(connection: Connection) -> Mapping[str, int]:
    """The articles of each outlet among the last 20,000 arrivals, counted at most every ten minutes."""
    known = _sizes.get(connection.engine)
    if known is None or time.monotonic() - known[0] > KEPT_SECONDS:
        last = connection.scalar(select(func.max(articles.c.arrival))) or 0
        query = select(articles.c.outlet).where(articles.c.arrival > last - COUNTED_ARTICLES)
        counted = Counter(connection.execute(query).scalars())
        known = _sizes[connection.engine] = (time.monotonic(), counted)
    return known[1]

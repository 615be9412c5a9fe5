"""How large outlets are: their share of the newest articles."""

import time
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from onestory.store.schema import articles

__all__ = ["outlet_sizes"]

COUNTED_ARTICLES = 20_000
KEPT_SECONDS = 600.0

_sizes: WeakKeyDictionary[Engine, tuple[float, Mapping[str, int]]] = WeakKeyDictionary()


def outlet_sizes(connection: Connection) -> Mapping[str, int]:
    """The articles of each outlet among the newest 20,000, counted at most every ten minutes."""
    known = _sizes.get(connection.engine)
    if known is None or time.monotonic() - known[0] > KEPT_SECONDS:
        newest = select(articles.c.outlet).order_by(articles.c.arrival.desc()).limit(COUNTED_ARTICLES).subquery()
        query = select(newest.c.outlet, func.count()).group_by(newest.c.outlet)
        counted = {row.outlet: row[1] for row in connection.execute(query)}
        known = _sizes[connection.engine] = (time.monotonic(), counted)
    return known[1]

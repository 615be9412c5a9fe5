"""How common words are, by a sample of the newest articles."""

import time
from collections import Counter
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from onestory.store.schema import articles, versions
from onestory.store.search.tokenizer import search_words_of

__all__ = ["sampled_counts"]

SAMPLED_ARTICLES = 256
SAMPLED_CHARS = 4_000  # of each
REACH = 100_000  # arrivals
KEPT_SECONDS = 3_600.0

_samples: WeakKeyDictionary[Engine, tuple[float, Mapping[str, int]]] = WeakKeyDictionary()


def sampled_counts(connection: Connection) -> Mapping[str, int]:
    """In how many sampled articles each word is; rare words are in none. The sample is taken once an hour, in about a
    tenth of a second.
    """
    taken = _samples.get(connection.engine)
    if taken is None or time.monotonic() - taken[0] > KEPT_SECONDS:
        taken = _samples[connection.engine] = (time.monotonic(), _count(connection))
    return taken[1]


def _count(connection: Connection) -> Mapping[str, int]:
    query = select(func.substr(versions.c.text, 1, SAMPLED_CHARS))
    last = connection.scalar(select(func.max(articles.c.arrival))) or 0
    query = query.join(articles, articles.c.version == versions.c.number).where(articles.c.arrival > last - REACH)
    texts = connection.execute(query.order_by(articles.c.arrival.desc()).limit(SAMPLED_ARTICLES)).scalars()
    return Counter(word for text in texts for word in set(search_words_of(text)))

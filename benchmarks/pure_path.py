"""Stories of a set without SQL or Redis: sign, candidates, verify, partition, in one process.

The candidates are those of the index. `Comparisons` keeps what was verified, so that other orders
and other partitions of the same articles cost nothing more.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.labelled import Article
from onestory.dedupe.evidence import Member
from onestory.dedupe.headlines import Headline
from onestory.dedupe.partition import partition, unverified_pairs
from onestory.dedupe.signature import KEY_BYTES, band_keys
from onestory.dedupe.verify import ComparedText, Evidence, verify

__all__ = ["Comparisons", "candidates", "stories"]

Pair = tuple[int, int]
SHOWN = 24  # ids that a crowded band shows, as in register.lua


class Comparisons:
    """Verified pairs of one set; `order` numbers the articles as they arrive."""

    def __init__(self, articles: Sequence[Article], order: Sequence[int] | None = None) -> None:
        places = order or range(len(articles))
        self.number = {at: place for place, at in enumerate(places)}
        self.articles = articles
        self.texts = [_text(self.number[at], one) for at, one in enumerate(articles)]
        self.found: dict[Pair, Evidence | None] = {}

    def add(self, pairs: Iterable[Pair]) -> None:
        """Verifies pairs of places."""
        for a, b in pairs:
            if (a, b) not in self.found:
                self.found[a, b] = verify(self.texts[a], self.texts[b])

    def matches(self) -> list[Evidence]:
        return [one for one in self.found.values() if one is not None]

    def members(self) -> list[Member]:
        """Members named by their place."""
        return [
            Member(f"{at:06}", text.number, *_size(one), one.host, text.headline, text.mentions_headline)
            for at, (one, text) in enumerate(zip(self.articles, self.texts, strict=True))
        ]

    def seen(self) -> set[Pair]:
        pairs = (sorted((self.number[a], self.number[b])) for a, b in self.found)
        return {(low, high) for low, high in pairs}


def _size(article: Article) -> tuple[int, bytes]:
    return article.signature.words, article.signature.digest


def _text(number: int, article: Article) -> ComparedText:
    return ComparedText(number, article.text, article.signature, Headline(article.headline), article.host)


def candidates(articles: Sequence[Article]) -> set[Pair]:
    """Pairs that the index names, in whatever order they come: a crowded band shows those of the lowest priority."""
    bands: dict[bytes, list[int]] = defaultdict(list)
    for at, article in enumerate(articles):
        keys = band_keys(article.signature)
        for key in {keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES)}:
            bands[key].append(at)
    found: set[Pair] = set()
    for inside in bands.values():
        shown = sorted(inside, key=lambda at: (articles[at].signature.digest[3::-1], at))[:SHOWN]
        found |= {(min(a, b), max(a, b)) for a in shown for b in inside if a != b}
    first: dict[bytes, int] = {}
    for at, article in enumerate(articles):
        if article.signature.words and first.setdefault(article.signature.digest, at) != at:
            found.add((first[article.signature.digest], at))
    return found


def stories(compared: Comparisons) -> list[str]:
    """The story of each article, by the way of the product: what is wanted is verified until nothing is."""
    members = compared.members()
    place = {number: at for at, number in compared.number.items()}
    while more := unverified_pairs(members, compared.matches(), [], compared.seen()):
        compared.add(tuple(sorted((place[a], place[b]))) for a, b in sorted(more))
    home = {one: part.representative for part in partition(members, compared.matches()) for one in part.members}
    return [home[f"{at:06}"] for at in range(len(members))]


def shuffled(count: int, seed: int) -> list[int]:
    order = np.arange(count).tolist()
    random.Random(seed).shuffle(order)
    return order

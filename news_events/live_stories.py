"""The stories that a new one may join, in memory: their vectors, and the links between them."""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from onestory.news_events.features import NO_TERMS, SCALE, StoryFeatures
from onestory.news_events.partition import LEAST_AVERAGE, Edges
from onestory.news_events.postings import Postings
from onestory.news_events.semantic import LEAST_SHARED, Embeddings, confirmed
from onestory.news_events.similarity import ARCHIVED, MIN_LINK, OBSERVED, SAME_OUTLET_SHARE, UNIT

__all__ = ["LiveStories"]

# Texts of few words, as a flood of made-up ones has, all resemble each other. Few real events have as many stories.
MAX_LINKS = 100


@dataclass(slots=True)
class _Column:
    """An array with room to grow, one value a story."""

    values: NDArray[np.float64]
    count: int = 0

    def append(self, value: float) -> None:
        if self.count == len(self.values):
            self.values = np.concatenate([self.values, np.zeros(max(1024, self.count))])
        self.values[self.count] = value
        self.count += 1

    @property
    def used(self) -> NDArray[np.float64]:
        return self.values[: self.count]


class LiveStories:
    """Stories numbered by arrival. One that is replaced gets a new number; the old one is dead."""

    def __init__(self) -> None:
        self._postings = Postings()
        self._embeddings, self._shared_names = Embeddings(), Postings()
        self._names: list[str | None] = []
        self._keys: list[str] = []  # the representatives
        self._numbers: dict[str, int] = {}
        self._times, self._seen, self._observed = (_Column(np.zeros(0)) for _ in range(3))
        self._languages, self._outlets, self._series = (_Column(np.zeros(0)) for _ in range(3))
        self._codes: dict[str, int] = {"": -1}
        self._left, self._right, self._similarity = (_Column(np.zeros(0)) for _ in range(3))

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, story: str) -> bool:
        return story in self._numbers

    def add(self, features: StoryFeatures, links: Mapping[str, int] | None = None) -> dict[str, int]:
        """Add a story, or replace it, and return its links: the similarity of others, at least MIN_LINK.

        `links` are known ones, which are then not computed.
        """
        self.remove(features.story)
        found = self.similar_to(features) if links is None else dict(links)
        number = self._postings.append(features.vector)
        self._shared_names.append(features.semantic.names if features.semantic else NO_TERMS)
        if features.semantic:
            self._embeddings.set(number, features.semantic.embedding)
        self._names.append(features.story)
        self._keys.append(features.representative)
        self._times.append(np.nan if features.time is None else features.time.timestamp())
        self._seen.append(features.seen.timestamp())
        self._observed.append(features.is_observed)
        self._languages.append(self._code(features.language))
        self._series.append(self._code(features.series))
        self._outlets.append(self._code(features.outlet))
        self._numbers[features.story] = number
        for other, similarity in found.items():
            if (other_number := self._numbers.get(other)) is not None:
                self._left.append(number)
                self._right.append(other_number)
                self._similarity.append(similarity)
        return found

    def _code(self, word: str) -> int:
        return self._codes.setdefault(word, len(self._codes))

    def remove(self, story: str) -> None:
        number = self._numbers.pop(story, None)
        if number is not None:
            self._names[number] = None

    def similar_to(self, features: StoryFeatures) -> dict[str, int]:
        """The stories that resemble this one: at most the MAX_LINKS most similar ones.

        Stories of one language are compared by their words, and by their embeddings where both have one; those of two
        languages by embeddings alone, confirmed by names. Two stories of one outlet count less, two of one series (the
        daily weather of one outlet) not at all.
        """
        shares = self._kept_over_time(features)
        if features.outlet:
            shares[self._outlets.used == self._codes.get(features.outlet, -2)] *= SAME_OUTLET_SHARE
        if features.series:
            shares[self._series.used == self._codes.get(features.series, -2)] = 0
        similarity = np.rint(self._closeness(features, shares > 0) * shares * UNIT).astype(np.int64)
        found = [
            (int(similarity[at]), self._keys[at], name)
            for at in np.flatnonzero(similarity >= MIN_LINK).tolist()
            if (name := self._names[at]) is not None and name != features.story
        ]
        return {name: value for value, _, name in heapq.nlargest(MAX_LINKS, found)}

    def _closeness(self, features: StoryFeatures, is_compared: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The similarity with each story, 0 to 1, whatever the time between them."""
        is_same_language = self._languages.used == self._codes.get(features.language, -2)
        words = self._postings.products(features.vector) / SCALE**2
        closeness = np.where(is_same_language, words, 0)
        if features.semantic is None:
            return closeness
        shared = np.where(is_same_language, words, self._shared_names.products(features.semantic.names) / SCALE**2)
        compared = np.flatnonzero(is_compared & (shared >= LEAST_SHARED))
        cosines = self._embeddings.cosines(features.semantic.embedding, compared)
        compared, cosines = compared[~np.isnan(cosines)], cosines[~np.isnan(cosines)]
        closeness[compared] = confirmed(cosines, shared[compared], is_same_language[compared])
        return closeness

    def _kept_over_time(self, features: StoryFeatures) -> NDArray[np.float64]:
        gaps = self._gaps(features)
        archived = ARCHIVED.kept(gaps)
        if not features.is_observed:
            return archived
        return np.where(self._observed.used > 0, OBSERVED.kept(gaps), archived)

    def _gaps(self, features: StoryFeatures) -> NDArray[np.float64]:
        """Seconds between this story and each other; by when they were stored where one has no time."""
        stored = np.abs(self._seen.used - features.seen.timestamp())
        if features.time is None:
            return stored
        stated = np.abs(self._times.used - features.time.timestamp())
        return np.where(np.isnan(stated), stored, stated)

    def _living_edges(self) -> NDArray[np.bool_]:
        alive = np.array([name is not None for name in self._names], dtype=bool)
        left, right = (column.used.astype(np.int64) for column in (self._left, self._right))
        return alive[left] & alive[right] if len(left) else np.zeros(0, dtype=bool)

    def connected(self, stories: Collection[str], together: Iterable[Collection[str]] = ()) -> list[str]:
        """All stories that could change their event with these: connected by links of an event's strength.

        `together` are sets that decisions connect. Groups whose average reaches LEAST_AVERAGE have a pair that does.
        """
        count = len(self._names)
        strong = self._living_edges() & (self._similarity.used >= LEAST_AVERAGE)
        left, right = (column.used[strong].astype(np.int64) for column in (self._left, self._right))
        ruled = [[number for story in group if (number := self._numbers.get(story)) is not None] for group in together]
        more = [(group[0], other) for group in ruled for other in group[1:]]
        left = np.concatenate([left, np.array([one for one, _ in more], dtype=np.int64)])
        right = np.concatenate([right, np.array([other for _, other in more], dtype=np.int64)])
        graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
        _, labels = connected_components(graph, directed=False)
        touched = {int(labels[number]) for story in stories if (number := self._numbers.get(story)) is not None}
        reached = np.flatnonzero(np.isin(labels, list(touched)))
        return [name for at in reached.tolist() if (name := self._names[at]) is not None]

    def edges_among(self, stories: Collection[str]) -> tuple[list[str], Edges]:
        """These stories in the order of their representatives, and their links as positions in that list."""
        known = [story for story in stories if story in self._numbers]
        ordered = sorted(known, key=lambda story: self._keys[self._numbers[story]])
        places = np.full(len(self._names), -1, dtype=np.int64)
        places[[self._numbers[story] for story in ordered]] = np.arange(len(ordered))
        living = self._living_edges()
        left, right = (places[column.used[living].astype(np.int64)] for column in (self._left, self._right))
        inside = (left >= 0) & (right >= 0)
        similarity = self._similarity.used[living][inside].astype(np.int64)
        return ordered, Edges(left[inside], right[inside], similarity)

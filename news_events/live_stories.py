"""The stories that a new one may join, in memory: their vectors, and the links between them."""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from onestory.news_events.columns import Column
from onestory.news_events.features import NO_TERMS, SCALE, StoryFeatures
from onestory.news_events.links import LinkTable, Resembling
from onestory.news_events.partition import LEAST_AVERAGE, Edges
from onestory.news_events.postings import Postings
from onestory.news_events.semantic import LEAST_SHARED, Embeddings, confirmed
from onestory.news_events.similarity import ARCHIVED, MIN_LINK, OBSERVED, SAME_OUTLET_SHARE, UNIT

__all__ = ["LiveStories"]


class LiveStories:
    """Stories numbered by arrival. One that is replaced gets a new number; the old one is dead."""

    def __init__(self) -> None:
        self._postings = Postings()
        self._embeddings, self._shared_names = Embeddings(), Postings()
        self._names: list[str | None] = []
        self._keys: list[str] = []  # the representatives
        self._numbers: dict[str, int] = {}
        self._times, self._seen, self._observed = (Column() for _ in range(3))
        self._languages, self._outlets, self._series = (Column() for _ in range(3))
        self._codes: dict[str, int] = {"": -1}
        self._links = LinkTable()
        self._removed: dict[int, str] = {}  # numbers that died since the links were settled, with their stories

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, story: str) -> bool:
        return story in self._numbers

    def add(self, features: StoryFeatures, links: Mapping[str, int] | None = None) -> dict[str, int]:
        """Add a story, or replace it, and return its links: the similarity of others, at least MIN_LINK.

        `links` are known ones, which are then not computed.
        """
        self.remove(features.story)
        number = len(self._names)
        if links is None:
            chosen = self._links.choose(number, features.representative, self._resembling(features))
            found = {other: similarity for similarity, _, other in chosen}
        else:
            found = {self._numbers[one]: similarity for one, similarity in links.items() if one in self._numbers}
            self._links.doubt(number, len(links))
        self._links.add(number, found)
        self._append(features)
        return {self._names[other] or "": similarity for other, similarity in found.items()}

    def _append(self, features: StoryFeatures) -> None:
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

    def _code(self, word: str) -> int:
        return self._codes.setdefault(word, len(self._codes))

    def remove(self, story: str) -> None:
        number = self._numbers.pop(story, None)
        if number is not None:
            self._names[number] = None
            self._removed[number] = story

    def settle(self) -> set[str]:
        """Account for the stories that were replaced or removed; those whose links may count differently by it."""
        successors = {number: self._numbers[story] for number, story in self._removed.items() if story in self._numbers}
        touched = self._links.settle(self._alive(), successors, self._keys) if self._removed else []
        self._removed = {}
        self._links.trim(self._keys)
        return {name for number in touched if (name := self._names[number]) is not None}

    def worn(self) -> list[str]:
        """Stories that should be compared with all others again: one of their strongest links may not be stored."""
        return [name for number in self._links.worn() if (name := self._names[number]) is not None]

    def _resembling(self, features: StoryFeatures) -> list[Resembling]:
        """The stories that resemble this one.

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
        return [
            (int(similarity[at]), self._keys[at], at)
            for at in np.flatnonzero(similarity >= MIN_LINK).tolist()
            if self._names[at] is not None
        ]

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

    def _alive(self) -> NDArray[np.bool_]:
        return np.array([name is not None for name in self._names], dtype=bool)

    def connected(self, stories: Collection[str], together: Iterable[Collection[str]] = ()) -> list[str]:
        """All stories that could change their event with these: connected by links of an event's strength.

        `together` are sets that decisions connect. Groups whose average reaches LEAST_AVERAGE have a pair that does.
        """
        count = len(self._names)
        left, right, similarity = self._links.living(self._alive())
        left, right = left[similarity >= LEAST_AVERAGE], right[similarity >= LEAST_AVERAGE]
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
        """These stories in the order of their representatives, and the links that count, as positions in that list."""
        known = [story for story in stories if story in self._numbers]
        ordered = sorted(known, key=lambda story: self._keys[self._numbers[story]])
        places = np.full(len(self._names), -1, dtype=np.int64)
        places[[self._numbers[story] for story in ordered]] = np.arange(len(ordered))
        left, right, similarity = self._links.counting(self._alive(), self._keys, places >= 0)
        return ordered, Edges(places[left], places[right], similarity)

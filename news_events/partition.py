"""Stories into events: a pure function of the stories' links and of the editors' decisions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from onestory.news_events.average_linkage import average_linkage
from onestory.news_events.similarity import UNIT

__all__ = ["LEAST_AVERAGE", "Edges", "Ruling", "partition"]

# Two groups of stories are one event if the similarity of their stories is at least this, on average.
LEAST_AVERAGE = UNIT // 5
# A forbidden pair outweighs any number of similar ones.
_FORBIDDEN = -(1 << 44)


@dataclass(frozen=True, slots=True)
class Edges:
    """Links between stories, each pair once: positions in a list of stories, and similarities in units of 1 / UNIT."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision of an editor: all of `together` are in one event, and none of them with one of `apart`."""

    together: frozenset[str]
    apart: frozenset[str] = frozenset()


def partition(stories: Sequence[str], edges: Edges, rulings: Iterable[Ruling] = ()) -> list[list[str]]:
    """The events of these stories, which are in an order that no arrival changes. Every story is in one event.

    Stories cluster by their links, with forbidden pairs apart; then the clusters of stories that a ruling puts together
    are joined, so that later stories find the joined event through the part that they resemble. A later ruling
    prevails over an earlier one.
    """
    places = {story: place for place, story in enumerate(stories)}
    applied = _in_force([_among(ruling, places) for ruling in rulings])
    forbidden = {
        (min(places[one], places[other]), max(places[one], places[other]))
        for ruling in applied
        for one, other in product(ruling.together, ruling.apart)
    }
    labels = average_linkage(len(stories), *_with_forbidden(edges, forbidden, len(stories)), least=LEAST_AVERAGE)
    clusters: dict[int, list[int]] = {}
    for place, label in enumerate(labels.tolist()):
        clusters.setdefault(label, []).append(place)
    events = list(clusters.values())
    for ruling in applied:
        events = _joined(events, {places[story] for story in ruling.together}, forbidden)
    return [[stories[place] for place in sorted(event)] for event in sorted(events, key=min)]


def _with_forbidden(
    edges: Edges, forbidden: Collection[tuple[int, int]], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The links and the forbidden pairs; a forbidden pair is no link."""
    banned = np.array(sorted(forbidden), dtype=np.int64).reshape(-1, 2)
    low, high = np.minimum(edges.left, edges.right), np.maximum(edges.left, edges.right)
    allowed = ~np.isin(low * count + high, banned[:, 0] * count + banned[:, 1])
    return (
        np.append(low[allowed], banned[:, 0]),
        np.append(high[allowed], banned[:, 1]),
        np.append(edges.similarity[allowed], np.full(len(banned), _FORBIDDEN)),
    )


def _joined(events: list[list[int]], named: set[int], forbidden: Collection[tuple[int, int]]) -> list[list[int]]:
    """The events with all that hold a named story as one.

    Where that would put a forbidden pair together, only the named stories leave that event for the joined one.
    """
    joined: list[int] = sorted(named)
    others: list[list[int]] = []
    for event in events:
        mates = [place for place in event if place not in named]
        if len(mates) == len(event) or _has_forbidden(mates, joined, forbidden):
            others.append(mates)
        else:
            joined += mates
    return [event for event in (*others, joined) if event]


def _has_forbidden(some: Sequence[int], others: Sequence[int], forbidden: Collection[tuple[int, int]]) -> bool:
    if not forbidden:
        return False
    return any((min(one, other), max(one, other)) in forbidden for one, other in product(some, others))


def _among(ruling: Ruling, known: Iterable[str]) -> Ruling:
    return Ruling(ruling.together & frozenset(known), ruling.apart & frozenset(known))


def _in_force(rulings: list[Ruling]) -> list[Ruling]:
    """The rulings without what a later one contradicts: a pair put together later is no longer apart, and the reverse.

    Of a ruling that a later one contradicts in part, the story that the later one names leaves.
    """
    kept: list[Ruling] = []
    for at, ruling in enumerate(rulings):
        together, apart = set(ruling.together), set(ruling.apart)
        for later in rulings[at + 1 :]:
            if later.together & apart and later.together & together:
                apart -= later.together
            if later.together & together and later.apart & together:
                together -= later.together
        kept.append(Ruling(frozenset(together), frozenset(apart)))
    return kept

"""Which articles of one host are different stories, for counting what the host shows around them.

A host's own pages under several addresses are often kept apart as stories (a consent wall must not join all of a host),
so here near-copies are told by their signatures, too.
"""

from collections.abc import Sequence

import numpy as np

from dedupe.errors import SignatureBroken
from dedupe.signature import Signature

__all__ = ["distinct_stories"]

# Estimated Jaccard similarity. Two articles that furniture makes this alike teach nothing about either.
NEAR = 0.5


def distinct_stories(story_ids: Sequence[str], signatures: Sequence[bytes]) -> list[int]:
    """A number for each article: the same for near-copies and for members of one story, whatever the order."""
    parents = list(range(len(story_ids)))
    first: dict[str, int] = {}
    for index, story_id in enumerate(story_ids):
        _join(parents, index, first.setdefault(story_id, index))
    for index, other in _near(signatures):
        _join(parents, index, other)
    return [_root(parents, index) for index in range(len(parents))]


def _near(signatures: Sequence[bytes]) -> list[tuple[int, int]]:
    read = [(index, found) for index, data in enumerate(signatures) if (found := _minhash(data)) is not None]
    length = max((len(found) for _, found in read), default=0)
    # Those signed with other parameters cannot be compared; the next reindex signs them anew.
    places = [index for index, found in read if len(found) == length]
    rows = np.array([found for _, found in read if len(found) == length])
    pairs = []
    for at in range(1, len(places)):
        alike = (rows[:at] == rows[at]).mean(axis=1) >= NEAR
        pairs += [(places[at], places[other]) for other in np.flatnonzero(alike).tolist()]
    return pairs


def _minhash(data: bytes) -> "np.ndarray[tuple[int], np.dtype[np.uint32]] | None":
    try:
        return Signature.from_bytes(data).minhash
    except SignatureBroken:
        return None


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


def _join(parents: list[int], a: int, b: int) -> None:
    low, high = sorted((_root(parents, a), _root(parents, b)))
    parents[high] = low

"""What a crowd need not compare: copies that follow one representative are not compared with each other.

The representatives of a version are the four earliest of its candidates. It *follows* those of which it is plainly a
copy. A version with more candidates than a crowded band shows is compared with its representatives first, and then
only with the candidates that follow none of those that it follows itself. Two followers of one representative are in
one core by it, whatever a look at the two would find: see `onestory.dedupe.star_clustering`. What a round-up or a
bridge is told from, the partition asks for by name. Followers of one host are compared all the same: frames show there.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onestory.pipelines.batch.bands import PLACE, SHOWN

__all__ = ["REPRESENTATIVES", "are_of_one_host", "divided", "follow_one"]

REPRESENTATIVES = 4
SHIFT = np.uint64(32)
Pairs = NDArray[np.uint64]


def divided(pairs: Pairs, priorities: NDArray[np.uint32]) -> tuple[Pairs, Pairs]:
    """The pairs to be verified first, and those of crowds that may not have to be.

    `pairs` are all of their later versions, each once; `priorities` those of the versions by place.
    """
    later, earlier = pairs >> SHIFT, (pairs & PLACE).astype(np.int64)
    order = np.lexsort((earlier, priorities[earlier], later))
    later = later[order]
    starts = np.flatnonzero(np.append(True, later[1:] != later[:-1])) if len(later) else np.empty(0, dtype=np.int64)
    sizes = np.diff(np.append(starts, len(later)))
    rank = np.arange(len(later)) - np.repeat(starts, sizes)
    is_first = (rank < REPRESENTATIVES) | (np.repeat(sizes, sizes) <= SHOWN)
    return np.sort(pairs[order[is_first]]), np.sort(pairs[order[~is_first]])


def are_of_one_host(pairs: Pairs, origin: Mapping[int, str]) -> NDArray[np.bool_]:
    """Whether the two versions of each pair stand at one host; `origin` is "" where none is known."""
    told = {name: number for number, name in enumerate(sorted(set(origin.values()) - {""}), start=1)}
    places = np.fromiter(origin, dtype=np.int64, count=len(origin))
    numbers = np.zeros(int(places.max(initial=0)) + 1, dtype=np.int64)
    numbers[places] = [told.get(name, 0) for name in origin.values()]
    later, earlier = numbers[(pairs >> SHIFT).astype(np.int64)], numbers[(pairs & PLACE).astype(np.int64)]
    found: NDArray[np.bool_] = (later == earlier) & (later > 0)
    return found


def follow_one(pairs: Pairs, followed: Pairs) -> NDArray[np.bool_]:
    """Whether the two versions of each pair follow one representative; `followed` are the pairs that do, sorted."""
    later, earlier = pairs >> SHIFT, pairs & PLACE
    first = np.searchsorted(followed, later << SHIFT)
    last = np.searchsorted(followed, (later << SHIFT) | PLACE, side="right")
    found = np.zeros(len(pairs), dtype=np.bool_)
    for step in range(int((last - first).max(initial=0))):
        here = np.flatnonzero((first + step < last) & ~found)
        representative = followed[first[here] + step] & PLACE
        found[here] = _are_among((earlier[here] << SHIFT) | representative, followed)
    return found


def _are_among(wanted: Pairs, followed: Pairs) -> Any:
    at = np.minimum(np.searchsorted(followed, wanted), len(followed) - 1)
    return followed[at] == wanted

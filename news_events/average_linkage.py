"""Average linkage (UPGMA, Sokal and Michener 1958) over a sparse graph, in rounds.

Each round merges every pair of clusters that are nearest to each other. Average linkage is reducible (Bruynooghe 1977):
a merge never brings its result nearer to a third cluster than its parts were. So these merges are those that one merge
at a time would make, in whatever order. Pairs without an edge have a similarity of 0. Similarities are whole numbers;
ties go to the pair with the lowest indices. The result is a function of the graph alone.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

__all__ = ["average_linkage"]

Numbers = NDArray[np.int64]


def average_linkage(count: int, left: Numbers, right: Numbers, similarity: Numbers, *, least: float) -> Numbers:
    """The cluster of each of `count` items: a number from 0.

    Edges are `left[i]`, `right[i]` with `similarity[i]`, each pair once. Clusters merge while their average similarity
    is at least `least`. Cost: O(edges) a round, some 20 rounds.
    """
    sizes = np.ones(count, dtype=np.int64)
    labels = np.arange(count)
    both = (np.concatenate([left, right]), np.concatenate([right, left]))
    graph = csr_array((np.concatenate([similarity, similarity]), both), shape=(count, count))
    while (nearest := _nearest(graph, sizes, least)) is not None:
        clusters = np.arange(len(sizes))
        is_mutual = (nearest >= 0) & (nearest[np.maximum(nearest, 0)] == clusters)
        _, merged = np.unique(np.where(is_mutual, np.minimum(clusters, nearest), clusters), return_inverse=True)
        graph, sizes = _contracted(graph, sizes, merged)
        labels = merged[labels]
    return labels


def _nearest(graph: csr_array, sizes: Numbers, least: float) -> Numbers | None:
    """For each cluster the nearest one at `least` or above, -1 if there is none; None if no cluster has one."""
    edges = graph.tocoo()
    rows, columns = edges.row.astype(np.int64), edges.col.astype(np.int64)
    # Both factors are exact in double precision, so equal averages compare equal.
    average = edges.data / (sizes[rows] * sizes[columns]).astype(np.float64)
    near = average >= least
    if not near.any():
        return None
    rows, columns, average = rows[near], columns[near], average[near]
    # The pair with the lowest indices comes first among equals, seen from both of its ends.
    order = np.lexsort((np.maximum(rows, columns), np.minimum(rows, columns), -average, rows))
    rows, columns = rows[order], columns[order]
    first = np.append(True, rows[1:] != rows[:-1])
    nearest = np.full(len(sizes), -1, dtype=np.int64)
    nearest[rows[first]] = columns[first]
    return nearest


def _contracted(graph: csr_array, sizes: Numbers, merged: Numbers) -> tuple[csr_array, Numbers]:
    """The graph of the merged clusters: sums of similarities, and sizes."""
    count = int(merged.max()) + 1
    edges = graph.tocoo()
    rows, columns = merged[edges.row], merged[edges.col]
    between = rows != columns
    summed = coo_array((edges.data[between], (rows[between], columns[between])), shape=(count, count)).tocsr()
    return summed, np.bincount(merged, weights=sizes, minlength=count).astype(np.int64)

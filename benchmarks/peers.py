"""What others would join: exact Jaccard or containment of all pairs, and datasketch's LSH as its README shows it.

text-dedup's MinHash runs with its defaults in an environment of its own, as it installs Spark.
"""

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.labelled import Article

__all__ = ["Overlaps", "datasketch_lsh", "overlaps", "text_dedup_minhash", "union"]

Pair = tuple[int, int]
ROWS_A_STEP = 500


@dataclass(frozen=True, slots=True)
class Overlaps:
    """All pairs that share at least one shingle: the two places (a < b), shared shingles, and those of each."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    shared: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def jaccard(self) -> NDArray[np.float64]:
        return self.shared / (self.sizes[self.a] + self.sizes[self.b] - self.shared)

    @property
    def containment(self) -> NDArray[np.float64]:
        return self.shared / np.minimum(self.sizes[self.a], self.sizes[self.b])

    def pairs(self, chosen: NDArray[np.bool_]) -> list[Pair]:
        return list(zip(self.a[chosen].tolist(), self.b[chosen].tolist(), strict=True))


def overlaps(articles: Sequence[Article], *, least: int = 1) -> Overlaps:
    """Exact overlaps over the same shingles as ours; pairs with fewer than `least` in common are left out."""
    sets = [article.signature.shingles for article in articles]
    sizes = np.array([len(one) for one in sets], dtype=np.int64)
    names, columns = np.unique(np.concatenate(sets), return_inverse=True)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    table = csr_matrix((np.ones(len(columns), np.int32), columns, starts), shape=(len(sets), len(names)))
    across = table.T.tocsr()
    found = []
    for first in range(0, len(sets), ROWS_A_STEP):
        block = (table[first : first + ROWS_A_STEP] @ across).tocoo()
        rows = block.row + first
        keep = (rows < block.col) & (block.data >= least)
        found.append((rows[keep], block.col[keep], block.data[keep]))
    a, b, shared = (np.concatenate(part).astype(np.int64) for part in zip(*found, strict=True))
    return Overlaps(a, b, shared, sizes)


def union(count: int, pairs: Iterable[Pair]) -> list[int]:
    """Connected components: the label of each place."""
    parent = list(range(count))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    for a, b in pairs:
        parent[root(a)] = root(b)
    return [root(at) for at in range(count)]


def datasketch_lsh(articles: Sequence[Article], threshold: float) -> list[int]:
    """MinHashLSH over the same shingles: articles that share a band are one story."""
    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    pairs = []
    for at, minhash in enumerate(_minhashes(articles)):
        pairs += [(other, at) for other in lsh.query(minhash)]
        lsh.insert(at, minhash)
    return union(len(articles), pairs)


def _minhashes(articles: Sequence[Article]) -> Iterator[MinHash]:
    as_they_are: Callable[[int], int] = int
    sets = (article.signature.shingles.tolist() for article in articles)
    yield from MinHash.generator(sets, num_perm=128, seed=1, scheme="affine32", hashfunc=as_they_are)


CLUSTERS = """
import json, sys
from text_dedup import minhash
folder, threshold = sys.argv[1:]
minhash.main(
    ["--path", "json", "--data_files", folder + "/rows.jsonl", "--split", "train", "--cache_dir", folder + "/cache",
     "--output", folder + "/output", "--column", "text", "--idx_column", "place", "--threshold", threshold],
    standalone_mode=False,
)
with open(folder + "/clusters.json", "w") as file:
    json.dump([[int(one), int(minhash.uf.find(one))] for one in list(minhash.uf.parent)], file)
"""


def text_dedup_minhash(articles: Sequence[Article], threshold: float, *, python: Path) -> list[int]:
    """The cluster of each article by text-dedup; `python` is the interpreter of an environment that has it."""
    with TemporaryDirectory() as folder:
        rows = (json.dumps({"place": at, "text": article.text}) for at, article in enumerate(articles))
        (Path(folder) / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
        subprocess.run([python, "-c", CLUSTERS, folder, str(threshold)], check=True, capture_output=True)
        clusters = dict(json.loads((Path(folder) / "clusters.json").read_bytes()))
    return [clusters.get(at, at) for at in range(len(articles))]

"""Which articles become one story, against labels; datasketch as its README shows beside it, in the same run.

python -m benchmarks.dedupe_quality --data ../shared/data [--shuffles 5]
"""

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from datasketch import MinHash, MinHashLSH
from redis import Redis

from benchmarks.measures import scores
from onestory.dedupe.evidence import Member
from onestory.dedupe.index import BandIndex
from onestory.dedupe.partition import partition, unverified_pairs
from onestory.dedupe.shingles import SHINGLE_WORDS, tokenize
from onestory.dedupe.signature import Signature, sign_many
from onestory.dedupe.verify import ComparedText, Evidence, verify
from tests.servers import redis_server

APART = ("digest", "quoted", "walls", "template", "form")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """The label of each row's story, and what it took to get there."""

    labels: list[int]
    candidates: int
    looked_at: int


def rows_of(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@contextmanager
def fresh_index() -> Iterator[BandIndex]:
    with redis_server() as url, Redis.from_url(url) as client:
        index = BandIndex(client)
        index.open()
        index.create("benchmark")
        yield index


def ours(rows: Sequence[Row], signatures: Sequence[Signature], order: Sequence[int]) -> Run:
    """The whole way: register in that order, verify, partition, ask for what is wanted until nothing is."""
    texts = [ComparedText(at, row["text"], signatures[at]) for at, row in enumerate(rows)]
    with fresh_index() as index:
        answers = index.register([(at, signatures[at]) for at in order])
    place = {number: at for at, number in enumerate(order)}
    pairs = {
        (min(one.number, other), max(one.number, other))
        for one in answers
        for other in one.earlier
        if place[other] < place[one.number]
    }
    found = {pair: verify(texts[pair[0]], texts[pair[1]]) for pair in sorted(pairs)}
    members = [
        Member(f"{at:06}", at, one.words, one.digest, row.get("outlet", ""))
        for at, (row, one) in enumerate(zip(rows, signatures, strict=True))
    ]
    while more := unverified_pairs(members, [one for one in found.values() if one], [], found):
        found |= {pair: verify(texts[pair[0]], texts[pair[1]]) for pair in sorted(more)}
    matches: list[Evidence] = [one for one in found.values() if one]
    labels = [0] * len(rows)
    for part in partition(members, matches):
        for member in part.members:
            labels[int(member)] = int(part.representative)
    return Run(labels, len(pairs), sum(_needs_text(texts[a], texts[b]) for a, b in found))


def _needs_text(a: ComparedText, b: ComparedText) -> bool:
    """Pairs that the shingles alone do not rule out."""
    left, right = a.signature.shingles, b.signature.shingles
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared >= 20 and shared >= 0.05 * min(len(left), len(right))


def datasketch(rows: Sequence[Row], threshold: float) -> Run:
    """MinHashLSH(threshold) over the same shingles; whatever shares a band is one story."""
    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    parent = list(range(len(rows)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    candidates = 0
    for at, minhash in enumerate(peers_minhashes(rows)):
        near = lsh.query(minhash)
        candidates += len(near)
        for other in near:
            parent[root(at)] = root(other)
        lsh.insert(at, minhash)
    return Run([root(at) for at in range(len(rows))], candidates, 0)


def peers_minhashes(rows: Iterable[Row]) -> Iterator[MinHash]:
    sets = (list(_shingles(row["text"])) for row in rows)
    yield from MinHash.generator(sets, num_perm=128, seed=1, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)


def _shingles(text: str) -> Iterator[bytes]:
    words = tokenize(text)
    last = min(SHINGLE_WORDS, len(words)) - 1
    for start, end in zip(words.starts.tolist(), words.ends[last:].tolist(), strict=False):
        yield words.normal[start:end]


def by_edit(rows: Sequence[Row], labels: Sequence[int]) -> dict[str, float]:
    """For each edit, how many of its rows' true partners are in the same story."""
    clusters: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        clusters[row["cluster"]].append(at)
    met: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for same in clusters.values():
        for a, b in combinations(same, 2):
            for edit in (rows[a]["edit"], rows[b]["edit"]):
                of[edit] += 1
                met[edit] += labels[a] == labels[b]
    return {edit: met[edit] / of[edit] for edit in sorted(of)}


def joined_wrongly(rows: Sequence[Row], labels: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Of what must stay apart, how many rows share a story with a row of another cluster, and of how many."""
    stories: dict[int, set[str]] = defaultdict(set)
    for row, label in zip(rows, labels, strict=True):
        stories[label].add(row["cluster"])
    wrong = Counter(row["edit"] for row, label in zip(rows, labels, strict=True) if len(stories[label]) > 1)
    return {edit: (wrong[edit], sum(row["edit"] == edit for row in rows)) for edit in APART}


def low_containment(signatures: Sequence[Signature], labels: Sequence[int]) -> tuple[int, int]:
    """Joined pairs, and those of them with a containment below .3."""
    stories: dict[int, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        stories[label].append(at)
    joined = [pair for same in stories.values() for pair in combinations(same, 2)]
    sets = [one.shingles for one in signatures]
    low = sum(len(np.intersect1d(sets[a], sets[b])) < 0.3 * min(len(sets[a]), len(sets[b])) for a, b in joined)
    return len(joined), low


def syndication(folder: Path, shuffles: int) -> None:
    rows = rows_of(folder / "syndication_dev.jsonl.gz")
    signatures = sign_many(row["text"] for row in rows)
    truth = [row["cluster"] for row in rows]
    run = ours(rows, signatures, range(len(rows)))
    print(f"syndication_dev: {len(rows)} articles")
    print(f"{'':24}{'P':>8}{'R':>8}{'F1':>8}{'ARI':>8}{'candidates':>12}{'on texts':>10}")
    peers = [(f"datasketch {threshold}", datasketch(rows, threshold)) for threshold in (0.8, 0.5)]
    for name, one in [("onestory", run), *peers]:
        s, each = scores(truth, one.labels), len(rows)
        print(
            f"{name:24}{s.precision:8.4f}{s.recall:8.4f}{s.f1:8.4f}{s.ari:8.4f}"
            f"{one.candidates / each:12.2f}{one.looked_at / each:10.2f}"
        )
    print("recall by edit:", "  ".join(f"{edit} {value:.3f}" for edit, value in by_edit(rows, run.labels).items()))
    apart = joined_wrongly(rows, run.labels)
    print("wrongly joined:", "  ".join(f"{edit} {wrong}/{of}" for edit, (wrong, of) in apart.items()))
    same = 0
    for seed in range(shuffles):
        order = list(range(len(rows)))
        random.Random(seed).shuffle(order)
        same += ours(rows, signatures, order).labels == run.labels
    print(f"shuffles with the identical partition: {same} of {shuffles}")


def same_event(folder: Path, name: str) -> None:
    rows = rows_of(folder / name)
    signatures = sign_many(row["text"] for row in rows)
    joined, low = low_containment(signatures, ours(rows, signatures, range(len(rows))).labels)
    print(f"{name}: {joined} pairs joined, {low} with containment < .3 ({low / max(1, joined):.2%})")


def derived(folder: Path) -> None:
    rows = rows_of(folder / "counter_dev.jsonl.gz")
    truth = [row["cluster"] for row in rows]
    run = ours(rows, sign_many(row["text"] for row in rows), range(len(rows)))
    for name, one in [("onestory", run), ("datasketch 0.5", datasketch(rows, 0.5))]:
        s = scores(truth, one.labels)
        print(f"counter_dev, {name}: P {s.precision:.3f} R {s.recall:.3f} F1 {s.f1:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--shuffles", type=int, default=5)
    options = parser.parse_args()
    folder = options.data / "dedupe"
    syndication(folder, options.shuffles)
    same_event(folder, "ecb_dev.jsonl.gz")
    same_event(folder, "fnc1_train.jsonl.gz")
    derived(folder)


if __name__ == "__main__":
    main()

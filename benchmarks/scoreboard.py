"""Every labelled set at hand: ours, exact all pairs, datasketch and text-dedup, with intervals.

    python -m benchmarks.scoreboard --data ../shared/data [--sets helsinki,real_dev] [--shuffles 5]

Ours is the pure path. `--peers` adds the others, which take longer than ours on the large set. text-dedup installs
Spark, so it has an environment of its own: `--text-dedup ENVIRONMENT/bin/python` names its interpreter.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.intervals import Tally, bootstrap, tally, wilson
from benchmarks.labelled import SETS, LabelledSet, load
from benchmarks.peers import datasketch_lsh, overlaps, text_dedup_minhash, union
from benchmarks.pure_path import Comparisons, candidates, shuffled, stories

FEWEST_GROUPS = 30  # with fewer, the bootstrap says little


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--shuffles", type=int, default=1)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--text-dedup", type=Path, help="the interpreter of an environment with text-dedup")
    options = parser.parse_args()
    for name in options.sets.split(","):
        show(
            load(options.data / "dedupe", name),
            shuffles=options.shuffles,
            peers=options.peers,
            text_dedup=options.text_dedup,
        )


def show(labelled: LabelledSet, *, shuffles: int, peers: bool, text_dedup: Path | None = None) -> None:
    """Prints the table of one set."""
    articles = labelled.articles
    pairs = candidates(articles)
    compared = Comparisons(articles)
    compared.add(pairs)
    ours = stories(compared)
    print(f"\n{labelled.name}: {len(articles)} articles, {len(pairs) / len(articles):.2f} candidates an article")
    print(f"{'':18}{'P':>7} {'95%':13}{'R':>7} {'95%':13}{'F1':>7} {'95%':13}{'right':>8}{'wrong':>8}{'missed':>8}")
    line("onestory", labelled, ours)
    if peers:
        for name, labels in _peers(labelled):
            line(name, labelled, labels)
    for least in (0.8, 0.5) if text_dedup else ():
        line(f"text-dedup {least}", labelled, text_dedup_minhash(labelled.articles, least, python=text_dedup))
    _facts(labelled, ours)
    same = sum(_again(labelled, seed) == _parts(ours) for seed in range(shuffles))
    print(f"shuffles with the same stories: {same} of {shuffles}")


def _again(labelled: LabelledSet, seed: int) -> frozenset[frozenset[int]]:
    compared = Comparisons(labelled.articles, shuffled(len(labelled.articles), seed))
    compared.add(candidates(labelled.articles))
    return _parts(stories(compared))


def _parts(labels: Sequence[object]) -> frozenset[frozenset[int]]:
    inside: dict[object, set[int]] = {}
    for at, label in enumerate(labels):
        inside.setdefault(label, set()).add(at)
    return frozenset(map(frozenset, inside.values()))


def _peers(labelled: LabelledSet) -> list[tuple[str, list[int]]]:
    articles = labelled.articles
    found = overlaps(articles, least=2)
    high = [(f"all pairs J>={least}", found.pairs(found.jaccard >= least)) for least in (0.8, 0.5)]
    high.append(("J>=.5 or C>=.8", found.pairs((found.jaccard >= 0.5) | (found.containment >= 0.8))))
    exact = [(name, union(len(articles), pairs)) for name, pairs in high]
    return [*exact, *((f"datasketch {least}", datasketch_lsh(articles, least)) for least in (0.8, 0.5))]


def line(name: str, labelled: LabelledSet, labels: Sequence[object]) -> None:
    """One line of the table."""
    counted = tally(labelled, labels)
    cells = "".join(
        f"{value:7.3f} {low:.3f}–{high:.3f}  "
        for value, (low, high) in zip(_values(counted), _intervals(labelled, labels, counted), strict=True)
    )
    print(f"{name:18}{cells}{counted.right:8.0f}{counted.wrong:8.0f}{counted.missed:8.0f}")


def _values(counted: Tally) -> tuple[float, float, float]:
    return counted.precision, counted.recall, counted.f1


def _intervals(labelled: LabelledSet, labels: Sequence[object], counted: Tally) -> Sequence[tuple[float, float]]:
    if labelled.judged is None:
        return bootstrap(labelled, labels)
    precision = wilson(round(counted.right), round(counted.right + counted.wrong))
    recall = wilson(round(counted.right), round(counted.right + counted.missed))
    return precision, recall, (min(precision[0], recall[0]), max(precision[1], recall[1]))


def _facts(labelled: LabelledSet, labels: Sequence[object]) -> None:
    """Equal texts apart, pairs joined, and joined pairs with little in common."""
    equal: dict[bytes, set[object]] = {}
    for article, label in zip(labelled.articles, labels, strict=True):
        if article.signature.words:
            equal.setdefault(article.signature.digest, set()).add(label)
    sizes = Counter(labels)
    joined = [(a, b) for part in _parts(labels) if len(part) > 1 for a in part for b in part if a < b]
    low = sum(_containment(labelled, pair) < 0.3 for pair in joined)
    apart, several = sum(len(homes) > 1 for homes in equal.values()), sum(size > 1 for size in sizes.values())
    print(
        f"equal texts apart {apart}, stories of several {several}, "
        f"largest {max(sizes.values())}, pairs joined {len(joined)}, with containment under .3 {low}"
    )


def _containment(labelled: LabelledSet, pair: tuple[int, int]) -> float:
    one, other = (labelled.articles[at].signature.shingles for at in pair)
    return len(np.intersect1d(one, other)) / max(1, min(len(one), len(other)))


if __name__ == "__main__":
    main()

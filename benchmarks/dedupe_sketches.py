"""Second sketches compared: what each finds, by edit, at how many candidates and keys.

    python -m benchmarks.dedupe_sketches --data ../shared/data

Recall is over true pairs of which at least one side has the edit, as candidates, before any verification. The
index is imitated: 16 ids a band, the first and the last eight.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.dedupe_quality import Row, rows_of
from onestory.dedupe.shingles import shingle_hashes, tokenize
from onestory.dedupe.signature import KEY_BYTES, Parameters, Signature, band_keys, sign_many

SHOWN = ("brief", "brieflede", "middle", "cut35", "heavy", "trim", "reorder")
CROWD_SHARE = 0.2
CAP = 16
Hashes = NDArray[np.uint32]
Keys = list[list[object]]
Sketch = Callable[[Hashes], Hashes]


def lead_windows(count: int, width: int) -> Sketch:
    """The smallest hash of each of the first windows, side by side."""
    return lambda hashes: np.array(
        [hashes[at : at + width].min() for at in range(0, min(len(hashes), count * width), width)], dtype=np.uint32
    )


def bottom(count: int) -> Sketch:
    return lambda hashes: np.unique(hashes)[:count]


def sampled(rate: int, most: int = 64) -> Sketch:
    return lambda hashes: np.unique(hashes[hashes < 2**32 // rate])[:most]


def winnowed(width: int, most: int = 64) -> Sketch:
    def sketch(hashes: Hashes) -> Hashes:
        if len(hashes) < width:
            return np.unique(hashes)[:4]
        return np.unique(np.lib.stride_tricks.sliding_window_view(hashes, width).min(axis=1))[:most]

    return sketch


def lsh_keys(signatures: Sequence[Signature], bands: int) -> Keys:
    parameters = Parameters(bands=bands)
    each = (band_keys(one, parameters) for one in signatures)
    return [[keys[at : at + KEY_BYTES] for at in range(0, bands * KEY_BYTES, KEY_BYTES)] for keys in each]


def paragraph_keys(rows: Sequence[Row]) -> Keys:
    """One key a paragraph: the digest of its words."""
    lines = (row["text"].split("\n") for row in rows)
    return [[normal for line in each if len(normal := tokenize(line).normal) > 40] for each in lines]


def candidates(keys: Keys) -> set[tuple[int, int]]:
    bands: dict[object, list[int]] = defaultdict(list)
    found = set()
    for at, mine in enumerate(keys):
        often: Counter[int] = Counter()
        for key in mine:
            band = bands[key]
            if len(band) < CAP:
                found.update((other, at) for other in band)
            else:
                often.update(band)
                del band[CAP // 2]
            band.append(at)
        found.update((other, at) for other, times in often.items() if times >= CROWD_SHARE * len(mine))
    return found


def show(name: str, keys: Keys, rows: Sequence[Row]) -> None:
    clusters: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        clusters[row["cluster"]].append(at)
    found = candidates(keys)
    met: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for same in clusters.values():
        for pair in combinations(same, 2):
            for edit in {rows[pair[0]]["edit"], rows[pair[1]]["edit"], "all"}:
                of[edit] += 1
                met[edit] += pair in found
    recall = "".join(f"{met[edit] / of[edit]:10.3f}" for edit in ("all", *SHOWN))
    print(f"{name:32}{sum(map(len, keys)) / len(rows):7.1f}{len(found) / len(rows):7.2f}{recall}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    rows = rows_of(parser.parse_args().data / "dedupe" / "syndication_dev.jsonl.gz")
    hashes = [shingle_hashes(tokenize(row["text"])) for row in rows]
    signatures = sign_many(row["text"] for row in rows)
    few, many = lsh_keys(signatures, 16), lsh_keys(signatures, 32)
    print(f"{'':32}{'keys':>7}{'cand.':>7}" + "".join(f"{edit:>10}" for edit in ("all", *SHOWN)))
    show("32 x 4 alone", many, rows)
    sketches = {
        "8 lead windows of 40": lead_windows(8, 40),
        "16 lead windows of 40": lead_windows(16, 40),
        "bottom 32": bottom(32),
        "1 in 20, at most 64": sampled(20),
        "1 in 32, at most 64": sampled(32),
        "winnowing, windows of 24": winnowed(24),
        "winnowing, windows of 40": winnowed(40),
        "winnowing, windows of 60": winnowed(60),
    }
    for name, sketch in sketches.items():
        chosen = [[("sketch", int(value)) for value in sketch(one)] for one in hashes]
        show(f"16 x 4 + {name}", [a + b for a, b in zip(few, chosen, strict=True)], rows)
    show("16 x 4 + paragraphs", [a + b for a, b in zip(few, paragraph_keys(rows), strict=True)], rows)
    own = [[("own", int(value)) for value in one.sketch] for one in signatures]
    show("16 x 4 + winnowing 20/32/60 (ours)", [a + b for a, b in zip(few, own, strict=True)], rows)


if __name__ == "__main__":
    main()

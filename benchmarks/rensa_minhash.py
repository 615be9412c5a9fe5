"""rensa's MinHash and LSH, as its README shows them, as a script for an environment that has it: ROWS FOLDER WORKERS.

Shingles of five words, 128 permutations, 16 bands, threshold .8, one process. Prints pairs of row and cluster, of the
rows that are in one, as one line of JSON.
"""

import json
import sys
from collections import Counter
from pathlib import Path

NUM_PERM, BANDS, THRESHOLD, WORDS = 128, 16, 0.8, 5


def main() -> None:
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - of the other environment

    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM, num_bands=BANDS)
    sketches = []
    for at, line in enumerate(Path(sys.argv[1]).read_bytes().splitlines()):
        words = json.loads(line)["text"].split()
        sketch = RMinHash(num_perm=NUM_PERM, seed=42)
        sketch.update([" ".join(words[first : first + WORDS]) for first in range(max(1, len(words) - WORDS + 1))])
        lsh.insert(at, sketch)
        sketches.append(sketch)
    parent = list(range(len(sketches)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    for at, sketch in enumerate(sketches):
        for other in lsh.query(sketch):
            if sketch.jaccard(sketches[other]) >= THRESHOLD:
                parent[root(at)] = root(other)
    labels = [root(at) for at in range(len(sketches))]
    sizes = Counter(labels)
    print(json.dumps([[at, label] for at, label in enumerate(labels) if sizes[label] > 1]))


if __name__ == "__main__":
    main()

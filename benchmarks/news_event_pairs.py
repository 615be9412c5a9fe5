"""The similarity of two stories, with embeddings, against the marks of readers, by pair of languages.

    python -m benchmarks.news_event_pairs --data ../shared/data [--half 0]

The pairs are those of SemEval-2022 task 8 that could be fetched, 40 words each. Pearson of the similarity that news
events use, without the time, against the readers' mean. `--half` takes the pairs whose name hashes to this half.
"""

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import xxhash

from onestory.news_events.features import SCALE, TermVector, term_vector
from onestory.news_events.semantic import Embeddings, confirmed
from onestory.pipelines.news_events.embedding import open_model, semantic_of_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--languages", default="en-en,de-en", help="pairs of languages, or all")
    options = parser.parse_args()
    with gzip.open(options.data / "events/semeval8_dev.jsonl.gz", "rt", encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    by_languages = Counter(_languages(pair) for pair in pairs)
    wanted = by_languages if options.languages == "all" else options.languages.split(",")
    for languages in wanted:
        chosen = [pair for pair in pairs if _languages(pair) == languages and _is_in(pair, options.half)]
        marks = [-pair["overall"] for pair in chosen]
        found = [_similarity(pair) for pair in chosen]
        print(f"{languages}  {len(chosen):4} pairs  {np.corrcoef(found, marks)[0, 1]:.3f}", flush=True)


def _languages(pair: dict[str, str]) -> str:
    return f"{pair['lang1']}-{pair['lang2']}"


def _is_in(pair: dict[str, str], half: int | None) -> bool:
    return half is None or xxhash.xxh32_intdigest(pair["pair"].encode()) % 2 == half


def _similarity(pair: dict[str, str]) -> float:
    sides = [(pair[f"text{side}"], pair[f"lang{side}"]) for side in (1, 2)]
    one, other = (semantic_of_text(MODEL, "", text, language=language) for text, language in sides)
    is_same_language = sides[0][1] == sides[1][1]
    words = [term_vector("", text, language=language) for text, language in sides]
    shared = _product(*words) if is_same_language else _product(one.names, other.names)
    table = Embeddings()
    table.set(0, other.embedding)
    cosine = table.cosines(one.embedding, np.array([0]))
    return float(confirmed(cosine, np.array([shared]), np.array([is_same_language]))[0])


def _product(one: TermVector, other: TermVector) -> float:
    _, left, right = np.intersect1d(one.terms, other.terms, return_indices=True)
    return float((one.weights[left].astype(float) * other.weights[right]).sum()) / SCALE**2


if __name__ == "__main__":
    MODEL = open_model()
    main()

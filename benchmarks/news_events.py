"""News events of labelled sets, found by an import and the grouping behind it.

    python -m benchmarks.news_events --data ../shared/data [--sets fnc1_train,ecb_dev,giveme5w1h_dev] [--shuffles 5]
        [--semantic]

A set is imported in several orders; the scores are those of the first, and all must give the same events. Reported are
pairwise F1 and B³ (Bagga and Baldwin 1998) over articles: the copies of a story are in its event. `--half 0` and
`--half 1` score the events whose name hashes to this half, so that a change can be designed on one and judged on the
other. `--semantic` computes embeddings too (with the extra; a tenth of a second a text).

The set `mixture` is the three together as if they were of one week: what joins two subjects is a false event. A subject
is an event, and in ecb_dev a topic, of which it has two happenings each.
"""

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray
from sqlalchemy import select

from benchmarks.imports import Rows, fresh_home, rows_file, run_import
from benchmarks.measures import scores
from onestory.pipelines.news_events.embedding import StoryEmbedder, open_model
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.store.database import Store
from onestory.store.schema import articles, news_event_stories
from onestory.times import utc_now
from onestory.urls import normalize_url

SETS = {
    "fnc1_train": ("dedupe/fnc1_train.jsonl.gz", "cluster"),
    "ecb_dev": ("dedupe/ecb_dev.jsonl.gz", "cluster"),
    "giveme5w1h_dev": ("events/giveme5w1h_dev.jsonl.gz", "event"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--shuffles", type=int, default=2)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--semantic", action="store_true")
    options = parser.parse_args()
    print(
        f"{'set':16}{'articles':>9}{'events':>8}{'found':>7}"
        f"  {'pairs P':>8}{'R':>7}{'F1':>7}  {'B³ P':>7}{'R':>7}{'F1':>7}"
    )
    for name in options.sets.split(","):
        if name == "mixture":
            rows, truth = _mixture(options.data, options.half)
        else:
            rows, truth = _read(options.data, name, options.half)
        _show(name, rows, truth, options.shuffles, model=CachedModel() if options.semantic else None)


class CachedModel:
    """The model of the extra, asked once for each text."""

    def __init__(self) -> None:
        self._model = open_model()
        self._known: dict[str, NDArray[np.float32]] = {}

    def passage(self, texts: str) -> NDArray[np.float32]:
        if texts not in self._known:
            self._known[texts] = self._model.passage(texts)
        return self._known[texts]


def _mixture(data: Path, half: int | None) -> tuple[Rows, list[str]]:
    """All sets, without their times: what has none is compared by when it was stored."""
    rows: list[dict[str, object]] = []
    subjects: list[str] = []
    for name in SETS:
        found, truth = _read(data, name, half)
        rows += [
            {**row, "url": f"https://{name.replace('_', '')}{at}.example/{at}", "published": None}
            for at, row in enumerate(found)
        ]
        subjects += [f"{name} {label.split('_')[0] if name == 'ecb_dev' else label}" for label in truth]
    return rows, subjects


def _read(data: Path, name: str, half: int | None) -> tuple[Rows, list[str]]:
    """The rows as an import reads them, and the label of each. Rows without an address get one, of an outlet each."""
    path, label = SETS[name]
    with gzip.open(data / path, "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    kept = [row for row in found if half is None or xxhash.xxh32_intdigest(row[label].encode()) % 2 == half]
    rows = [
        {
            "url": row.get("url") or f"https://outlet{number}.example/{number}",
            "title": row.get("title") or "",
            "text": row["text"],
            "published": row.get("published"),
        }
        for number, row in enumerate(kept)
    ]
    return rows, [row[label] for row in kept]


def _show(name: str, rows: Rows, truth: Sequence[str], shuffles: int, *, model: CachedModel | None) -> None:
    partitions, homes = [], {}
    for seed in range(max(1, shuffles)):
        order = list(rows) if not seed else random.Random(seed).sample(list(rows), len(rows))
        found, seconds = _events(order, model)
        partitions.append(frozenset(frozenset(url for url in found if found[url] == event) for event in found.values()))
        homes = homes or found
        print(f"  {name}: grouped in {seconds:.1f} s of processor time", flush=True)
    present = [(label, homes[url]) for row, label in zip(rows, truth, strict=True) if (url := _key(row)) in homes]
    gold, events = [label for label, _ in present], [event for _, event in present]
    pairs, cubed = scores(gold, events), _b_cubed(gold, events)
    print(
        f"{name:16}{len(present):9}{len(set(gold)):8}{len(set(events)):7}  {pairs.precision:8.3f}{pairs.recall:7.3f}"
        f"{pairs.f1:7.3f}  {cubed[0]:7.3f}{cubed[1]:7.3f}{cubed[2]:7.3f}   orders that agree: "
        f"{sum(one == partitions[0] for one in partitions)} of {len(partitions)}"
    )
    if name == "mixture":
        _show_false_events(gold, events)


def _show_false_events(subjects: Sequence[str], events: Sequence[str]) -> None:
    """How many joined pairs are of two sets, which have nothing in common, and of two subjects."""
    sets = [subject.split()[0] for subject in subjects]
    joined, of_one_set, of_one_subject = (
        sum(count * (count - 1) // 2 for count in Counter(zip(kinds, events, strict=True)).values())
        for kinds in ([""] * len(events), sets, subjects)
    )
    print(
        f"  joined pairs: {joined:,}; of two sets {joined - of_one_set:,} ({1 - of_one_set / joined:.2%}), "
        f"of two subjects {joined - of_one_subject:,} ({1 - of_one_subject / joined:.2%})"
    )


def _key(row: dict[str, object]) -> str:
    return normalize_url(str(row["url"]))


def _events(rows: Rows, model: CachedModel | None) -> tuple[dict[str, str], float]:
    """The event of each stored article by URL, and what the grouping cost."""
    with fresh_home() as home:
        run_import(home, rows_file(home, rows))
        store = Store.open(f"sqlite:///{home / 'data' / 'onestory.db'}")
        begin = time.process_time()
        grouper = NewsEventGrouper(store)
        embedder = StoryEmbedder(store, model) if model else None
        while grouper.step(now=utc_now()) or (embedder and embedder.step(now=utc_now(), limit=50)):
            pass
        seconds = time.process_time() - begin
        query = select(articles.c.url, news_event_stories.c.event_id)
        query = query.join(news_event_stories, news_event_stories.c.story_id == articles.c.story_id)
        with store.read() as connection:
            found = {row.url: row.event_id for row in connection.execute(query)}
        store.close()
    return found, seconds


def _b_cubed(gold: Sequence[str], events: Sequence[str]) -> tuple[float, float, float]:
    both, of_gold, of_events = Counter(zip(gold, events, strict=True)), Counter(gold), Counter(events)
    precision = sum(count * count / of_events[event] for (_, event), count in both.items()) / len(gold)
    recall = sum(count * count / of_gold[label] for (label, _), count in both.items()) / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


if __name__ == "__main__":
    main()

"""Labelled sets of real and simulated news, read as an import reads them.

A set has groups (articles of one group are one story, and every pair counts) or judged pairs (only these count). Pairs
that a second reader might judge differently count in neither direction.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from onestory.dedupe.signature import Signature, sign
from onestory.errors import Dropped
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.stories.headline import headline_of
from onestory.store.articles.captures import Capture
from onestory.urls import host_of, normalize_url

__all__ = ["SETS", "Article", "LabelledSet", "load", "rows_of"]

Pair = tuple[int, int]
Row = dict[str, Any]
SETS = ("helsinki", "real_dev", "syndication_dev", "counter_dev", "ecb_dev", "fnc1_train")
SCRAPED = ("helsinki", "real_dev", "syndication_dev")
BATCH = 256


@dataclass(frozen=True, slots=True)
class Article:
    """One row of a set after extraction: what the product would store and sign."""

    id: str
    url: str
    host: str
    title: str
    text: str
    group: str
    edit: str
    signature: Signature

    @property
    def headline(self) -> str:
        """As the product compares it."""
        return headline_of(self.title, self.url)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Articles with their labels; `judged` maps pairs to one story or not, None where groups say it."""

    name: str
    articles: Sequence[Article]
    judged: dict[Pair, bool] | None = None
    unsure: frozenset[Pair] = frozenset()

    def same(self) -> Iterator[Pair]:
        """Pairs of one story, without the unsure ones."""
        if self.judged is not None:
            yield from (pair for pair, is_same in self.judged.items() if is_same)
            return
        groups: dict[str, list[int]] = defaultdict(list)
        for at, article in enumerate(self.articles):
            groups[article.group].append(at)
        for inside in groups.values():
            yield from (pair for pair in combinations(inside, 2) if pair not in self.unsure)

    def is_same(self, pair: Pair) -> bool | None:
        """The label of a pair, None where there is none."""
        if self.judged is not None:
            return self.judged.get(pair)
        if pair in self.unsure:
            return None
        return self.articles[pair[0]].group == self.articles[pair[1]].group


def load(folder: Path, name: str) -> LabelledSet:
    """Reads a set from `folder`. Scraped articles go through extraction, which may refuse some."""
    rows = list(rows_of(folder / f"{name}.jsonl.gz"))
    current = _last_captures(rows) if name in SCRAPED else rows
    found = _extracted(current) if name in SCRAPED else [_article(row, row["text"], sign(row["text"])) for row in rows]
    articles = [article for article in found if article is not None]
    place = {article.url or article.id: at for at, article in enumerate(articles)}
    number = {row["id"]: place[key] for row in rows if (key := row.get("url") or row["id"]) in place}
    labels, unsure = folder / f"{name}_labels.jsonl", folder / f"{name}_uncertain.jsonl"
    judged = {_pair(number, row): row["label"] == 1 for row in _known(number, labels)} if labels.exists() else None
    return LabelledSet(name, articles, judged, frozenset(_pair(number, row) for row in _known(number, unsure)))


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a JSON Lines file, packed or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _last_captures(rows: Sequence[Row]) -> list[Row]:
    """One row a URL: what was fetched last is what an article says now."""
    last: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.get("fetched") or ""):
        last[row["url"]] = row
    return list(last.values())


def _known(number: Mapping[str, int], path: Path) -> list[Row]:
    return [row for row in rows_of(path) if {row["a"], row["b"]} <= number.keys()] if path.exists() else []


def _pair(number: Mapping[str, int], row: Row) -> Pair:
    a, b = sorted((number[row["a"]], number[row["b"]]))
    return a, b


def _extracted(rows: Sequence[Row]) -> Iterator[Article | None]:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        readings = read_captures_in_worker(
            [Capture(row["url"], None, text=row.get("text", ""), title=row.get("title")) for row in batch]
        )
        for row, reading in zip(batch, readings, strict=True):
            if isinstance(reading, Dropped):
                yield None
            else:
                yield _article(row, reading.extracted.text, Signature.from_bytes(reading.signature))


def _article(row: Row, text: str, signature: Signature) -> Article:
    url = row.get("url") or ""
    host = host_of(normalize_url(url)) if url else ""
    labels = (str(row.get("cluster", row["id"])), row.get("edit", ""))
    return Article(row["id"], url, host, row.get("title") or "", text, *labels, signature)

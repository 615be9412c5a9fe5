"""Every credit that the rules find in files of rows, for reading: precision on real articles has to be judged by eye.

python -m benchmarks.credit_listing ROWS.jsonl.gz ... [--half 0|1] [--sample 150] [--seed 1]
"""

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from onestory.errors import Dropped
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture
from onestory.urls import host_of, normalize_url, site_of


@dataclass(frozen=True, slots=True)
class FoundCredit:
    """A credit, the site that shows it, and the words that it was read from."""

    id: str
    site: str
    credit: str
    evidence: str


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def half_of(site: str) -> int:
    """0 or 1: the rules may be written after reading one half of the sites, and are judged on the other."""
    return sha256(site.encode()).digest()[0] % 2


def credits_in(path: Path, *, half: int | None) -> tuple[int, list[FoundCredit]]:
    """The number of articles, and the credits found in them."""
    found, articles = [], 0
    for row in rows_of(path):
        site = site_of(host_of(normalize_url(row["url"])))
        if half is not None and half_of(site) != half:
            continue
        capture = Capture(url=row["url"], observed=None, text=row.get("text", ""), title=row.get("title"))
        try:
            article = extract(capture)
        except Dropped:
            continue
        articles += 1
        if article.credit:
            found.append(FoundCredit(row["id"], site, article.credit, article.credit_evidence or ""))
    return articles, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only the sites of this half")
    parser.add_argument("--sample", type=int, help="this many, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    read = [credits_in(path, half=options.half) for path in options.rows]
    articles, found = sum(count for count, _ in read), [one for _, listed in read for one in listed]
    names = Counter(one.credit for one in found)
    shown = found if options.sample is None else random.Random(options.seed).sample(found, options.sample)
    for one in shown:
        print(f"{one.id}\t{one.site}\t{one.credit}\t{one.evidence}")
    print(f"{articles} articles, {len(found)} credits: {names.most_common(12)}")


if __name__ == "__main__":
    main()

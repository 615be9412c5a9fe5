"""The whole dedupe path from text, against datasketch's own Redis storage at 32 x 4, in the same run.

    python -m benchmarks.dedupe_path --data ../shared/data [--articles 5548] [--peer 1000] [--copies 5001]

Ours signs, saves to SQLite, registers, verifies and attaches; the peer signs, queries and inserts. Then one story gets
copy after copy: what the 5,001st costs beside the 100th.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory

from datasketch import MinHashLSH

from benchmarks.dedupe_quality import peers_minhashes, rows_of
from onestory.dedupe.index import BandIndex
from onestory.dedupe.signature import PARAMETERS, sign
from onestory.pipelines.runtime.engine import redis_client
from onestory.pipelines.stories.attach import attach
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
from onestory.store.articles.save import save_articles
from onestory.store.articles.versions import VersionText
from onestory.store.database import Store
from tests.servers import redis_server

BATCH = 128
PROCESSES = 2
WINDOW = 50  # single copies that are measured around the 100th and around the 5,001st
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Page = tuple[str, str]  # URL, text


class Way:
    """One process's way from text to story."""

    def __init__(self, database: str, redis_url: str) -> None:
        self.store = Store.open(database)
        self.index_client = IndexClient(self.store, BandIndex(redis_client(redis_url)), ensure_server=lambda: None)

    def take(self, pages: Sequence[Page], *, minutes: int = 0) -> None:
        """One batch; each page is seen a minute after the one before, the first so many minutes after noon."""
        readings = [_reading(*page, NOON + timedelta(minutes=at)) for at, page in enumerate(pages, minutes)]
        with self.store.write() as connection:
            saved = save_articles(connection, readings, now=NOON)
        stored = [
            VersionText(one.number, one.article_id, read.extracted.text, read.signature, read.signature_params)
            for read, one in zip(readings, saved, strict=True)
            if one.number is not None
        ]
        attach(self.store, self.index_client, stored, now=NOON)


def _reading(url: str, text: str, observed: datetime) -> ProcessedCapture:
    signature = sign(text)
    extracted = ExtractedArticle(url, url, text, "en", signature.words)
    return ProcessedCapture(
        Capture(url, observed), extracted, signature.to_bytes(), PARAMETERS.encode(), signature.digest, "benchmark"
    )


@contextmanager
def servers() -> Iterator[tuple[str, str]]:
    """A fresh store and a fresh Redis."""
    with TemporaryDirectory() as folder, redis_server() as url:
        yield f"sqlite:///{folder}/onestory.db", url


_path: Way


def _open(database: str, redis_url: str, ready: Barrier) -> None:
    global _path  # noqa: PLW0603 - one a process
    _path = Way(database, redis_url)
    _path.take([("https://warm.example/up", "A first text that warms everything up, whatever it says.")])
    ready.wait()


def _take(pages: Sequence[Page]) -> None:
    _path.take(pages)


def ours(pages: Sequence[Page], processes: int) -> float:
    """Articles a second."""
    batches = [pages[at : at + BATCH] for at in range(0, len(pages), BATCH)]
    with servers() as where:
        Way(*where)  # the schema, once
        context = get_context("spawn")
        ready = context.Barrier(processes + 1)
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_open, initargs=(*where, ready)) as pool:
            for _ in range(processes):  # one is started for each
                pool.submit(int)
            ready.wait()
            start = time.perf_counter()
            list(pool.map(_take, batches))
            return len(pages) / (time.perf_counter() - start)


def peer(texts: Sequence[str]) -> float:
    """datasketch: sign, query, insert; articles a second."""
    with redis_server() as url:
        redis = {"unix_socket_path": redis_client(url).connection_pool.connection_kwargs["path"]}
        lsh = MinHashLSH(
            num_perm=128,
            params=(32, 4),
            storage_config={"type": "redis", "basename": b"peer", "redis": redis},
        )
        start = time.perf_counter()
        for at, minhash in enumerate(peers_minhashes({"text": text} for text in texts)):
            lsh.query(minhash)
            lsh.insert(str(at), minhash)
        return len(texts) / (time.perf_counter() - start)


def copies_of_one_story(text: str, count: int) -> tuple[float, float]:
    """Milliseconds that one more copy takes, at the 100th and at the last: the median of `WINDOW` single ones."""
    words = text.split()
    with servers() as where:
        way = Way(*where)
        _fill(way, words, 0, 100)
        early = _one_by_one(way, words, 100)
        _fill(way, words, 100 + WINDOW, count - WINDOW)
        return early, _one_by_one(way, words, count - WINDOW)


def _fill(way: Way, words: Sequence[str], first: int, end: int) -> None:
    for at in range(first, end, BATCH):
        way.take([_copy(words, one) for one in range(at, min(at + BATCH, end))], minutes=at)


def _one_by_one(way: Way, words: Sequence[str], first: int) -> float:
    taken = []
    for at in range(first, first + WINDOW):
        start = time.perf_counter()
        way.take([_copy(words, at)], minutes=at)
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def _copy(words: Sequence[str], at: int) -> Page:
    """Another outlet's copy, a little shorter than the first and cut elsewhere each time."""
    cut = (37 * at) % max(1, len(words) - 20)
    return f"https://outlet{at}.example/story", " ".join([*words[:cut], *words[cut + (8 if at else 0) :]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=5548)
    parser.add_argument("--peer", type=int, default=1000)
    parser.add_argument("--copies", type=int, default=5001)
    options = parser.parse_args()
    rows = rows_of(options.data / "dedupe" / "syndication_dev.jsonl.gz")
    pages = [(row["url"], row["text"]) for row in rows[: options.articles]]
    theirs = peer([text for _, text in pages[: options.peer]])
    print(f"{'from text, articles/s':44}{'articles/s':>12}{'ratio':>8}")
    print(f"{'datasketch Redis storage, 32 x 4':44}{theirs:12.0f}{1:8.1f}")
    for processes in range(1, PROCESSES + 1):
        rate = ours(pages, processes)
        print(f"{f'onestory, {processes} process(es), to SQLite':44}{rate:12.0f}{rate / theirs:8.1f}")
    longest = max((text for _, text in pages[:200]), key=len)
    early, late = copies_of_one_story(longest, options.copies)
    print(f"one more copy: the 100th {early:.1f} ms, the {options.copies}th {late:.1f} ms ({late / early:.2f} x)")


if __name__ == "__main__":
    main()

"""Coverage-guided fuzzing of what reads strangers' bytes: pages, feeds, sitemaps, robots.txt, WARC files, lookups.

    python -m benchmarks.fuzz TARGET [--minutes 30] [--seeds ../shared/cases] [--corpus build/fuzz/TARGET]

With atheris (libFuzzer's engine). An input fails if it raises anything but the errors that its reader promises, or
costs more than 5 CPU seconds or 600 MB; it is then kept in the corpus folder as `crash-…`, `timeout-…` or `oom-…`.
"""

import argparse
import atexit
import contextlib
import gzip
import io
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["onestory", "feedparser", "protego", "warcio"]):
    from onestory.crawler.hosts.robots import parse_robots
    from onestory.crawler.sources.feeds import BadSource, feed_entries
    from onestory.crawler.sources.sitemaps import decompress, read_sitemap
    from onestory.dedupe.signature import PARAMETERS, Signature, sign
    from onestory.errors import BadInput, Dropped
    from onestory.pipelines.archive import reader
    from onestory.pipelines.extractor import extract
    from onestory.pipelines.stories.index_client import IndexClient
    from onestory.pipelines.stories.lookup import look_up
    from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
    from onestory.store.articles.save import save_articles
    from onestory.store.database import Store
    from onestory.store.search.full_text_index import index_all_due

CPU_SECONDS = 5
MEMORY_MB = 600
URL = "https://www.herald.example/news/ferry"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPES = (
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=iso-8859-1",
    "text/html; charset=utf-16",
    "text/html; charset=shift_jis",
    "application/xhtml+xml",
    "",
)
# What lookups are compared with: spaced, capitalised, and written without spaces.
NEWS = (
    "The harbour bridge will close for six weeks from Monday after inspectors found cracks in its bearings.",
    "BRIDGE TO CLOSE\nRepairs cost eleven million crowns, of which the national road fund carries two thirds.",
    "ポートエラリーの港で来週、恒例の灯ろう祭りが開かれ、千隻を超える小舟が夜の湾に浮かぶと市の観光課が発表した。",
    "สะพานท่าเรือถูกปิดเมื่อวันอังคารหลังวิศวกรพบรอยร้าว",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A reader; the errors that it promises; and the endings of files that are good seeds for it."""

    read: Callable[[bytes], object]
    promised: tuple[type[Exception], ...]
    endings: tuple[str, ...]


def read_page(data: bytes) -> None:
    kind = TYPES[data[0] % len(TYPES)] if data else ""
    extract(Capture(URL, NOON, body=data[1:], headers=(("Content-Type", kind),)))


def read_feed(data: bytes) -> None:
    feed_entries(data, url=URL, content_type="application/xml")


def read_map(data: bytes) -> None:
    read_sitemap(decompress(data), url=URL)


def read_robots(data: bytes) -> None:
    parse_robots(200, data).allows(URL)


def read_archive(data: bytes) -> None:
    for _ in reader._captures(io.BytesIO(data), name="fuzz.warc.gz"):
        pass


def read_text(data: bytes) -> None:
    sign(data.decode("utf-8", "replace"))


def read_lookup(data: bytes) -> None:
    store, index = _news()
    look_up(store, index, data.decode("utf-8", "replace"))


class _EveryVersion(IndexClient):
    """Takes every stored version for a candidate, so that each text is compared."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = tuple(numbers)

    def lookup(self, signature: Signature) -> tuple[int, ...]:
        return self.numbers

    def window_is_full(self) -> bool:
        return False


@cache
def _news() -> tuple[Store, IndexClient]:
    """A store with the articles of `NEWS`, searchable."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store.open(f"sqlite:///{folder}/news.db")
    with store.write() as connection:
        saved = save_articles(connection, [_captured(number, text) for number, text in enumerate(NEWS)], now=NOON)
    index_all_due(store)
    return store, _EveryVersion([one.number for one in saved if one.number is not None])


def _captured(number: int, text: str) -> ProcessedCapture:
    url, signature = f"{URL}{number}", sign(text)
    article = ExtractedArticle(url=url, fetched_url=url, text=text, language="en", words=signature.words)
    return ProcessedCapture(
        Capture(url, NOON), article, signature.to_bytes(), PARAMETERS.encode(), signature.digest, "fuzz"
    )


TARGETS = {
    "page": Target(read_page, (Dropped,), (".html", ".htm")),
    "feed": Target(read_feed, (BadSource,), (".xml", ".json", ".rss", ".atom")),
    "sitemap": Target(read_map, (BadSource,), (".xml", ".gz")),
    "robots": Target(read_robots, (), ("robots.txt",)),
    "archive": Target(read_archive, (BadInput,), (".warc", ".warc.gz")),
    "text": Target(read_text, (), (".txt",)),
    "lookup": Target(read_lookup, (BadInput,), (".txt",)),
}


def checked(target: Target) -> Callable[[bytes], None]:
    def once(data: bytes) -> None:
        start = time.process_time()
        with contextlib.suppress(*target.promised):
            target.read(data)
        taken = time.process_time() - start
        if taken > CPU_SECONDS:
            raise RuntimeError(f"{taken:.1f} s of CPU for {len(data)} bytes")

    return once


def write_seeds(target: Target, seeds: Path, corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for path in seeds.rglob("*"):
        if path.is_file() and path.name.endswith(target.endings):
            content = path.read_bytes()
            if path.name.endswith(".gz") and ".gz" not in target.endings:
                with contextlib.suppress(OSError, EOFError):
                    content = gzip.decompress(content)
            prefix = b"\0" if target.read is read_page else b""
            (corpus / f"{path.parent.name}-{path.name}").write_bytes(prefix + content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seeds", type=Path)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    logging.disable()
    target = TARGETS[options.target]
    corpus = options.corpus or Path("build/fuzz") / options.target
    if options.seeds:
        write_seeds(target, options.seeds, corpus)
    limits = [f"-max_total_time={60 * options.minutes:.0f}", f"-rss_limit_mb={2 * MEMORY_MB}", "-max_len=65536"]
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={corpus}/", *limits], checked(target))
    atheris.Fuzz()


if __name__ == "__main__":
    main()

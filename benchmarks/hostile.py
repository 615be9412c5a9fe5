"""Hostile pages through the workers: no crash, none over 5 s, and what a worker takes of memory.

    python -m benchmarks.hostile --data ../shared/data [--pages 2000]
    python -m benchmarks.hostile --shapes

Mutations of real pages: cut, doubled, peppered with broken markup, nested, under a false charset, joined together.
`--shapes`: each shape of `page_shapes` at one, two and four times its size, in a process of its own under the bounds of
a worker: CPU, peak memory, and growth by doubling. A page without anything hostile costs what `(plain)` does.
"""

import argparse
import itertools
import logging
import multiprocessing
import random
import resource
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from benchmarks.page_shapes import SHAPES, page
from onestory.errors import Dropped
from onestory.pipelines.archive.reader import read_captures
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.workers import PAGE_SECONDS, Workers, settle_worker
from onestory.store.articles.captures import Capture, ProcessedCapture

PEPPER = [
    b"\x00\xff<", b"</article>", b'">', b"&#x110000;", b"<!--", b"]]>", b"<script>", b"<table><tr><td>", b"\xc3\x28",
    b'<meta charset="utf-16">', b'{"@graph":[', b"<p " + b"a=1 " * 200, b"\xef\xbb\xbf", b"<svg><p>", b"&amp;" * 300,
]  # fmt: skip
TYPES = ["text/html", "text/html; charset=utf-16", "text/html; charset=utf-7", "text/html; charset=nonsense", ""]


def mutations(pages: list[Capture], count: int) -> Iterator[Capture]:
    pick = random.Random(5)
    for number in range(count):
        page = pick.choice(pages)
        body = bytearray(page.body or b"")
        for _ in range(pick.randint(1, 8)):
            pick.choice([cut, double, pepper, nest, swap])(body, pick)
        if pick.random() < 0.05:
            body += pick.choice(pages).body or b""
        yield replace(
            page, url=f"{page.url}#{number}", body=bytes(body), headers=(("Content-Type", pick.choice(TYPES)),)
        )


def cut(body: bytearray, pick: random.Random) -> None:
    at = pick.randrange(len(body) + 1)
    del body[at : at + pick.choice([1, 50, 5_000, len(body)])]


def double(body: bytearray, pick: random.Random) -> None:
    at = pick.randrange(len(body) + 1)
    body[at:at] = bytes(body[at : at + pick.choice([20, 2_000, 20_000])]) * pick.choice([2, 40])


def pepper(body: bytearray, pick: random.Random) -> None:
    for _ in range(pick.choice([1, 10, 300])):
        at = pick.randrange(len(body) + 1)
        body[at:at] = pick.choice(PEPPER)


def nest(body: bytearray, pick: random.Random) -> None:
    at = pick.randrange(len(body) + 1)
    body[at:at] = pick.choice([b"<div>", b"<b>", b"<table>", b"<li>", b"<a href=x>", b"<font>"]) * pick.choice(
        [30, 240, 9_000]
    )


def swap(body: bytearray, pick: random.Random) -> None:
    for _ in range(pick.choice([5, 500])):
        if body:
            body[pick.randrange(len(body))] = pick.randrange(256)


def shapes() -> None:
    """Each page is read by a child that is forked from one settled worker, so that none pays for another."""
    settle_worker()
    print(f"{'':40}{'CPU s at 1, 2, 4':>24}{'growth':>12}{'peak MB':>9}  end of the last")
    for name, make in ({"(plain)": lambda _: page("")} | dict(SHAPES)).items():
        ends = [_of_shape(make(size)) for size in (1, 2, 4)]
        seconds = [cpu for cpu, _, _ in ends]
        growth = [after / max(before, 0.001) for before, after in itertools.pairwise(seconds)]
        figures = f"{' '.join(f'{one:7.2f}' for one in seconds):>24}{' '.join(f'{one:5.1f}' for one in growth):>12}"
        print(f"{name:40}{figures}{max(peak for _, peak, _ in ends):>9.0f}  {ends[-1][2]}", flush=True)


def _of_shape(body: bytes) -> tuple[float, float, str]:
    """CPU seconds, peak memory in MB, and what became of the page."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_read_shape, args=(body, theirs))
    child.start()
    theirs.close()
    try:
        answer: tuple[float, float, str] = ours.recv()
    except EOFError:
        answer = (float(PAGE_SECONDS), 0.0, "ended by its limit")
    child.join()
    return answer


def _read_shape(body: bytes, answer: Connection) -> None:
    signal.setitimer(signal.ITIMER_PROF, PAGE_SECONDS)
    start = time.process_time()
    [end] = read_captures_in_worker([Capture("https://x.example/n/1", datetime.now(UTC), body=body)])
    seconds = time.process_time() - start
    said = "article" if isinstance(end, ProcessedCapture) else f"{end.reason}: {end.detail[:60]}"
    answer.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shapes", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.shapes:
        shapes()
        return
    path = options.data / "extraction" / "pages.warc.gz"
    pages = [one for one in read_captures(str(path)) if isinstance(one, Capture)]
    ends: Counter[str] = Counter()
    slowest = peak = 0.0
    with Workers(options.workers) as workers:
        under_way: deque[tuple[float, Future[list[ProcessedCapture | Dropped]]]] = deque()
        for page in mutations(pages, options.pages):
            under_way.append((time.monotonic(), workers.read([page])))
            while len(under_way) >= options.workers:
                began, answer = under_way.popleft()
                [end] = answer.result()
                slowest = max(slowest, time.monotonic() - began)
                ends["article" if isinstance(end, ProcessedCapture) else f"dropped/{end.reason}"] += 1
                peak = max(peak, *(child.memory_info().rss / 2**20 for child in psutil.Process().children()))
        for _, answer in under_way:
            [end] = answer.result()
            ends["article" if isinstance(end, ProcessedCapture) else f"dropped/{end.reason}"] += 1
    print(f"{'of ' + str(options.pages) + ' hostile pages':<34}{'pages':>8}")
    for name, number in ends.most_common():
        print(f"{name:<34}{number:>8}")
    print(f"{'slowest, waiting included':<34}{slowest:>7.1f}s (limit {PAGE_SECONDS} s a page)")
    print(f"{'largest worker':<34}{peak:>6.0f} MB")


if __name__ == "__main__":
    main()

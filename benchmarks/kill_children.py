"""What `benchmarks.kills` starts and kills: imports, crawls and servers, forked; and the site that is crawled."""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from onestory.config import Config
from onestory.crawler.crawl import crawl
from onestory.crawler.sources.source_file import add_new_sources
from onestory.errors import OnestoryError
from onestory.newsroom.imports.cli import import_paths
from onestory.newsroom.server.server import run_server
from onestory.pipelines.runtime.engine import open_engine
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.outcome import Outcome
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.workers import Workers
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.store.sources.source_list import SourceEntry
from onestory.urls import normalize_url
from tests.news_texts import wire_article
from tests.site.crawling import ALLOW, QUICK
from tests.site.listings import feed_reply
from tests.site.server import Reply, serving


@dataclass(frozen=True, slots=True)
class Work:
    """What a child does in a folder: `role` is import, crawl or serve."""

    role: str
    folder: Path
    config: Config
    sources: Sequence[SourceEntry]
    port: int
    seed: int

    def __call__(self) -> None:
        if self.role == "serve":
            run_server(self.config, port=self.port)
            return
        with (
            open_engine(self.config) as engine,
            Intake(engine.store, engine.index_client, workers=InlineWorkers(), retry=BackendRetry()) as intake,
        ):
            acknowledged = Acknowledged(intake, self.folder / "articles")
            if self.role == "crawl":
                add_new_sources(engine.store, self.sources)
                crawl(engine.store, acknowledged, once=True, rate_limits=QUICK, allow_private=ALLOW)
                return
            rows = [str(path) for path in sorted(self.folder.glob("rows*.jsonl"))]
            random.Random(self.seed).shuffle(rows)
            import_paths(
                acknowledged,  # type: ignore[arg-type]
                rows,
                progress=lambda counts: None,
                explain=lambda url, reason, detail: print(f"dropped: {url} {reason} {detail}"),
            )


class InlineWorkers(Workers):
    """Reads pages at once, in the thread that hands them in."""

    def __init__(self) -> None:
        self.count = 1

    def read(self, captures: Sequence[Capture], **named: object) -> "Future[list[ProcessedCapture]]":  # type: ignore[override]
        answer: Future[list[ProcessedCapture]] = Future()
        answer.set_result(read_captures_in_worker(captures))  # type: ignore[arg-type]
        return answer

    def close(self) -> None:
        pass

    stop = close


@dataclass(slots=True)
class Acknowledged:
    """An intake that writes each article down once its outcome is known, where a kill does not reach it."""

    intake: Intake
    file: Path

    def submit(self, capture: Capture) -> "Future[Outcome]":
        outcome = self.intake.submit(capture)
        outcome.add_done_callback(lambda done: self._note(capture.url, done))
        return outcome

    def _note(self, url: str, done: "Future[Outcome]") -> None:
        if not done.cancelled() and done.exception() is None and done.result().kind in ("stored", "known"):
            write_line(self.file, normalize_url(url))


def write_line(file: Path, line: str) -> None:
    """Append a line between marks, which show whether a kill or a full disk cut it short."""
    with file.open("a", encoding="utf-8") as out:
        out.write(f"\n<{line}>\n")


def lines_of(file: Path) -> set[str]:
    """The whole lines of a file."""
    lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else []
    return {line[1:-1] for line in lines if line.startswith("<") and line.endswith(">")}


def page(number: int) -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in wire_article(number).split("\n"))
    return f"<!DOCTYPE html><html><body><article><h1>Ferry {number}</h1>{paragraphs}</article></body></html>"


@contextmanager
def site_process(texts: int) -> Iterator[list[SourceEntry]]:
    """Two outlets that publish all texts, each one at both, in a process of their own."""
    reading, writing = os.pipe()

    def serve() -> None:
        with serving() as site:
            paths = [f"/story/{number}" for number in range(texts)]
            for label in ("c", "d"):
                for number, path in enumerate(paths):
                    site.put(label, path, Reply(page(number)))
            feeds = [site.put(label, "/feed", feed_reply(site, label, *paths)) for label in ("c", "d")]
            os.write(writing, json.dumps(feeds).encode() + b"\n")
            signal.pause()

    pid = forked(serve, Path(os.devnull))
    with os.fdopen(reading) as answer:
        feeds = json.loads(answer.readline())
    try:
        yield [SourceEntry(url, "feed", f"Paper {number}") for number, url in enumerate(feeds)]
    finally:
        os.close(writing)
        end(pid)


def forked(work: Callable[[], None], log: Path) -> int:
    """The pid of a child that does the work. It exits with 2 after an error that it tells in a line, 1 after others."""
    pid = os.fork()
    if pid:
        return pid
    code = 0
    try:
        out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout = sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        work()
    except OnestoryError as error:
        print(f"told: {error}", file=sys.stderr)
        code = 2
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        os._exit(code)


def end(pid: int) -> int | None:
    """Kill a child; its exit code if it had ended before."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return None if code == -signal.SIGKILL else code


def write_rows(folder: Path, texts: int) -> None:
    rows = [
        {"url": f"https://{side}.example/story/{number}", "title": f"Ferry {number}", "text": wire_article(number)}
        for number in range(texts)
        for side in ("a", "b")
    ]
    for part in range(6):
        text = "".join(json.dumps(row) + "\n" for row in rows[part::6])
        (folder / f"rows{part}.jsonl").write_text(text, encoding="utf-8")

"""Run today's extractor over kept pages and replace texts by better ones of the same content."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.reader import TruncatedArchive, read_captures
from onestory.pipelines.runtime.engine import Engine
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.outcome import Outcome
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.workers import Workers
from onestory.pipelines.versions.rewriting import attach_unattached, rewrite_versions
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.store.articles.text_replacement import ReplacementText, VersionRow, versions_by_warc_offset
from onestory.store.boilerplate import active_fingerprints
from onestory.urls import host_of

__all__ = ["ReextractCounts", "reextract"]

CHUNK = 32
CHUNKS_AHEAD = 8
HOST_SOURCES = ("robots.txt", "tdmrep.json")
_Chunk = tuple[list[tuple[Capture, VersionRow]], "Future[list[ProcessedCapture | Dropped]]"]


@dataclass(slots=True)
class ReextractCounts:
    """Counts of re-extraction: pages `read`, `changed` or the `same`, and `stored` for the first time."""

    read: int = 0
    changed: int = 0
    same: int = 0
    stored: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 done, 1 done in part, 2 nothing could be done."""
        if not self.faults:
            return 0
        return 1 if self.read else 2


def reextract(
    engine: Engine,
    paths: Sequence[str],
    *,
    workers: int,
    retry: BackendRetry,
    now: Callable[[], datetime],
    progress: Callable[[ReextractCounts], None] = lambda counts: None,
) -> ReextractCounts:
    """Run two passes: pages that versions were made from, then the others, which are imported as usual."""
    counts = ReextractCounts()
    with Workers(workers) as pool:
        again = _Again(engine, pool, retry, now)
        for chunk in _chunks(paths, counts):
            again.take(chunk, counts)
            progress(counts)
        again.finish(counts)
        retry.call(lambda: attach_unattached(engine.store, engine.index_client, now=now()))
        with Intake(engine.store, engine.index_client, workers=pool, retry=retry, clock=now) as intake:
            for capture in _rest(engine, paths):
                intake.submit(capture).add_done_callback(lambda done: _count(done, counts))
    return counts


class _Again:
    """The first pass: pages that versions were made from are read again and replaced."""

    def __init__(self, engine: Engine, workers: Workers, retry: BackendRetry, now: Callable[[], datetime]) -> None:
        self.engine = engine
        self.workers = workers
        self.retry = retry
        self.now = now
        self._under_way: deque[_Chunk] = deque()
        with engine.store.read() as connection:
            self._furniture = active_fingerprints(connection)

    def take(self, chunk: Sequence[Capture], counts: ReextractCounts) -> None:
        known = _known(self.engine, chunk)
        pairs = [
            (_with_claims(capture, known[capture.warc_offset]), known[capture.warc_offset])
            for capture in chunk
            if capture.warc_offset in known
        ]
        if pairs:
            again = [capture for capture, _ in pairs]
            self._under_way.append((pairs, self.workers.read(again, furniture=self._lines(again))))
        while len(self._under_way) > CHUNKS_AHEAD:
            self._settle(*self._under_way.popleft(), counts)

    def finish(self, counts: ReextractCounts) -> None:
        while self._under_way:
            self._settle(*self._under_way.popleft(), counts)

    def _lines(self, again: Iterable[Capture]) -> dict[str, frozenset[int]]:
        hosts = [host_of(capture.url) for capture in again]
        return {name: lines for name, lines in self._furniture.items() if any(host.endswith(name) for host in hosts)}

    def _settle(
        self,
        pairs: list[tuple[Capture, VersionRow]],
        answer: "Future[list[ProcessedCapture | Dropped]]",
        counts: ReextractCounts,
    ) -> None:
        """Replace the texts. What today's extractor drops stays stored: removing it would be a takedown."""
        new = []
        for (_, kept), read in zip(pairs, answer.result(), strict=True):
            if isinstance(read, Dropped):
                counts.dropped[read.reason] += 1
            else:
                # A title that came beside the page is in no file.
                titled = replace(read.extracted, title=read.extracted.title or kept.title)
                new.append(ReplacementText.from_capture(kept.number, replace(read, extracted=titled)))
        engine = self.engine
        changed = self.retry.call(lambda: rewrite_versions(engine.store, engine.index_client, new, now=self.now()))
        counts.changed += changed
        counts.same += len(new) - changed


def _known(engine: Engine, chunk: Sequence[Capture]) -> dict[int | None, VersionRow]:
    offsets = [capture.warc_offset for capture in chunk if capture.warc_offset is not None]
    with engine.store.read() as connection:
        found = versions_by_warc_offset(connection, chunk[0].warc_file or "", offsets)
    return dict(found.items())


def _with_claims(capture: Capture, kept: VersionRow) -> Capture:
    """The capture with the claims that came with its fetch and are not in the file."""
    facts = kept.facts
    signals = (facts.get("rights") or {}).get("signals", [])
    return replace(
        capture,
        published=facts.get("published") if facts.get("published_source") == "claim" else None,
        outlet=kept.outlet if facts.get("site_name") == kept.outlet else None,
        host_signals=tuple(
            (one["source"], one["value"], one["says"]) for one in signals if one["source"].startswith(HOST_SOURCES)
        ),
    )


def _chunks(paths: Sequence[str], counts: ReextractCounts) -> Iterator[list[Capture]]:
    """The pages of one file at a time. A torn last record is not an error."""
    for path in paths:
        chunk: list[Capture] = []
        try:
            for capture in read_captures(path):
                counts.read += 1
                if isinstance(capture, Capture):
                    chunk.append(capture)
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
        except TruncatedArchive:
            pass
        except BadInput as fault:
            counts.faults.append(str(fault))
        if chunk:
            yield chunk


def _rest(engine: Engine, paths: Sequence[str]) -> Iterator[Capture]:
    for chunk in _chunks([path for path in paths if Path(path).exists()], ReextractCounts()):
        known = _known(engine, chunk)
        yield from (capture for capture in chunk if capture.warc_offset not in known)


def _count(done: "Future[Outcome]", counts: ReextractCounts) -> None:
    if done.cancelled() or done.exception() is not None:
        return
    outcome = done.result()
    if outcome.kind == "stored":
        counts.stored += 1
    elif outcome.kind == "known":
        counts.same += 1
    else:
        counts.dropped[outcome.reason or "unknown"] += 1

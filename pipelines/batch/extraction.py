"""The first stage: the captures of all files, extracted, cleaned and signed in worker processes."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import orjson

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.reader import TruncatedArchive
from onestory.pipelines.batch.captures import capture_table
from onestory.pipelines.batch.inputs import InputFile, numbered_input
from onestory.pipelines.batch.parts import Progress, Setting
from onestory.pipelines.batch.work_folder import BatchJob, WorkFolder
from onestory.store.articles.captures import Capture, ProcessedCapture

__all__ = [
    "CAPTURES",
    "REJECTED",
    "FileReport",
    "ReadChunk",
    "extract_all",
    "rejected_reasons",
    "rejected_row",
    "rejected_rows",
]

CAPTURES, REJECTED = "captures", "rejected"
ROWS_A_PART = 2048
BYTES_A_PART = 48 << 20
ROWS_A_CHUNK, BYTES_A_CHUNK = 32, 4 << 20
CHUNKS_AHEAD = 4
MOST_DETAIL_CHARS = 500
Answers = Sequence[ProcessedCapture | Dropped]
# As `onestory.pipelines.runtime.workers.Workers.read`.
ReadChunk = Callable[[Sequence[Capture]], "Future[list[ProcessedCapture | Dropped]]"]
Found = tuple[int, Capture | Dropped]
# Called when a file was read: its path, how many captures it has, and how many were rejected, by reason.
FileReport = Callable[[str, int, Mapping[str, int]], None]


@dataclass(slots=True)
class _Part:
    """What becomes one file of captures: `taken` counts the captures that were read for it, rejected ones included."""

    name: str
    readings: list[ProcessedCapture] = field(default_factory=list)
    rejected: list[dict[str, object]] = field(default_factory=list)
    taken: int = 0
    bytes: int = 0

    @property
    def is_full(self) -> bool:
        return self.taken >= ROWS_A_PART or self.bytes >= BYTES_A_PART


@dataclass(slots=True)
class _Pace:
    """How much of the input was read: whole files by their size, the current one by its texts."""

    total: int
    before: int = 0
    chars: int = 0

    def of(self, file: InputFile, chars: int) -> float:
        """Bytes of the input, with so many characters of this file."""
        guess = 0.4 if file.path.lower().endswith((".gz", ".zst", ".wacz", ".parquet")) else 1.0
        each = self.before / self.chars if self.chars else guess
        return self.before + min(file.bytes, chars * each)

    def end(self, file: InputFile, chars: int) -> None:
        self.before += file.bytes
        self.chars += chars


def extract_all(
    job: BatchJob,
    setting: Setting,
    *,
    read: ReadChunk,
    progress: Progress,
    told: FileReport = lambda path, taken, rejected: None,
) -> None:
    """Make the parts of all files that are not there yet."""
    pace = _Pace(sum(file.bytes for file in job.inputs) or 1)
    for number, file in enumerate(job.inputs):
        stage = _FileStage(job, setting, number, file, read, progress, pace)
        if not setting.folder.has(f"read/{number:05d}"):
            told(file.path, *stage.run())
        pace.end(file, stage.chars)
        progress("reading", pace.before, pace.total)


@dataclass(slots=True)
class _FileStage:
    """One file. Chunks are read ahead of the parts that they go into, so that no worker waits."""

    job: BatchJob
    setting: Setting
    number: int
    file: InputFile
    read: ReadChunk
    progress: Progress
    pace: _Pace
    chars: int = 0
    skipped: int = 0
    taken: int = 0

    @property
    def folder(self) -> WorkFolder:
        return self.setting.folder

    def run(self) -> tuple[int, Mapping[str, int]]:
        """Read the file from its first missing part on; as for FileReport, what it has and what was rejected."""
        parts = self._complete_parts()
        found = islice(self._found(), self.skipped, None)
        pending: deque[tuple[Sequence[Found], Future[list[ProcessedCapture | Dropped]]]] = deque()
        part = self._new_part(parts)
        for chunk in _chunks(found):
            pending.append((chunk, self.read([one for _, one in chunk if isinstance(one, Capture)])))
            if len(pending) > self.setting.workers * CHUNKS_AHEAD:
                part = self._take(part, *pending.popleft())
        while pending:
            part = self._take(part, *pending.popleft())
        if part.taken:
            self._save(part)
        self.folder.write_bytes(f"read/{self.number:05d}", b"{}")
        return self.skipped + self.taken, self._rejected()

    def _rejected(self) -> Counter[str]:
        """Of all parts of the file, by reason."""
        parts = (self.folder.path / REJECTED).glob(f"{self.number:05d}-*.jsonl")
        lines = (line for part in parts for line in part.read_bytes().splitlines())
        return Counter(str(orjson.loads(line)["reason"]) for line in lines)

    def _complete_parts(self) -> int:
        parts = 0
        while self.folder.has(self._taken_name(parts)):
            self.skipped += orjson.loads((self.folder.path / self._taken_name(parts)).read_bytes())["taken"]
            parts += 1
        return parts

    def _taken_name(self, part: int) -> str:
        return f"taken/{self.number:05d}-{part:05d}"

    def _new_part(self, number: int) -> _Part:
        return _Part(f"{self.number:05d}-{number:05d}")

    def _found(self) -> Iterator[Found]:
        """The captures of the file; what ends it early is a rejected capture at its end."""
        place = 0
        try:
            for place, one in numbered_input(self.file.path, self.job.columns):
                yield place, one
        except (TruncatedArchive, BadInput) as fault:
            yield place, Dropped(self.file.path, "truncated", str(fault))

    def _take(self, part: _Part, chunk: Sequence[Found], answer: "Future[list[ProcessedCapture | Dropped]]") -> _Part:
        answers = iter(answer.result())
        for place, one in chunk:
            read = one if isinstance(one, Dropped) else next(answers)
            part.taken += 1
            self.taken += 1
            if isinstance(read, Dropped):
                part.rejected.append(rejected_row(self.file.path, place, read))
            else:
                part.readings.append(read)
                part.bytes += len(read.signature) + 2 * len(read.extracted.text)
        self.chars += sum(_bytes_of(one) for _, one in chunk)
        self.progress("reading", self.pace.of(self.file, self.chars), self.pace.total)
        if not part.is_full:
            return part
        self._save(part)
        return self._new_part(int(part.name.partition("-")[2]) + 1)

    def _save(self, part: _Part) -> None:
        self.folder.require_space(self._more_bytes())
        self.folder.write_bytes(f"{REJECTED}/{part.name}.jsonl", b"".join(map(_line, part.rejected)))
        self.folder.write_arrow(f"{CAPTURES}/{part.name}.arrow", capture_table(part.readings))
        # Last: with it the part is complete.
        self.folder.write_bytes(f"taken/{part.name}", orjson.dumps({"taken": part.taken}))

    def _more_bytes(self) -> int:
        """About what the rest of the input takes, by what was taken so far."""
        done = self.pace.of(self.file, self.chars)
        return int(2 * self.folder.bytes_used() / max(done, 1) * (self.pace.total - done))


def _chunks(found: Iterator[Found]) -> Iterator[list[Found]]:
    chunk: list[Found] = []
    size = 0
    for place, one in found:
        chunk.append((place, one))
        size += _bytes_of(one)
        if len(chunk) == ROWS_A_CHUNK or size >= BYTES_A_CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _bytes_of(one: Capture | Dropped) -> int:
    return 0 if isinstance(one, Dropped) else len(one.body or one.text or "")


def rejected_row(path: str, place: int, dropped: Dropped) -> dict[str, object]:
    """The row of a capture that cannot be used, with its place in the file."""
    told: dict[str, object] = {
        "file": path,
        "line": place,
        "reason": dropped.reason,
        "url": dropped.url[:MOST_DETAIL_CHARS],
        "detail": dropped.detail[:MOST_DETAIL_CHARS],
    }
    # Lone surrogates cannot be written.
    return {
        name: one.encode("utf-8", "replace").decode() if isinstance(one, str) else one for name, one in told.items()
    }


def _line(row: dict[str, object]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def rejected_rows(folder: WorkFolder) -> Iterator[dict[str, object]]:
    """The rows that could not be read, in the order of files and lines."""
    for name in folder.names(REJECTED):
        for line in Path(folder.path / name).read_bytes().splitlines():
            yield orjson.loads(line)


def rejected_reasons(folder: WorkFolder) -> Counter[str]:
    """How many rows were rejected, by reason."""
    return Counter(str(row["reason"]) for row in rejected_rows(folder))

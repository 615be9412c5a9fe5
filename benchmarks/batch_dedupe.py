"""The batch from files to stories: articles a second, memory of all its processes, and what a crowd costs.

    python -m benchmarks.batch_dedupe --data ../shared/data [--rows 2000,20000] [--crowd 20000] [--workers 2]
        [--peer datatrove=ENVIRONMENT/bin/python] [--peer text_dedup=...] [--peer rensa=...]

Every run is a process of its own, measured with all that it starts. F1 is over pairs of the generator's stories,
excerpts included. `--peer` names a library and the interpreter of an environment that has it: its MinHash runs over the
same rows, with its defaults. No peer has a step that looks at the texts of what it finds, or keeps evidence.
"""

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pyarrow.parquet as pq

from benchmarks.batch_rows import crowd_rows, generated_rows, texts_of, write_rows
from onestory.newsroom.batch.job import BatchOptions, run_batch
from onestory.pipelines.batch.extraction import ReadChunk
from onestory.pipelines.runtime.workers import Workers

SAMPLE_SECONDS = 1.0
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds, by the clock and of processors, and the most memory of all processes together.

    Anonymous memory is what they need; private memory has pages of mapped files too, which the system takes back when
    it needs them, and which nobody else reads; proportional memory all of these.
    """

    seconds: float
    processor_seconds: float
    anonymous_bytes: int
    private_bytes: int
    proportional_bytes: int
    printed: str


def measured(command: Sequence[str | Path]) -> Measured:
    """Run a command to its end."""
    start, before = time.perf_counter(), _processor_seconds()
    anonymous = private = proportional = 0
    used: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while True:
            try:
                printed, _ = process.communicate(timeout=SAMPLE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                own, uss, pss = _memory(process.pid, used)
                anonymous, private, proportional = max(anonymous, own), max(private, uss), max(proportional, pss)
        if process.returncode:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    _wait_for_orphans()
    # The second, to a second a process, for what was ended by others than its parent.
    processor = max(_processor_seconds() - before, sum(used.values()))
    return Measured(time.perf_counter() - start, processor, anonymous, private, proportional, printed)


def _wait_for_orphans() -> None:
    """Wait for processes whose parent ended before them, which are this process's now: so their time is counted."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _processor_seconds() -> float:
    """Of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int, used: dict[int, float]) -> tuple[int, int, int]:
    """The anonymous, private and proportional bytes of a process and of all below it.

    `used` gets the seconds of a processor that each has used so far.
    """
    anonymous = uss = pss = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            info, times = process.memory_full_info(), process.cpu_times()
            anonymous += _anonymous(process.pid)
            uss, pss = uss + info.uss, pss + info.pss
            used[process.pid] = times.user + times.system
    except (psutil.Error, OSError):
        pass  # it ended meanwhile
    return anonymous, uss, pss


def _anonymous(pid: int) -> int:
    """From smaps_rollup, see proc_pid_smaps(5)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


@contextmanager
def _workers(count: int) -> Iterator[ReadChunk]:
    with Workers(count) as pool:
        yield pool.read


def one_run(path: str, out: str, workers: int, memory: int) -> None:
    """The batch in this process; prints the seconds of each stage."""
    stages: dict[str, float] = defaultdict(float)
    last = time.perf_counter()

    def progress(stage: str, done: float, total: float | None) -> None:
        nonlocal last
        now = time.perf_counter()
        stages[stage] += now - last
        last = now

    options = BatchOptions(columns={}, workers=workers, memory=memory)
    run_batch([path], Path(out), options, as_of=AS_OF, read=_workers, progress=progress)
    print(json.dumps(stages))


def run(folder: Path, name: str, rows: Iterator[dict[str, object]], options: argparse.Namespace) -> float:
    """Prints the figures of one set; seconds of a processor a row."""
    path = write_rows(folder / f"{name}.jsonl", rows)
    command = [sys.executable, "-m", "benchmarks.batch_dedupe", "--one", path, folder / f"{name}.out"]
    found = measured([*command, "--workers", str(options.workers), "--memory", str(options.memory)])
    truth = {at: json.loads(line)["story"] for at, line in enumerate(path.open("rb"))}
    labels = _labels(folder / f"{name}.out")
    each = found.processor_seconds / len(truth)
    print(_line(name, found, len(truth), options.workers), _scores(truth, labels))
    stages = json.loads(found.printed)
    print("   ", ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items()), flush=True)
    for peer in options.peer:
        _run_peer(folder, name, path, truth, peer, options)
    return each


def _labels(out: Path) -> dict[int, str]:
    """The story of each row, which its URL numbers."""
    table = pq.read_table(out / "articles", columns=["url", "story_id"]).to_pylist()
    return {int(row["url"].rpartition("/")[2]): row["story_id"] for row in table}


def _scores(truth: dict[int, int], labels: dict[int, Hashable] | dict[int, str]) -> str:
    right = _pairs(Counter((truth[at], label) for at, label in labels.items()))
    joined = _pairs(Counter(labels.values()))
    same = _pairs(Counter(truth.values()))
    precision, recall = right / max(joined, 1), right / max(same, 1)
    return f"P {precision:.3f} R {recall:.3f} F1 {2 * precision * recall / max(precision + recall, 1e-9):.3f}"


def _pairs(counts: Counter[Hashable] | Counter[int] | Counter[str]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())


def _run_peer(
    folder: Path, name: str, path: Path, truth: dict[int, int], peer: str, options: argparse.Namespace
) -> None:
    library, _, python = peer.partition("=")
    script = Path(__file__).with_name(f"{library}_minhash.py")
    found = measured([python, script, path, folder / f"{name}.{library}", str(options.workers)])
    labels = {int(at): label for at, label in json.loads(found.printed.splitlines()[-1])}
    whole: dict[int, Hashable] = {at: labels.get(at, -1 - at) for at in truth}
    print(_line(f"  {library}", found, len(truth), options.workers), _scores(truth, whole), flush=True)


def _line(name: str, found: Measured, rows: int, workers: int) -> str:
    return (
        f"{name:16}{rows:9,} rows {found.seconds:9.1f} s {rows / found.seconds / workers:8.1f} a second a worker "
        f"{rows / found.processor_seconds:8.1f} a second of a processor "
        f"{found.anonymous_bytes / 1e6:8.0f} MB anonymous {found.private_bytes / 1e6:8.0f} MB private "
        f"{found.proportional_bytes / 1e6:8.0f} MB in all  "
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", default="20000")
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", type=int, default=2 << 30)
    parser.add_argument("--peer", action="append", default=[], metavar="LIBRARY=PYTHON")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one_run(*options.one, options.workers, options.memory)
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)
    texts = texts_of(options.data)
    with TemporaryDirectory() as place:
        folder = Path(place)
        sizes = [int(size) for size in options.rows.split(",")]
        each = [run(folder, f"rows{size}", generated_rows(texts, size), options) for size in sizes]
        print(f"time a row, the largest beside the smallest: {each[-1] / each[0]:.2f}")
        if options.crowd:
            loose = run(folder, "loose", generated_rows(texts, options.crowd, seed=3), options)
            crowd = run(folder, "crowd", crowd_rows(texts, options.crowd), options)
            print(f"a row of the crowd beside others: {crowd / loose:.2f}")


if __name__ == "__main__":
    main()

"""The batch on Spark beside the local batch over the same rows: time, memory, and what each step shuffles and spills.

    python -m benchmarks.spark_dedupe --data ../shared/data [--rows 4000,10000] [--crowd 4000] [--master 'local[2]']
        [--only-spark] [--stars 1000000]

Each engine runs as a process of its own, one after the other, and is measured with all that it starts. What Spark's
steps cost is read from its event log: seconds by the clock and of all its tasks, bytes that were shuffled and spilled.
Needs `onestory[spark]` and Java 17.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from benchmarks.batch_dedupe import AS_OF, Measured, measured
from benchmarks.batch_rows import crowd_rows, generated_rows, texts_of, write_rows

ONESTORY = str(Path(sys.executable).with_name("onestory"))
TABLES = ("articles", "stories", "matches")


@dataclass(slots=True)
class Step:
    """What the jobs of one description took."""

    seconds: float = 0.0
    task_seconds: float = 0.0
    tasks: int = 0
    written: int = 0
    read: int = 0
    spilled: int = 0

    def add(self, task: dict[str, Any]) -> None:
        told = task["Task Metrics"]
        self.tasks += 1
        self.task_seconds += (task["Task Info"]["Finish Time"] - task["Task Info"]["Launch Time"]) / 1000
        self.written += told["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        read = told["Shuffle Read Metrics"]
        self.read += read["Remote Bytes Read"] + read["Local Bytes Read"]
        self.spilled += told["Disk Bytes Spilled"]


def steps_of(log: Path) -> dict[str, Step]:
    """The steps of an application by their description, in the order in which they began."""
    steps: dict[str, Step] = {}
    running: dict[int, tuple[str, int]] = {}
    until: dict[str, int] = {}
    names: dict[int, str] = {}
    for line in log.open("rb"):
        event = json.loads(line)
        match event["Event"]:
            case "SparkListenerJobStart":
                name = event["Properties"].get("spark.job.description", "other")
                running[event["Job ID"]] = (name, event["Submission Time"])
                steps.setdefault(name, Step())
                names |= dict.fromkeys(event["Stage IDs"], name)
            case "SparkListenerJobEnd":
                # Jobs of one step run beside each other.
                name, start = running.pop(event["Job ID"])
                start, end = max(start, until.get(name, 0)), event["Completion Time"]
                steps[name].seconds += max(0, end - start) / 1000
                until[name] = max(end, start)
            case "SparkListenerTaskEnd" if event.get("Task Metrics"):
                steps[names[event["Stage ID"]]].add(event)
    return steps


def run_local(path: Path, out: Path, workers: int) -> Measured:
    command = [sys.executable, "-m", "benchmarks.batch_dedupe", "--one", path, out, "--workers", str(workers)]
    return measured(command)


def run_spark(path: Path, out: Path, log: Path, options: argparse.Namespace) -> Measured:
    log.mkdir()
    settings = {"eventLog.enabled": "true", "eventLog.dir": log.as_uri(), "eventLog.rolling.enabled": "false"}
    settings["eventLog.compress"] = "false"
    told = " ".join(f"--conf spark.{name}={value}" for name, value in settings.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{told} {options.conf} pyspark-shell"
    command = [ONESTORY, "dedupe", path, out, "--engine", "spark", "--master", options.master]
    return measured([*command, "--as-of", AS_OF.isoformat()])


def compare(folder: Path, name: str, rows: Iterator[dict[str, object]], options: argparse.Namespace) -> None:
    """Prints the figures of both engines on one set."""
    path = write_rows(folder / f"{name}.jsonl", rows)
    count = sum(1 for _ in path.open("rb"))
    print(f"{name}: {count:,} rows of {path.stat().st_size / count:,.0f} bytes", flush=True)
    local = None
    if not options.only_spark:
        local = run_local(path, folder / f"{name}.local", options.workers)
        _tell("local", local, count)
        stages = json.loads(local.printed)
        print("   ", ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items()), flush=True)
    log = folder / f"{name}.events"
    spark = run_spark(path, folder / f"{name}.spark", log, options)
    _tell(options.master, spark, count)
    _tell_steps(steps_of(next(log.iterdir())), count)
    if local is not None:
        same = all(is_same(folder / f"{name}.local", folder / f"{name}.spark", table) for table in TABLES)
        clock, processor = spark.seconds / local.seconds, spark.processor_seconds / local.processor_seconds
        print(
            f"    beside local: {clock:.2f} by the clock, {processor:.2f} of a processor, the same rows: {same}",
            flush=True,
        )
    for part in ("local", "spark", "events"):
        shutil.rmtree(folder / f"{name}.{part}", ignore_errors=True)


def is_same(one: Path, other: Path, table: str) -> bool:
    """Whether the rows of a table are the same, in the same order."""
    batches = (pq.ParquetDataset(folder / table).read().to_batches(max_chunksize=1000) for folder in (one, other))
    ones, others = ((row for batch in found for row in batch.to_pylist()) for found in batches)
    return all(a == b for a, b in zip(ones, others, strict=True))


def tell_stars(folder: Path, count: int, master: str) -> None:
    """Prints the time that large-star and small-star take over this many edges: small stories, a chain and a crowd."""
    from onestory.newsroom.batch.spark_job import open_spark  # noqa: PLC0415 - the other modes start it apart
    from onestory.pipelines.batch.spark.frames import connected_components  # noqa: PLC0415

    spark = open_spark(master)
    number = f"CASE WHEN id < {count // 10} THEN 0 WHEN id % 5 = 0 THEN id - 5 ELSE id - id % 5 END"
    ends = (f"unhex(lpad(hex({one}), 24, '0'))" for one in (f"CASE WHEN id % 1000 = 0 THEN 0 ELSE {number} END", "id"))
    edges = spark.range(1, count + 1).selectExpr(
        *(f"{end} AS {name}" for end, name in zip(ends, ("one", "other"), strict=True))
    )
    start = time.perf_counter()
    found = connected_components(edges, work=str(folder), edges_a_task=0).count()
    rounds = len(list(folder.glob("edges-*"))) - 1
    print(f"{count:,} edges: {rounds} rounds, {time.perf_counter() - start:.1f} s, {found:,} members found")
    spark.stop()


def _tell(name: str, found: Measured, rows: int) -> None:
    print(
        f"  {name}: {found.seconds:.1f} s, {1000 * found.processor_seconds / rows:.2f} ms of a processor a row, "
        f"{found.private_bytes / 1e6:,.0f} MB private, {found.proportional_bytes / 1e6:,.0f} MB in all",
        flush=True,
    )


def _tell_steps(steps: dict[str, Step], rows: int) -> None:
    whole = Step()
    for name, step in steps.items():
        _tell_step(name, step, rows)
        for field in Step.__slots__:
            setattr(whole, field, getattr(whole, field) + getattr(step, field))
    _tell_step("all", whole, rows)


def _tell_step(name: str, step: Step, rows: int) -> None:
    print(
        f"    {name:24}{step.seconds:8.1f} s {step.task_seconds:8.1f} s of {step.tasks:5} tasks, "
        f"shuffled {step.written / rows:8,.0f} bytes a row, read {step.read / rows:8,.0f}, "
        f"spilled {step.spilled / 1e6:7,.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", default="4000")
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--conf", default="", help="further options of spark-submit")
    parser.add_argument("--only-spark", action="store_true")
    parser.add_argument("--stars", type=int, default=0, help="edges whose components the stars find")
    options = parser.parse_args()
    if shutil.which("java") is None:
        sys.exit("this needs Java 17")
    texts = texts_of(options.data)
    with TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        for size in filter(None, map(int, options.rows.split(","))):
            compare(Path(place), f"rows{size}", generated_rows(texts, size), options)
        if options.stars:
            tell_stars(Path(place), options.stars, options.master)
        if options.crowd:
            compare(Path(place), "crowd", crowd_rows(texts, options.crowd), options)


if __name__ == "__main__":
    main()

"""The batch on a standalone cluster of Spark, a master and two workers on loopback, beside the local batch.

    python -m benchmarks.spark_cluster --data ../shared/data [--rows 2000] [--crowd 500]

The rows hold one story of `--crowd` copies beside the others. Every table has to be the same as that of the local
batch; then once more, with an executor that is killed in the middle of the job. Needs `onestory[spark]` and Java 17.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pyarrow.parquet as pq
import pyspark

from benchmarks.batch_rows import crowd_rows, generated_rows, texts_of, write_rows

SPARK = Path(pyspark.__file__).parent
ONESTORY = str(Path(sys.executable).with_name("onestory"))
AS_OF = "2026-06-01T00:00:00Z"
TABLES = ("articles", "stories", "matches")
LONGEST_SECONDS = 3600
ENVIRONMENT = {
    **os.environ,
    "SPARK_HOME": str(SPARK),
    "SPARK_LOCAL_IP": "127.0.0.1",
    "PYSPARK_PYTHON": sys.executable,
    # Of a session that the command makes: two executors, which have to fit a small machine.
    "PYSPARK_SUBMIT_ARGS": "--conf spark.executor.memory=1g --conf spark.driver.host=127.0.0.1 pyspark-shell",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The address of a master, and its two workers."""
    port = free_port()
    address = f"spark://127.0.0.1:{port}"
    started = [
        _start(folder, "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port()))
    ]
    try:
        for number in range(2):
            _wait_for(folder / "master.log", "Starting Spark master")
            place = ["--work-dir", str(folder / f"work{number}"), "--webui-port", str(free_port())]
            started.append(
                _start(
                    folder, "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1500m", *place, address
                )
            )
        yield address, [psutil.Process(one.pid) for one in started[1:]]
    finally:
        for one in reversed(started):
            one.send_signal(signal.SIGTERM)
        for one in started:
            one.wait(timeout=60)


def _start(folder: Path, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
    with (folder / f"{name.partition('.')[0]}.log").open("ab") as log:
        command = [SPARK / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", *arguments]
        return subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT)


def _wait_for(log: Path, words: str) -> None:
    give_up = time.monotonic() + 60
    while not log.exists() or words not in log.read_text(errors="replace"):
        if time.monotonic() > give_up:
            raise TimeoutError(f"{log} does not say {words!r}")
        time.sleep(0.2)


def spark_batch(rows: Path, out: Path, master: str) -> "subprocess.Popen[bytes]":
    command = [ONESTORY, "dedupe", rows, out, "--engine", "spark", "--master", master, "--as-of", AS_OF]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT)


def ended(job: "subprocess.Popen[bytes]") -> None:
    _, told = job.communicate(timeout=LONGEST_SECONDS)
    if job.returncode:
        raise RuntimeError(f"the job ended with {job.returncode}: {told.decode(errors='replace')[-2000:]}")


def is_executor(process: psutil.Process) -> bool:
    try:
        return "CoarseGrainedExecutorBackend" in " ".join(process.cmdline())
    except psutil.Error:
        return False  # it ended meanwhile


def kill_an_executor(workers: list[psutil.Process], work: Path, job: "subprocess.Popen[bytes]") -> str:
    """Kill an executor once the first step of the job is written; what was killed when."""
    while job.poll() is None:
        steps = [path.parent.name for path in work.glob("*/_SUCCESS")]
        found = [one for worker in workers for one in worker.children(recursive=True) if is_executor(one)]
        if steps and found:
            found[0].send_signal(signal.SIGKILL)
            return f"an executor was killed behind {', '.join(steps)}"
        time.sleep(0.1)
    return "the job ended before an executor could be killed"


def is_same(one: Path, other: Path) -> bool:
    """Whether the rows of all tables are the same, in the same order."""
    return all(pq.read_table(one / table).to_pylist() == pq.read_table(other / table).to_pylist() for table in TABLES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--crowd", type=int, default=500)
    options = parser.parse_args()
    if shutil.which("java") is None:
        sys.exit("this needs Java 17")
    texts = texts_of(options.data)
    with TemporaryDirectory() as place:
        folder = Path(place)
        copies = ({**row, "url": f"{row['url']}/copy"} for row in crowd_rows(texts, options.crowd))
        rows = write_rows(folder / "rows.jsonl", chain(generated_rows(texts, options.rows), copies))
        start = time.perf_counter()
        command = [ONESTORY, "dedupe", rows, folder / "local", "--as-of", AS_OF]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"local: {time.perf_counter() - start:.0f} s", flush=True)
        with cluster(folder) as (master, workers):
            start = time.perf_counter()
            ended(spark_batch(rows, folder / "whole", master))
            same = is_same(folder / "local", folder / "whole")
            print(f"cluster: {time.perf_counter() - start:.0f} s, the same rows: {same}", flush=True)
            start = time.perf_counter()
            job = spark_batch(rows, folder / "killed", master)
            told = kill_an_executor(workers, folder / "killed.partial" / ".work", job)
            ended(job)
            same = is_same(folder / "local", folder / "killed")
            print(f"cluster: {time.perf_counter() - start:.0f} s, {told}, the same rows: {same}", flush=True)


if __name__ == "__main__":
    main()

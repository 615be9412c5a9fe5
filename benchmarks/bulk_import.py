"""An import of texts beside an import of their stories from a batch, into new stores, in one run.

    python -m benchmarks.bulk_import --data ../shared/data [--rows 4000] [--url postgresql://…/{name}]

Seconds by the clock and of processors, of the command with its worker processes; the index server's are not in them.
Start-up is measured with one row, and taken off.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.batch_rows import generated_rows, texts_of, write_rows

ONESTORY = str(Path(sys.executable).with_name("onestory"))


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and of processors."""

    clock: float
    processor: float

    def without(self, start: "Cost") -> "Cost":
        return Cost(self.clock - start.clock, self.processor - start.processor)


def run(arguments: Sequence[str | Path], home: Path, url: str | None) -> Cost:
    environment = {**os.environ, **({"ONESTORY_DATABASE_URL": url.format(name=home.name)} if url else {})}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([ONESTORY, *arguments, "--home", home], check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - start, used)


def dedupe(rows: Path, out: Path) -> Path:
    subprocess.run([ONESTORY, "dedupe", rows, out, "--keep-store"], check=True, stdout=subprocess.DEVNULL)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--url", help="Of PostgreSQL; {name} is that of a database, which has to be there.")
    options = parser.parse_args()
    with TemporaryDirectory() as place:
        folder, texts = Path(place), texts_of(options.data)
        one = write_rows(folder / "one.jsonl", generated_rows(texts, 1))
        rows = write_rows(folder / "rows.jsonl", generated_rows(texts, options.rows))
        ways = {
            "import": (["import", "--no-learn", one], ["import", "--no-learn", rows]),
            "import --stories": (
                ["import", "--no-learn", "--stories", dedupe(one, folder / "out1")],
                ["import", "--no-learn", "--stories", dedupe(rows, folder / "out")],
            ),
        }
        found = {}
        for at, (name, (start, whole)) in enumerate(ways.items()):
            idle = run(start, folder / f"start{at}", options.url)
            found[name] = cost = run(whole, folder / f"home{at}", options.url).without(idle)
            print(
                f"{name:18} {options.rows / cost.clock:8.1f} articles a second, "
                f"{1000 * cost.processor / options.rows:6.2f} ms of a processor each",
                flush=True,
            )
        plain, bulk = found.values()
        print(
            f"by the clock {plain.clock / bulk.clock:.1f} times, of processors {plain.processor / bulk.processor:.1f}"
        )


if __name__ == "__main__":
    main()

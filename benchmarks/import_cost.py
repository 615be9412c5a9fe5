"""What reading real pages costs: processor time, busy cores, memory; trafilatura alone beside it, in the same run.

    python benchmarks/import_cost.py --data ../shared/data [--passes 4]

Each pass has every page under a URL of its own. Start-up is measured with one page, and taken off.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from onestory.pipelines.archive.reader import read_captures
from onestory.store.articles.captures import Capture

ONESTORY = str(Path(sys.executable).with_name("onestory"))
# As many processes as we use: two busy threads of one core cost each other time that one alone does not pay.
PEER = """
import json, os, sys
from trafilatura import bare_extraction
lines, processes = sys.stdin.readlines(), int(sys.argv[1])
children = []
for _ in range(processes - 1):
    children.append(os.fork())
    if children[-1] == 0:
        break
first = children.index(0) + 1 if 0 in children else 0
for line in lines[first::processes]:
    bare_extraction(json.loads(line)["html"], with_metadata=True)
if 0 not in children:
    for child in children:
        os.waitpid(child, 0)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command with all its processes: seconds of processor and wall, the highest PSS in bytes."""

    cpu: float
    wall: float
    pss: int


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=4)
    options = parser.parse_args()
    found = read_captures(str(options.data / "extraction" / "pages.warc.gz"))
    pages = [page for page in found if isinstance(page, Capture)]
    with tempfile.TemporaryDirectory(prefix="one-") as folder:
        one, many = Path(folder) / "one.jsonl", Path(folder) / "many.jsonl"
        _write(one, pages[:1], 1)
        _write(many, pages, options.passes)
        _table(len(pages) * options.passes, one, many, Path(folder))


def _table(pages: int, one: Path, many: Path, folder: Path) -> None:
    cores = os.cpu_count() or 1
    commands: dict[str, Callable[[Path], Sequence[str]]] = {
        f"bare_extraction(with_metadata=True), {cores} processes": lambda rows: [
            sys.executable,
            "-c",
            PEER,
            str(cores),
        ],
        "the same, 1 process": lambda rows: [sys.executable, "-c", PEER, "1"],
        "onestory extract --jsonl": lambda rows: [ONESTORY, "extract", "--jsonl", "-"],
        "onestory import": lambda rows: [ONESTORY, "import", "-", "--home", str(folder / rows.stem)],
    }
    print(f"{pages} pages, {cores} cores")
    print(f"{'command':<52}{'start-up s':>11}{'cpu s':>8}{'ratio':>7}{'wall s':>8}{'busy':>6}{'PSS MB':>8}")
    peer = 0.0
    for name, command in commands.items():
        start, whole = _measure(command(one), one), _measure(command(many), many)
        cpu, wall = whole.cpu - start.cpu, whole.wall - start.wall
        peer = peer or cpu
        print(
            f"{name:<52}{start.cpu:>11.1f}{cpu:>8.1f}{cpu / peer:>7.2f}{wall:>8.1f}"
            f"{cpu / wall / cores:>6.0%}{whole.pss / 1e6:>8.0f}",
            flush=True,
        )


def _write(path: Path, pages: Sequence[Capture], passes: int) -> None:
    with path.open("w") as file:
        for number in range(passes):
            for page in pages:
                html = (page.body or b"").decode("utf-8", "replace")
                file.write(json.dumps({"url": f"{page.url}?pass={number}", "html": html}) + "\n")


def _measure(command: Sequence[str], rows: Path) -> Cost:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with rows.open("rb") as stdin, subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL) as process:
        peak = _Peak(process.pid)
        process.wait()
        peak.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(cpu, time.monotonic() - started, peak.bytes)


class _Peak:
    """The highest proportional set size of a process and its descendants, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.bytes = max(self.bytes, sum(_pss(pid) for pid in _family(self._pid)))


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            tasks = [entry.name for entry in Path(f"/proc/{parent}/task").iterdir()]
            for task in tasks:
                children += Path(f"/proc/{parent}/task/{task}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in dict.fromkeys(children) if int(child) not in found]
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()

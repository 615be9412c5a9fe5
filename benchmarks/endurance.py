"""Killed, raced, replayed and shuffled: does an import still end in the same stories?

    python benchmarks/endurance.py --data ../shared/data [--quick]

Everything goes through the command line, as an operator would: real processes, real `kill -9`.
"""

import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers import postgres_server  # noqa: E402

ONESTORY = [str(Path(sys.executable).with_name("onestory"))]
FETCHED = "2026-03-01T12:00:00Z"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    options = parser.parse_args()
    rows = _rows(options.data / "dedupe" / "syndication_dev.jsonl.gz")
    share = 10 if options.quick else 1
    print(f"{'check':<58}{'asked':>8}{'passed':>8}")
    shuffles, kills, crashes, pairs = max(2, 5 // share), 20 // share, 10 // share, 1000 // share
    some = rows[: max(300, 1500 // share)]
    _report("shuffled imports with identical partitions", shuffles, _shuffled(rows[::share], shuffles))
    _report("imports killed with kill -9, same dump in the end", kills, _killed(some, kills))
    _report("imports with Redis killed with kill -9, same dump", crashes, _redis_killed(some, crashes))
    _report("pairs imported by 4 processes at once, SQLite", pairs, _raced(rows, pairs, None))
    with postgres_server() as server, server.database() as url:
        _report("pairs imported by 4 processes at once, PostgreSQL", pairs, _raced(rows, pairs, url))


def _report(check: str, asked: int, passed: int) -> None:
    print(f"{check:<58}{asked:>8}{passed:>8}{'' if passed == asked else '   NOT ALL'}", flush=True)


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        found = [json.loads(line) for line in file]
    return [{key: row[key] for key in ("url", "title", "text", "outlet")} | {"fetched": FETCHED} for row in found]


def _shuffled(rows: Sequence[Mapping[str, Any]], times: int) -> int:
    """How many of the imports agree with the first."""
    partitions = []
    for seed in range(times):
        mixed = list(rows)
        random.Random(seed).shuffle(mixed)
        with _home() as home:
            _import(home, _file(home, mixed))
            partitions.append(_partition(home))
    return sum(partition == partitions[0] for partition in partitions)


def _killed(rows: Sequence[Mapping[str, Any]], times: int) -> int:
    """One import, killed again and again at random moments of its life, then run to the end: as often as asked."""
    with _home() as home:
        started = time.monotonic()
        _import(home, _file(home, rows))
        life = time.monotonic() - started
        expected = _dump(home)
    pick, agreed = random.Random(1), 0
    for _ in range(times):
        with _home() as home:
            path = _file(home, rows)
            process = _start(home, path)
            time.sleep(pick.uniform(0.1, life))
            process.kill()
            process.wait()
            _import(home, path)
            agreed += _dump(home) == expected
    return agreed


def _redis_killed(rows: Sequence[Mapping[str, Any]], times: int) -> int:
    with _home() as home:
        started = time.monotonic()
        _import(home, _file(home, rows))
        life = time.monotonic() - started
        expected = _dump(home)
    pick, agreed = random.Random(2), 0
    for _ in range(times):
        with _home() as home:
            path = _file(home, rows)
            process = _start(home, path)
            time.sleep(pick.uniform(life * 0.3, life))
            for pid in _servers(home):
                os.kill(pid, signal.SIGKILL)
            process.wait()
            _import(home, path)
            agreed += _dump(home) == expected
    return agreed


def _servers(home: Path) -> list[int]:
    """The Redis processes of this home, by what they were started with."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                folder = (entry / "cwd").resolve()
            except OSError:
                continue
            is_server = command.split(b"\0")[0].rsplit(b"/")[-1].startswith((b"valkey-server", b"redis-server"))
            if is_server and (folder.is_relative_to(home) or str(home).encode() in command):
                found.append(int(entry.name))
    return found


def _raced(rows: Sequence[Mapping[str, Any]], pairs: int, database_url: str | None) -> int:
    """Both halves of each pair at the same moments, in four processes; how many pairs are one story."""
    originals = [row for row in rows if len(row["text"].split()) > 200][:pairs]
    twins = [row | {"url": row["url"] + "/twin", "outlet": "twin.example"} for row in originals]
    halves = [originals[0::2], twins[0::2], originals[1::2], twins[1::2]]
    with _home() as home:
        env = {"ONESTORY_DATABASE_URL": database_url} if database_url else {}
        files = [_file(home, half, name=f"half{number}.jsonl") for number, half in enumerate(halves)]
        processes = [_start(home, path, env=env) for path in files]
        codes = [process.wait() for process in processes]
        if any(codes):
            raise SystemExit(f"imports at the same moments ended with {codes}")
        story_of = {row["url"]: row["story_id"] for row in _dumped(home, "articles", env=env)}
    return sum(story_of[row["url"]] == story_of[row["url"] + "/twin"] for row in originals)


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="one-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _file(home: Path, rows: Sequence[Mapping[str, Any]], *, name: str = "rows.jsonl") -> Path:
    path = home / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _start(home: Path, path: Path, *, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    command = [*ONESTORY, "import", "--home", str(home / "data"), str(path)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})}
    )


def _import(home: Path, path: Path) -> None:
    if _start(home, path).wait() != 0:
        raise SystemExit(f"the import of {path} failed")


def _dumped(home: Path, rows: str, *, env: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    command = [*ONESTORY, "dump", "-", "--rows", rows, "--home", str(home / "data")]
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **(env or {})})
    return [json.loads(line) for line in done.stdout.splitlines()]


def _partition(home: Path) -> set[frozenset[str]]:
    return {frozenset(copy["url"] for copy in row["copies"]) for row in _dumped(home, "stories")}


def _dump(home: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both tables, with each story named by the smallest id of its articles."""
    stories = _dumped(home, "stories")
    names = {row["id"]: min(copy["article_id"] for copy in row["copies"]) for row in stories}
    articles = [row | {"story_id": names[row["story_id"]]} for row in _dumped(home, "articles")]
    return articles, sorted((row | {"id": names[row["id"]]} for row in stories), key=lambda row: str(row["id"]))


if __name__ == "__main__":
    main()

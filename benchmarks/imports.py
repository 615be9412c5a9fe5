"""Imports as an operator runs them, for the benchmarks that disturb them: real processes on a home of their own."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = [
    "dump_of",
    "dumped",
    "fresh_home",
    "partition_of",
    "redis_processes",
    "rows_file",
    "run_command",
    "run_import",
    "start_import",
    "text_rows",
]

ONESTORY = [str(Path(sys.executable).with_name("onestory"))]
FETCHED = "2026-03-01T12:00:00Z"
Rows = Sequence[Mapping[str, Any]]


def text_rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        found = [json.loads(line) for line in file]
    return [{key: row[key] for key in ("url", "title", "text", "outlet")} | {"fetched": FETCHED} for row in found]


@contextmanager
def fresh_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="one-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def rows_file(home: Path, rows: Rows, *, name: str = "rows.jsonl") -> Path:
    path = home / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def start_import(home: Path, path: Path, *, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    command = [*ONESTORY, "import", "--home", str(home / "data"), str(path)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_with(env))


def _with(env: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(env or {})}


def run_import(home: Path, path: Path, *, env: Mapping[str, str] | None = None) -> None:
    if start_import(home, path, env=env).wait() != 0:
        raise SystemExit(f"the import of {path} failed")


def run_command(home: Path, words: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
    command = [*ONESTORY, *words, "--home", str(home / "data")]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env=_with(env))


def dumped(home: Path, rows: str, *, env: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    command = [*ONESTORY, "dump", "-", "--rows", rows, "--home", str(home / "data")]
    done = subprocess.run(command, capture_output=True, check=True, env=_with(env))
    return [json.loads(line) for line in done.stdout.splitlines()]


def partition_of(home: Path) -> set[frozenset[str]]:
    return {frozenset(copy["url"] for copy in row["copies"]) for row in dumped(home, "stories")}


def dump_of(home: Path, *, env: Mapping[str, str] | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both tables, with each story named by the smallest id of its articles."""
    stories = dumped(home, "stories", env=env)
    names = {row["id"]: min(copy["article_id"] for copy in row["copies"]) for row in stories}
    articles = [row | {"story_id": names[row["story_id"]]} for row in dumped(home, "articles", env=env)]
    return articles, sorted((row | {"id": names[row["id"]]} for row in stories), key=lambda row: str(row["id"]))


def redis_processes(home: Path) -> list[int]:
    """The Redis processes of this home, by what they were started with."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                folder = (entry / "cwd").resolve()
            except OSError:
                continue
            # A server writes its address behind its name, into what was its first argument.
            name = command.split(b"\0")[0].split(b" ")[0].rsplit(b"/")[-1]
            is_server = name.startswith((b"valkey-server", b"redis-server"))
            if is_server and (folder.is_relative_to(home) or str(home).encode() in command):
                found.append(int(entry.name))
    return found

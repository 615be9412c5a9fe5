"""Eight imports at once, of which somebody always dies: is any article lost, or any story split?

    python -m benchmarks.siege --data ../shared/data [--rounds 50] [--seed 1]

A round is one `kill -9`: of one of eight `onestory import` processes on the same home, or of its Redis. A process that
was killed is started again with the same file, as an operator would do. When all eight have ended, the stories must be
those of an import that nobody disturbed, and `onestory reindex` must change nothing; then the next home begins, until
there were as many rounds as asked, on SQLite and on PostgreSQL.
"""

import argparse
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.imports import (
    Rows,
    dump_of,
    fresh_home,
    redis_processes,
    rows_file,
    run_command,
    run_import,
    start_import,
    text_rows,
)
from tests.servers import postgres_server

PROCESSES = 8
REDIS_SHARE = 0.25
PAUSE_SECONDS = (0.3, 2.0)
Env = Mapping[str, str]


@dataclass(slots=True)
class Tally:
    """What the rounds so far came to; `wrong` says in words what was not as it should be."""

    rounds: int = 0
    redis_rounds: int = 0
    homes: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=50, help="on each database")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = text_rows(options.data / "dedupe" / "syndication_dev.jsonl.gz")
    chance = random.Random(options.seed)
    expected = undisturbed(rows)
    print(f"{'database':<14}{'rounds':>8}{'of Redis':>10}{'homes':>8}{'wrong':>8}")
    with postgres_server() as server:
        for name in ("SQLite", "PostgreSQL"):
            tally = Tally()
            while tally.rounds < options.rounds:
                if name == "SQLite":
                    besiege(rows, expected, options.rounds, tally, chance=chance, env={})
                else:
                    with server.database() as url:
                        env = {"ONESTORY_DATABASE_URL": url}
                        besiege(rows, expected, options.rounds, tally, chance=chance, env=env)
            print(f"{name:<14}{tally.rounds:8}{tally.redis_rounds:10}{tally.homes:8}{len(tally.wrong):8}", flush=True)
            for fault in tally.wrong:
                print(f"  {fault}")


def undisturbed(rows: Rows) -> dict[str, str]:
    """The story of each URL, named by its smallest article id."""
    with fresh_home() as home:
        run_import(home, rows_file(home, rows))
        return stories_of(home, {})


def stories_of(home: Path, env: Env) -> dict[str, str]:
    articles, _ = dump_of(home, env=env)
    return {row["url"]: row["story_id"] for row in articles}


def besiege(
    rows: Rows, expected: Mapping[str, str], most: int, tally: Tally, *, chance: random.Random, env: Env
) -> None:
    """One home, from empty to full."""
    mixed = list(rows)
    chance.shuffle(mixed)
    with fresh_home() as home:
        files = [rows_file(home, mixed[at::PROCESSES], name=f"part{at}.jsonl") for at in range(PROCESSES)]
        under_way = {path: start_import(home, path, env=env | {"ONESTORY_WORKERS": "1"}) for path in files}
        while under_way:
            time.sleep(chance.uniform(*PAUSE_SECONDS))
            settle(under_way, tally)
            if under_way and tally.rounds < most:
                strike(home, under_way, tally, chance=chance, env=env)
        tally.homes += 1
        judge(home, expected, tally, env=env)


def settle(under_way: dict[Path, "subprocess.Popen[bytes]"], tally: Tally) -> None:
    """Takes out what has ended; an import that nobody killed must have ended well."""
    for path, process in list(under_way.items()):
        code = process.poll()
        if code is not None:
            del under_way[path]
            if code:
                tally.wrong.append(f"home {tally.homes}: the import of {path.name} ended with {code}")


def strike(
    home: Path, under_way: dict[Path, "subprocess.Popen[bytes]"], tally: Tally, *, chance: random.Random, env: Env
) -> None:
    """One round. Who has a worker is at work, and not still starting."""
    tally.rounds += 1
    servers = redis_processes(home)
    if servers and chance.random() < REDIS_SHARE:
        tally.redis_rounds += 1
        for pid in servers:
            os.kill(pid, signal.SIGKILL)
        return
    at_work = [path for path, process in under_way.items() if has_children(process.pid)]
    path = chance.choice(at_work or list(under_way))
    under_way[path].kill()
    under_way[path].wait()
    under_way[path] = start_import(home, path, env=env | {"ONESTORY_WORKERS": "1"})


def has_children(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().strip())
    except OSError:
        return False


def judge(home: Path, expected: Mapping[str, str], tally: Tally, *, env: Env) -> None:
    found = stories_of(home, env)
    compare("an undisturbed import", expected, found, tally)
    run_command(home, ["reindex"], env=env)
    run_import(home, home / "part0.jsonl", env=env)
    compare("before reindex", found, stories_of(home, env), tally)


def compare(what: str, expected: Mapping[str, str], found: Mapping[str, str], tally: Tally) -> None:
    lost = expected.keys() - found.keys()
    elsewhere = differing(expected, found)
    if lost or elsewhere:
        tally.wrong.append(
            f"home {tally.homes}, beside {what}: {len(lost)} articles lost, {len(elsewhere)} in another story,"
            f" for example {sorted(lost or elsewhere)[:3]}"
        )


def differing(expected: Mapping[str, str], found: Mapping[str, str]) -> Sequence[str]:
    return [url for url, story in found.items() if expected.get(url) != story]


if __name__ == "__main__":
    main()

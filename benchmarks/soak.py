"""A week of many outlets, crawled by three processes of which one is killed every day: is anything lost or done twice?

    python benchmarks/soak.py [--sqlite] [--quick]

The week is simulated: a clock that all processes share runs as fast as they keep up with. The outlets are a real
server on loopback, and its own log is the judge. 200 sources on 50 hosts, 10,000 articles; `--quick` is a tenth of it.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers import postgres_server, short_folder  # noqa: E402
from tests.site.soak_judge import Check, judge  # noqa: E402
from tests.site.soak_run import Soaked, soak  # noqa: E402
from tests.site.soak_site import asked_of  # noqa: E402
from tests.site.soak_world import DAY, TENTH, Plan  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="is not needed: the articles are made up")
    parser.add_argument("--sqlite", action="store_true", help="the store is SQLite, not PostgreSQL")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    options = parser.parse_args()
    plan = TENTH if options.quick else Plan()
    with short_folder() as home, _database(home, is_sqlite=options.sqlite) as url:
        started = time.monotonic()
        with soak(plan, url, home, tell=_tell) as soaked:
            print(file=sys.stderr)
            checks = judge(soaked)
            _print(soaked, checks, minutes=(time.monotonic() - started) / 60)
    raise SystemExit(not all(check.is_good for check in checks))


@contextmanager
def _database(home: Path, *, is_sqlite: bool) -> Iterator[str]:
    if is_sqlite:
        yield f"sqlite:///{home / 'onestory.db'}"
        return
    with postgres_server() as server, server.database() as url:
        yield url


def _tell(line: str) -> None:
    print(f"\r{line:<100}", end="", file=sys.stderr, flush=True)


def _print(soaked: Soaked, checks: list[Check], *, minutes: float) -> None:
    plan, store = soaked.world.plan, soaked.store.dialect
    print(f"{plan.sources} sources on {plan.hosts} hosts, {plan.articles} articles, {plan.days:g} days, on {store}")
    kills = ", ".join(f"{kill / DAY:.1f}" for kill in soaked.kills)
    print(f"{len(soaked.kills)} kills, on days {kills}; {minutes:.0f} min")
    print("requests: " + ", ".join(f"{number} {kind}" for kind, number in sorted(asked_of(soaked.site.log).items())))
    print(f"{'check':<58}{'asked':>8}{'passed':>8}")
    for check in checks:
        print(f"{check.what:<58}{check.asked:>8}{check.passed:>8}{'' if check.is_good else '   NOT ALL'}")
        for failed in check.failed:
            print(f"    {failed}")


if __name__ == "__main__":
    main()

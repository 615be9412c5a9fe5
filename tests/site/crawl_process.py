"""A crawl as a process: DATABASE_URL HOME|- [PACE FIELD=VALUE …] [clock=FILE]. It is started by tests that kill it.

With a clock it goes by that, at the usual pace, until it is told to stop; without one it ends by itself.
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from onestory.crawler.backoff import RateLimits
from onestory.crawler.clock import Clock, SystemClock
from onestory.crawler.context import CaptureSink
from onestory.crawler.crawl import crawl
from onestory.store.database import Store
from tests.site.crawling import ALLOW, QUICK, RecordingSink
from tests.site.driven_clock import DrivenClock


def main(database_url: str, home: str, *options: str) -> None:
    given = dict(option.split("=", 1) for option in options)
    driven = DrivenClock(Path(given.pop("clock"))) if "clock" in given else None
    rate_limits = replace(RateLimits() if driven else QUICK, **{name: float(value) for name, value in given.items()})
    clock: Clock = driven or SystemClock()

    def run(store: Store, sink: CaptureSink) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        crawl(store, sink, once=driven is None, rate_limits=rate_limits, allow_private=ALLOW, clock=clock)

    if home == "-":
        store = Store.open(database_url)
        run(store, RecordingSink())
        store.close()
        return
    from onestory.config import Config
    from onestory.pipelines.runtime.engine import open_engine
    from onestory.pipelines.runtime.intake import Intake
    from onestory.pipelines.runtime.retry import BackendRetry
    from onestory.pipelines.runtime.workers import Workers

    config = Config.read({"ONESTORY_DATABASE_URL": database_url}, home=Path(home))
    with (
        open_engine(config) as engine,
        Workers(1) as workers,
        Intake(engine.store, engine.index_client, workers=workers, retry=BackendRetry(), clock=clock.now) as intake,
    ):
        run(engine.store, intake)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A crawl as a process: DATABASE_URL HOME|- [PACE FIELD=VALUE …]. It is started by tests that kill it."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from crawler.runner import crawl
from store.database import Store
from tests.site.crawling import ALLOW, QUICK, NotingDoor


def main(database_url: str, home: str, *options: str) -> None:
    changes = {name: float(value) for name, value in (option.split("=") for option in options)}
    pace = replace(QUICK, **changes)
    if home == "-":
        store = Store.open(database_url)
        crawl(store, NotingDoor(), once=True, pace=pace, allow_private=ALLOW)
        store.close()
        return
    from pipelines.engine import open_engine, open_intake
    from store.config import Config

    environ = {"ONESTORY_DATABASE_URL": database_url, "ONESTORY_WORKERS": "1"}
    config = Config.read(environ, home=Path(home))
    with open_engine(config) as engine, open_intake(config, engine) as intake:
        crawl(engine.store, intake, once=True, pace=pace, allow_private=ALLOW)


if __name__ == "__main__":
    main(*sys.argv[1:])

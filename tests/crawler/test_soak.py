"""The soak in small, on SQLite: 20 sources on five hosts, 100 articles, ten hours. A tenth of it is a step of CI."""

from pathlib import Path

import pytest

from tests.site.soak_judge import judge
from tests.site.soak_run import soak
from tests.site.soak_world import SMALL


@pytest.mark.timeout(900)
def test_crawlers_that_are_killed_lose_nothing_and_stay_polite(sqlite_store_url: str, home: Path):
    home.mkdir()
    with soak(SMALL, sqlite_store_url, home) as soaked:
        checks = judge(soaked)
    assert len(soaked.kills) == 2
    assert [check for check in checks if not check.is_good] == []
    assert all(check.asked for check in checks if check.what.startswith(("articles", "texts", "changes", "waits")))

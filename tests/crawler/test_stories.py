"""A crawl over real HTTP of four outlets, through the real stages, to the right stories."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from onestory.store.database import Store
from tests.site.crawling import ended, keep, start_crawl
from tests.site.outlets import WALLED, four_outlets, site_stories
from tests.site.server import Site
from tests.waiting import wait_until


def stories_of(store: Store, site: Site) -> set[frozenset[str]]:
    """As sets of URLs, but for what is behind the consent wall: that may be stored, alone, or not at all."""
    with store.read() as connection:
        rows = connection.execute(text("SELECT story_id, url FROM articles")).all()
    found: dict[str, set[str]] = {}
    for story, url in rows:
        found.setdefault(story, set()).add(url)
    walled = {site.url("west", path) for path in WALLED}
    return {frozenset(urls) for urls in found.values() if not urls <= walled}


def kill_on_the_way(process: "subprocess.Popen[bytes]", site: Site) -> None:
    before = len(site.hits)
    wait_until(lambda: len(site.hits) > before + 2 or process.poll() is not None, timeout=60)
    process.kill()
    process.communicate()


def test_a_crawl_ends_in_the_right_stories(store: Store, store_url: str, site: Site, home: Path):
    keep(store, *four_outlets(site))
    ended([start_crawl(store_url, home=home)])
    assert stories_of(store, site) == site_stories(site)
    assert not site.overlaps()


@pytest.mark.timeout(240)
def test_killed_five_times_on_the_way_it_ends_in_the_same_stories(store: Store, store_url: str, site: Site, home: Path):
    keep(store, *four_outlets(site))
    for _ in range(5):
        kill_on_the_way(start_crawl(store_url, "lease_seconds=0.5", "delay_seconds=0.1", home=home), site)
    ended([start_crawl(store_url, "lease_seconds=0.5", home=home)])
    assert stories_of(store, site) == site_stories(site)
    assert not site.overlaps()
    # Once, once again a crash, and once more where the server failed.
    asked = Counter((hit.host, hit.path) for hit in site.hits if hit.path.endswith(".html"))
    assert max(asked.values()) <= 1 + 5 + 1

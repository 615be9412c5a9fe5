"""Sources that people request while a crawl runs."""

import threading
from datetime import UTC, datetime

from onestory.crawler.crawl import crawl
from onestory.store.database import Store
from onestory.store.sources.requests import SourceRequest, add_source_request, load_source_request
from tests.crawler.conftest import rss
from tests.site.crawling import ALLOW, QUICK, RecordingSink, polled
from tests.site.server import Reply, Site
from tests.waiting import wait_until


def wish(store: Store, url: str, *, outlet: str | None = None) -> int:
    with store.write() as connection:
        asked = add_source_request(
            connection, url, is_section=False, outlet=outlet, language=None, now=datetime.now(UTC)
        )
        return asked.id


def result(store: Store, number: int) -> SourceRequest:
    with store.read() as connection:
        return load_source_request(connection, number)


def test_a_running_crawl_adds_what_is_requested_and_says_why_not(lite: Store, site: Site):
    feed = rss(site, "north", "/1")
    link = f'<link rel="alternate" type="application/rss+xml" href="{feed}">'
    home = site.put("north", "/", Reply(f"<!DOCTYPE html><html><head>{link}</head><body>News</body></html>"))
    plain = site.put("south", "/", Reply("<!DOCTYPE html><html><body>Nothing to poll</body></html>"))
    good, bad = wish(lite, home, outlet="North Post"), wish(lite, plain)
    stop = threading.Event()

    def editor() -> None:
        wait_until(lambda: result(lite, bad).finished is not None and "/1" in site.paths("north"), timeout=60)
        stop.set()

    threading.Thread(target=editor, daemon=True).start()
    crawl(lite, RecordingSink(), allow_private=ALLOW, rate_limits=QUICK, stop=stop)
    added, refused = result(lite, good), result(lite, bad)
    source = polled(lite, feed)
    assert (added.state, added.source_id, source.outlet, source.kind) == ("added", source.id, "North Post", "feed")
    assert (refused.state, refused.source_id) == ("refused", None)
    assert refused.why is not None
    assert "cannot be polled" in refused.why
    assert "/robots.txt" in site.paths("south")

"""Sources that hold dispatches: they go into the stages, and none of them is a page."""

from sqlalchemy import select

from onestory.crawler.crawl import poll_sources
from onestory.store.database import Store
from onestory.store.schema import dispatches
from onestory.store.sources.source_list import SourceEntry
from tests.newsroom.dispatches import newsml
from tests.site.crawling import ALLOW, QUICK, RecordingSink, crawl_once, page_rows, polled
from tests.site.server import Reply, Site


def test_a_feed_of_dispatches_is_taken_in_and_its_kills_are_recorded(lite: Store, site: Site) -> None:
    items = [newsml(uri="urn:good"), newsml(uri="urn:bad", status="stat:canceled")]
    inside = "".join(item.partition("?>")[2] for item in items)
    feed = site.put("wire", "/g2", Reply(f"<newsMessage><itemSet>{inside}</itemSet></newsMessage>", kind="text/xml"))
    broken = site.put("wire", "/broken", Reply("<newsMessage>", kind="text/xml"))
    entries = [SourceEntry(url, "feed", "Coast Wire", wire="Coast Wire") for url in (feed, broken)]
    sink = RecordingSink()
    crawl_once(lite, *entries, sink=sink)
    assert [capture.filing.uri for capture in sink.captures if capture.filing] == ["urn:good"]
    assert page_rows(lite) == {}
    source = polled(lite, feed)
    assert (source.status, source.entries, source.pages_found, source.wire) == ("ok", 2, 2, "Coast Wire")
    with lite.read() as connection:
        rows = connection.execute(select(dispatches.c.uri, dispatches.c.status)).all()
    assert [tuple(row) for row in rows] == [("urn:bad", "canceled")]
    assert (polled(lite, broken).status, "well-formed" in str(polled(lite, broken).why)) == ("error", True)
    # A check takes nothing in.
    poll_sources(lite, [feed], allow_private=ALLOW, rate_limits=QUICK)
    assert polled(lite, feed).status == "ok"

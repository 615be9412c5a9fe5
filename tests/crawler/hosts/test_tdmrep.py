"""What a host says of mining goes with every page that is fetched from it."""

from onestory.store.database import Store
from tests.crawler.conftest import rss
from tests.site.crawling import RecordingSink, crawl_once, host_row
from tests.site.outlets import source_entry
from tests.site.server import TDMREP, Reply, Site


def test_robots_and_tdmrep_go_with_the_page_and_are_asked_for_once_a_day(lite: Store, site: Site) -> None:
    site.put("outlet", "/robots.txt", Reply("User-agent: GPTBot\nDisallow: /a\n", kind="text/plain"))
    site.put("outlet", TDMREP, Reply('[{"location": "/", "tdm-reservation": 1}]', kind="application/json"))
    for path in ("/a", "/b"):
        site.put("outlet", path, Reply("<html><p>The ferry was late.</p></html>"))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "outlet", "/a", "/b")), sink=sink)
    said = {capture.url[-2:]: {signal[0] for signal in capture.host_signals} for capture in sink.captures}
    assert said == {"/a": {"robots.txt Disallow", "tdmrep.json"}, "/b": {"tdmrep.json"}}
    assert site.paths("outlet").count(TDMREP) == 1
    assert host_row(lite, "outlet")["tdmrep"].startswith("[")
    site.put("outlet", "/c", Reply("<html><p>The ferry was late again.</p></html>"))
    crawl_once(lite, source_entry(rss(site, "outlet", "/a", "/b", "/c")), sink=sink)
    assert site.paths("outlet").count(TDMREP) == 1


def test_a_host_without_tdmrep_says_nothing(lite: Store, site: Site) -> None:
    site.put("outlet", "/a", Reply("<html><p>The ferry was late.</p></html>"))
    sink = RecordingSink()
    crawl_once(lite, source_entry(rss(site, "outlet", "/a")), sink=sink)
    assert [capture.host_signals for capture in sink.captures] == [()]


def test_what_is_no_tdmrep_is_not_kept(lite: Store, site: Site) -> None:
    site.put("outlet", TDMREP, Reply("<html>Our front page</html>"))
    site.put("outlet", "/a", Reply("<html><p>The ferry was late.</p></html>"))
    crawl_once(lite, source_entry(rss(site, "outlet", "/a")))
    assert host_row(lite, "outlet")["tdmrep"] is None

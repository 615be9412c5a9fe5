"""Articles are looked at again, over real HTTP and through the real stages; the test drives the time."""

from collections.abc import Iterator

import pytest

from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.workers import Workers
from onestory.store.database import Store
from tests.crawler.pages.revisit_site import HARBOUR, Desk, news_page, with_etag
from tests.readings import fresh_registry
from tests.site import misbehaving
from tests.site.crawling import host_row, page_rows
from tests.site.driven_clock import DrivenClock
from tests.site.server import Answering, Reply, Site

LATER = (*HARBOUR[:2], "The work begins in June, takes eight weeks and costs five million crowns.", HARBOUR[3])
CHALLENGE = Reply("<html><head><title>Just a moment...</title></head><body>captcha</body></html>", 403)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as started:
        yield started


@pytest.fixture
def desk(lite: Store, site: Site, workers: Workers, redis_url: str, prefix: str) -> Iterator[Desk]:
    clock = DrivenClock.started()
    index_client = fresh_registry(lite, redis_url, prefix)
    index_client.rebuild()
    with Intake(lite, index_client, workers=workers, retry=BackendRetry(), clock=clock.now) as intake:
        yield Desk(lite, site, intake, clock)
    index_client.index.redis.close()


def test_a_change_of_content_makes_a_version_and_a_change_of_furniture_does_not(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    assert desk.crawl().stored == 1
    desk.put("/1", news_page(teaser="Weather: sun, and a link to the lottery numbers"))
    counts = desk.crawl(hours=1.1)
    assert (counts.looks, counts.changed, len(desk.versions("/1"))) == (1, 0, 1)
    desk.put("/1", news_page(LATER))
    assert desk.crawl(hours=2.1).changed == 1
    first, second = desk.versions("/1")
    assert (second.is_current, first.changes) == (True, None)
    assert second.changes is not None
    assert (second.changes["of"], second.changes["title_changed"]) == (first.number, False)
    assert (second.changes["added"], second.changes["removed"]) == (4, 10)
    [event] = desk.events("story.corrected")
    assert event.data["article"] == desk.article("/1").copy.id
    assert event.data["version"] == second.number
    assert event.data["changes"] == second.changes


def test_looks_come_less_often_the_longer_nothing_changes(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    desk.crawl()
    looked: list[float] = []
    for hour in (0.9, 1.1, 2.9, 3.1, 7.9, 8.1, 23, 25, 71, 73, 167, 169, 400):
        desk.crawl(hours=hour - desk.clock.elapsed() / 3600)
        looked += [hour] * (desk.asked("/1") - 1 - len(looked))
    assert looked == [1.1, 3.1, 8.1, 25, 73, 169]


def test_a_crawl_that_ends_looks_at_nothing_before_its_time(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    desk.crawl()
    assert desk.crawl(hours=0.5).looks == 0
    assert desk.asked("/1") == 1


def test_a_look_is_conditional_and_every_second_one_sees_the_page_itself(desk: Desk) -> None:
    desk.put("/1", with_etag(Reply(news_page()), '"v1"'))
    desk.publish("/1")
    desk.crawl()
    desk.crawl(hours=1.1)
    assert desk.last_asked("/1")["if-none-match"] == '"v1"'
    assert page_rows(desk.store)[desk.site.url("a", "/1")]["http_status"] == 304
    desk.crawl(hours=2.1)
    assert "if-none-match" not in desk.last_asked("/1")
    assert len(desk.versions("/1")) == 1


def test_an_etag_that_lies_hides_a_change_only_once_and_is_not_asked_by_again(desk: Desk) -> None:
    desk.put("/1", with_etag(Reply(news_page()), '"for ever"', is_lying=True))
    desk.publish("/1")
    desk.crawl()
    desk.put("/1", with_etag(Reply(news_page(LATER)), '"for ever"', is_lying=True))
    assert desk.crawl(hours=1.1).changed == 0
    assert desk.crawl(hours=2.1).changed == 1
    assert page_rows(desk.store)[desk.site.url("a", "/1")]["validators_lie"]
    desk.put("/1", with_etag(Reply(news_page()), '"for ever"', is_lying=True))
    assert desk.crawl(hours=1.1).changed == 1
    assert len(desk.versions("/1")) == 3


def test_an_article_that_is_gone_for_good_is_withdrawn_at_once(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    desk.crawl()
    desk.put("/1", Reply("gone", 410))
    assert desk.crawl(hours=1.1).withdrawn == 1
    kept = desk.article("/1")
    assert (kept.copy.withdrawn_reason, kept.text.count("\n")) == ("gone", 3)
    [event] = desk.events("story.withdrawn")
    assert (event.data["article"], event.data["http_status"]) == (kept.copy.id, 410)


def test_a_404_withdraws_only_when_it_holds(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.put("/2", news_page(LATER[2:], title="Another piece"))
    desk.publish("/1", "/2")
    desk.crawl()
    for path in ("/1", "/2"):
        desk.put(path, Reply("not here", 404))
    assert desk.crawl(hours=1.1).withdrawn == 0
    desk.put("/2", news_page(LATER[2:], title="Another piece"))
    assert desk.crawl(hours=2).looks == 0
    assert desk.crawl(hours=4.1).withdrawn == 1
    assert desk.article("/2").copy.withdrawn is None
    [told] = desk.withdrawals("/1")
    assert (told.reason, told.http_status, told.returned) == ("missing", 404, None)
    assert (told.confirmed - told.withdrawn).total_seconds() > 5 * 3600


def test_an_article_that_comes_back_is_withdrawn_no_more_and_both_are_kept(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    desk.crawl()
    desk.put("/1", Reply("gone", 410))
    desk.crawl(hours=1.1)
    assert desk.article("/1").copy.withdrawn is not None
    desk.put("/1", news_page())
    desk.crawl(hours=24.1)
    assert desk.article("/1").copy.withdrawn is None
    [told] = desk.withdrawals("/1")
    assert told.returned is not None
    assert len(desk.versions("/1")) == 1


TURNED_AWAY: tuple[Reply | Answering, ...] = (
    Reply("no", 401),
    CHALLENGE,
    Reply(CHALLENGE.body, 200),
    Reply("not for you", 403),
    Reply("slower", 429, headers=(("Retry-After", "60"),)),
    Reply("for legal reasons", 451),
    Reply("broken", 500),
    Reply("busy", 503),
    misbehaving.no_http,
    misbehaving.redirect("http://consent.localhost/"),
)


def test_whoever_is_turned_away_says_nothing_of_the_article(desk: Desk) -> None:
    labels = [f"host{number}" for number in range(len(TURNED_AWAY))]
    for label in labels:
        desk.put("/2026/1", news_page(), label=label)
        desk.publish("/2026/1", label=label)
    desk.crawl()
    for label, answer in zip(labels, TURNED_AWAY, strict=True):
        desk.put("/2026/1", answer, label=label)
    for hours in (8.1, 16.1):
        desk.crawl(hours=hours)
    rows = page_rows(desk.store)
    for label in labels:
        assert desk.asked("/2026/1", label=label) == 3
        assert desk.article("/2026/1", label=label).copy.withdrawn is None
        assert rows[desk.site.url(label, "/2026/1")]["missing_since"] is None


def test_a_redirect_to_a_front_or_section_page_withdraws_when_it_holds(desk: Desk) -> None:
    targets = ("/", "/news/", "/index.html", "/404.html", "/news/2026")
    paths = [f"/news/2026/{number}" for number in range(len(targets))]
    for path in paths:
        desk.put(path, news_page())
    desk.publish(*paths)
    desk.crawl()
    for path, target in zip(paths, targets, strict=True):
        desk.put(path, misbehaving.redirect(target, 301))
    assert desk.crawl(hours=1.1).withdrawn == 0
    assert desk.crawl(hours=6.1).withdrawn == len(targets)
    for path, target in zip(paths, targets, strict=True):
        [told] = desk.withdrawals(path)
        assert (told.reason, told.location) == ("redirect", desk.site.url("a", target))


def test_a_removal_notice_withdraws_and_is_no_version(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    desk.crawl()
    notice = ["This article has been removed at the request of our editors. We apologise to our readers."]
    desk.put("/1", news_page(notice))
    assert desk.crawl(hours=1.1).withdrawn == 1
    assert desk.article("/1").copy.withdrawn_reason == "removal_notice"
    assert len(desk.versions("/1")) == 1


def test_a_soft_404_withdraws_only_when_it_holds(desk: Desk) -> None:
    desk.put("/1", news_page())
    desk.publish("/1")
    desk.crawl()
    desk.put("/1", news_page(["Sorry, we looked everywhere."], title="Page not found"))
    assert desk.crawl(hours=1.1).withdrawn == 0
    assert desk.crawl(hours=6.1).withdrawn == 1
    assert desk.article("/1").copy.withdrawn_reason == "not_found"


def test_an_article_that_moved_stays_the_same_article(desk: Desk) -> None:
    desk.put("/old", news_page())
    desk.publish("/old")
    desk.crawl()
    there = desk.put("/new", news_page(LATER))
    desk.put("/old", misbehaving.redirect("/new", 301))
    desk.crawl(hours=1.1)
    assert desk.articles() == {desk.site.url("a", "/old")}
    moved = desk.article("/old")
    assert (len(desk.versions("/old")), moved.facts["fetched_url"], moved.copy.withdrawn) == (2, there, None)
    asked = desk.asked("/old")
    desk.put("/new", Reply("gone", 410))
    assert desk.crawl(hours=1.1).withdrawn == 1
    assert desk.asked("/old") == asked


def test_what_is_found_behind_a_redirect_and_reads_otherwise_is_an_article_of_its_own(desk: Desk) -> None:
    desk.put("/old", news_page())
    desk.publish("/old")
    desk.crawl()
    other = [f"Chess club number {n} won its match against the visitors by a narrow margin." for n in range(6)]
    desk.put("/new", news_page(other, title="Chess in the town hall"))
    desk.put("/old", misbehaving.redirect("/new", 302))
    desk.crawl(hours=1.1)
    assert desk.articles() == {desk.site.url("a", "/old"), desk.site.url("a", "/new")}
    assert len(desk.versions("/old")) == 1


def test_new_pages_go_first_and_looks_leave_half_of_the_budget(desk: Desk) -> None:
    paths = [f"/{number}" for number in range(12)]
    for path in paths:
        desk.put(path, news_page(title=f"Harbour, part {path}"))
    desk.publish(*paths[:10])
    desk.crawl()
    desk.publish(*paths)
    at = len(desk.site.hits)
    counts = desk.crawl(hours=24, daily_budget=14)
    asked = [hit.path for hit in desk.site.hits[at:] if hit.path in paths]
    assert asked[:2] == paths[10:]
    assert (counts.stored, counts.looks) == (2, len(asked) - 2)
    assert host_row(desk.store, "a")["day_fetches"] == 7
    assert counts.looks > 0

"""Listings are read within bounds of time and memory: one that is made to exceed them costs its own poll alone."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from onestory.crawler.crawl import Finding, add_source
from onestory.crawler.fetching.body_parser import PARSERS
from onestory.crawler.sources.discovery import classify_answer, discover, discover_section, linked_feeds
from onestory.crawler.sources.feeds import BadSource, feed_entries
from onestory.crawler.sources.sections import read_section
from onestory.crawler.sources.sitemaps import read_sitemap
from onestory.errors import BadInput
from onestory.pipelines.runtime.bounded_calls import BoundedCalls, LimitExceeded
from onestory.store.database import Store
from onestory.store.sources.polls import SourceEntry
from tests.site.crawling import ALLOW, crawl_once, page_rows, polled
from tests.site.server import RSS, Reply, Site, serving

T = TypeVar("T")


def spin(body: bytes) -> None:
    while body:
        pass


def hoard(body: bytes) -> int:
    return len([body * 1_000_000 for _ in range(1_000)])


def crash(body: bytes) -> None:
    import os

    os.abort()


def refuse(body: bytes) -> None:
    raise BadSource("empty", body.decode(), is_dead=True)


def length(body: bytes) -> int:
    return len(body)


def run(work: Callable[[BoundedCalls], Awaitable[T]], **limits: float) -> T:
    calls = BoundedCalls((*PARSERS, __name__), **limits)  # type: ignore[arg-type]

    async def story() -> T:
        return await work(calls)

    try:
        return asyncio.run(story())
    finally:
        calls.stop()


def test_no_process_is_started_for_nothing() -> None:
    calls = BoundedCalls()
    assert calls._pool is None
    calls.stop()


@pytest.mark.parametrize(
    ("work", "why"), [(spin, "takes over 0.5 s"), (hoard, "too much memory"), (crash, "ended the process")]
)
def test_what_exceeds_a_limit_ends_and_the_next_call_is_answered(work: Callable[[bytes], object], why: str) -> None:
    async def story(calls: BoundedCalls) -> None:
        with pytest.raises(LimitExceeded, match=why):
            await calls.call(work, b"news")
        assert await calls.call(length, b"news") == 4

    run(story, seconds=0.5, memory_bytes=100 << 20)


def test_a_refusal_comes_back_whole() -> None:
    async def story(calls: BoundedCalls) -> None:
        with pytest.raises(BadSource) as caught:
            await calls.call(refuse, b"no news")
        assert (caught.value.status, caught.value.why, caught.value.is_dead) == ("empty", "no news", True)

    run(story)


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (feed_entries, b"<rss version='2.0'><channel><item><link>https://a.example/1</link></item></channel></rss>"),
        (read_sitemap, b"<urlset><url><loc>https://a.example/1</loc></url></urlset>"),
        (read_section, b"<html><body><a href='/1'>The ferry was late again on Monday</a></body></html>"),
        (classify_answer, b"<urlset><url><loc>https://a.example/1</loc></url></urlset>"),
        (linked_feeds, b"<link rel='alternate' type='application/rss+xml' href='/feed'>"),
    ],
)
def test_every_reading_gives_the_same_in_a_worker(parse: Callable[..., object], body: bytes) -> None:
    named: dict[str, object] = {"url": "https://a.example/"}
    if parse is not read_sitemap:
        named["content_type"] = None

    async def story(calls: BoundedCalls) -> None:
        assert await calls.call(parse, body, **named) == parse(body, **named)

    run(story)


@pytest.fixture
def site():  # type: ignore[no-untyped-def]
    with serving() as running:
        yield running


@pytest.fixture
def lite(sqlite_store_url: str):  # type: ignore[no-untyped-def]
    opened = Store.open(sqlite_store_url)
    yield opened
    opened.close()


def large_sitemap(site: Site, packed: bool) -> str:
    urls = "".join(f"<url><loc>{site.url('a', f'/{number}')}</loc></url>" for number in range(3))
    body = f"<urlset>{urls}<!-- {'x' * 200_000} --></urlset>".encode()
    return site.put("a", "/sitemap", Reply(gzip.compress(body) if packed else body, kind="application/xml"))


@pytest.mark.parametrize("packed", [False, True])
def test_large_listings_are_read_in_a_worker(
    lite: Store, site: Site, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    call = BoundedCalls.call

    async def watched(self: BoundedCalls, work: Callable[..., T], *args: object, **named: object) -> T:
        asked.append(work)
        return await call(self, work, *args, **named)

    monkeypatch.setattr(BoundedCalls, "call", watched)
    url = large_sitemap(site, packed)
    crawl_once(lite, SourceEntry(url, "sitemap", "A Paper"))
    assert polled(lite, url).status == "ok"
    assert asked == [read_sitemap]
    assert len(page_rows(lite)) == 3


@pytest.mark.parametrize("finding", [discover, discover_section])
def test_a_large_page_is_read_in_a_worker_outside_of_a_crawl_as_well(
    finding: Finding, lite: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(self: BoundedCalls, *_: object, **named: object) -> None:
        raise LimitExceeded("reading it takes over 20 s")

    monkeypatch.setattr(BoundedCalls, "call", late)
    with pytest.raises(BadInput, match="/sitemap cannot be polled: reading it takes over 20 s"):
        add_source(lite, large_sitemap(site, packed=False), finding=finding, contact="test", allow_private=ALLOW)


def test_one_that_takes_too_long_fails_alone(lite: Store, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(self: BoundedCalls, *_: object, **named: object) -> None:
        raise LimitExceeded("reading it takes over 20 s")

    monkeypatch.setattr(BoundedCalls, "call", late)
    url = large_sitemap(site, packed=False)
    feed = f'<rss version="2.0"><channel><item><link>{site.url("b", "/1")}</link></item></channel></rss>'
    honest = site.put("b", "/feed", Reply(feed, kind=RSS))
    crawl_once(lite, SourceEntry(url, "sitemap", "A Paper"), SourceEntry(honest, "feed", "B Paper"))
    assert (polled(lite, url).status, polled(lite, url).why) == ("error", "reading it takes over 20 s")
    assert polled(lite, honest).status == "ok"

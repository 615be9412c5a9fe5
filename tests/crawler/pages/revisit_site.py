"""A crawl with the real stages behind it and a clock that the test drives: what a crawler sees hour by hour."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from sqlalchemy import select

from onestory.crawler.counts import CrawlCounts
from onestory.pipelines.runtime.intake import Intake
from onestory.store.articles.history import VersionRecord, WithdrawalRecord, version_records, withdrawals_of
from onestory.store.database import Store
from onestory.store.events.event_log import EventRecord, events_after
from onestory.store.schema import articles
from onestory.store.stories.records import ArticleRecord, load_article
from onestory.urls import article_id_of_url
from tests.crawler.conftest import rss
from tests.site.crawling import crawl_once, keep
from tests.site.driven_clock import DrivenClock
from tests.site.outlets import source_entry
from tests.site.server import Answering, Hit, Reply, Site

__all__ = ["HARBOUR", "Desk", "news_page", "with_etag"]

HARBOUR = (
    "The harbour at Port Ellery will be dredged for the first time in thirty years, the town council decided.",
    "Fishermen had complained all winter that their boats touch the ground at low water near the old ice house.",
    "The work begins in May, takes six weeks and costs four million crowns, half of which the county pays.",
    "Until then the pilot Ines Marlow will guide larger ships through the northern channel, the council said.",
)


def news_page(
    paragraphs: Sequence[str] = HARBOUR, *, title: str = "Harbour to be dredged in May", teaser: str = "Weather: rain"
) -> str:
    """A page of an article; `teaser` is furniture beside it."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body><nav><a href="/">Home</a></nav>'
        f"<article><h1>{title}</h1>{body}</article><aside>{teaser}</aside><footer>Imprint</footer></body></html>"
    )


def with_etag(reply: Reply, etag: str, *, is_lying: bool = False) -> Answering:
    """Answers 304 to whoever has this ETag; one that lies does so to whoever has any."""

    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> Reply:
        asked = hit.headers.get("if-none-match")
        if asked == etag or (asked and is_lying):
            return Reply(b"", 304, headers=(("ETag", etag),))
        return Reply(reply.body, reply.status, reply.kind, (*reply.headers, ("ETag", etag)))

    return answer


@dataclass(frozen=True, slots=True)
class Desk:
    """A store, a site, the stages and a clock."""

    store: Store
    site: Site
    intake: Intake
    clock: DrivenClock

    def publish(self, *paths: str, label: str = "a") -> None:
        """A feed with these pages."""
        keep(self.store, source_entry(rss(self.site, label, *paths)), now=self.clock.now())

    def put(self, path: str, answer: Reply | str | Callable[..., Any], *, label: str = "a") -> str:
        return self.site.put(label, path, Reply(answer) if isinstance(answer, str) else answer)

    def crawl(self, *, hours: float = 0, **rate_limits: Any) -> CrawlCounts:
        """Once, so many hours later."""
        self.clock.put_forward(hours=hours)
        return crawl_once(self.store, sink=self.intake, clock=self.clock, **rate_limits)  # type: ignore[arg-type]

    def asked(self, path: str, *, label: str = "a") -> int:
        return self.site.paths(label).count(path)

    def last_asked(self, path: str) -> Mapping[str, str]:
        """The headers of the last request for it."""
        return next(hit.headers for hit in reversed(self.site.hits) if hit.path == path)

    def article(self, path: str, *, label: str = "a") -> ArticleRecord:
        with self.store.read() as connection:
            return load_article(connection, article_id_of_url(self.site.url(label, path)))

    def articles(self) -> set[str]:
        with self.store.read() as connection:
            return set(connection.execute(select(articles.c.url)).scalars())

    def versions(self, path: str) -> list[VersionRecord]:
        with self.store.read() as connection:
            return version_records(connection, article_id_of_url(self.site.url("a", path)))

    def withdrawals(self, path: str) -> list[WithdrawalRecord]:
        with self.store.read() as connection:
            return withdrawals_of(connection, article_id_of_url(self.site.url("a", path)))

    def events(self, kind: str) -> list[EventRecord]:
        with self.store.read() as connection:
            return [one for one in events_after(connection, 0, limit=100) if one.kind == kind]

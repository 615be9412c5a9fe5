"""Scrapy's item pipeline: a page is recorded as done only after it has passed the stages."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self, cast

from scrapy.crawler import Crawler
from sqlalchemy import Connection

from onestory.crawler.context import CapturedPage, CrawlContext
from onestory.crawler.pages.outcomes import record_outcome
from onestory.crawler.pages.outlinks import outlinks
from onestory.crawler.spiders.coverage import CoverageSpider
from onestory.crawler.watches import MAX_LINKS_OF_COPY, follow_links, record_arrival
from onestory.pipelines.runtime.bounded_calls import LimitExceeded
from onestory.pipelines.runtime.outcome import Outcome
from onestory.store.frontier.revisits import DueRevisit

__all__ = ["StorePagePipeline"]

logger = logging.getLogger(__name__)


class StorePagePipeline:
    """Awaits the stages without blocking the reactor. Their error ends the crawl, and the page stays due."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def context(self) -> CrawlContext:
        return cast(CoverageSpider, self.crawler.spider).context

    async def process_item(self, item: CapturedPage) -> CapturedPage:
        try:
            outcome = await asyncio.wrap_future(self.context.sink.submit(item.capture))
            await self._record(item, outcome)
        except Exception as error:  # a stage failed: the crawl must end
            self.context.fail(error)
        finally:
            item.settled.set_result(None)
        return item

    async def _record(self, item: CapturedPage, outcome: "Outcome") -> None:
        result = replace(item.result, reason=outcome.reason, article_id=outcome.article_id)
        watches: list[int] = []
        is_withdrawn = False

        def end(connection: Connection, now: datetime) -> None:
            nonlocal is_withdrawn
            is_withdrawn = record_outcome(connection, item.page, result, kind=outcome.kind, now=now)

        def settle(connection: Connection, now: datetime) -> None:
            nonlocal watches
            watches = record_arrival(connection, item.page.id, outcome.article_id, now=now)
            if not watches:
                end(connection, now)

        if await item.write(settle) and await self._follow(item, outcome.article_id or "", watches, end):
            self.context.count(**_counted(item, outcome.kind), withdrawn=int(is_withdrawn))

    async def _follow(
        self, item: CapturedPage, article_id: str, watches: Sequence[int], end: Callable[[Connection, datetime], None]
    ) -> bool:
        """Store the links of a watched copy, then record the page as done. False if the lease was lost."""
        if not watches:
            return True
        limit, tries = MAX_LINKS_OF_COPY, len(self.context.rate_limits.page_retries)
        try:
            links = await self.context.parse(outlinks, item.capture.body or b"", url=item.page.url, limit=limit)
        except LimitExceeded as error:
            logger.info("the links of %s are not followed: %s", item.page.url, error)
            links = []

        def keep(connection: Connection, now: datetime) -> None:
            follow_links(connection, links, watches=watches, found_in=article_id, attempts=tries, now=now)
            end(connection, now)

        return await item.write(keep)


def _counted(item: CapturedPage, kind: str) -> dict[str, int]:
    """Count a first fetch by its outcome and a revisit as a revisit."""
    if isinstance(item.page, DueRevisit):
        return {"looks": 1, "changed": int(kind == "stored")}
    return {kind: 1}

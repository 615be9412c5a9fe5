"""The item pipeline: a captured page goes through the stages, and only then is it recorded as done."""

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Self, cast

from scrapy.crawler import Crawler

from crawler.crew import Captured, Crew
from crawler.spiders.coverage import CoverageSpider
from store.frontier import settle_page

if TYPE_CHECKING:
    from pipelines.intake import Outcome

__all__ = ["StoringPipeline"]

logger = logging.getLogger(__name__)


class StoringPipeline:
    """Waits for the stages without holding up the reactor. An error of theirs ends the crawl: the page is still due."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def crew(self) -> Crew:
        return cast(CoverageSpider, self.crawler.spider).crew

    async def process_item(self, item: Captured) -> Captured:
        try:
            outcome = await asyncio.wrap_future(self.crew.door.submit(item.capture))
            await self._record(item, outcome)
        except Exception as error:  # the stages are the boundary; the crawl hears of it
            self.crew.fail(error)
        finally:
            item.settled.set_result(None)
        return item

    async def _record(self, item: Captured, outcome: "Outcome") -> None:
        result = replace(item.result, reason=outcome.reason, article_id=outcome.article_id)
        if await item.write(lambda connection, now: settle_page(connection, item.page.id, result, now=now)):
            self.crew.count(**{outcome.kind: 1})

"""The loop that hands out visits."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from onestory.crawler.spiders.coverage import CoverageSpider


def test_a_crawl_that_is_stopped_while_nothing_is_under_way_has_nothing_to_wait_for() -> None:
    async def turn() -> None:
        stopping = asyncio.Event()
        stopping.set()
        context = cast("Any", SimpleNamespace(stopping=stopping))
        spider = CoverageSpider(context=context, equip=lambda spider: cast("Any", None))
        await asyncio.wait_for(spider._turn(), timeout=60)

    asyncio.run(turn())

"""A spider that runs one coroutine with a fetcher, for a few addresses outside of any crawl."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import scrapy

from onestory.crawler.fetching.fetcher import Fetcher

__all__ = ["SingleTaskSpider"]


class SingleTaskSpider(scrapy.Spider):
    """Runs one task. `equip` returns the fetcher once the reactor runs; the task passes on its own result."""

    name = "errand"

    def __init__(
        self,
        *args: Any,
        equip: Callable[[scrapy.Spider], Fetcher],
        errand: Callable[[Fetcher], Awaitable[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.equip = equip
        self.errand = errand

    async def start(self) -> AsyncIterator[Any]:
        await self.errand(self.equip(self))
        return
        yield

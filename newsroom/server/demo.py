"""Fills the store of the demo with what ran before: a correction, an outlet of ours, an excerpt, a copy taken down."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, update

from onestory.config import Config
from onestory.crawler.demo.past import read_past
from onestory.pipelines.runtime.engine import Engine, open_intake
from onestory.store.database import Store
from onestory.store.frontier.hosts import authority_of
from onestory.store.frontier.pages import PageEntry, add_pages
from onestory.store.frontier.revisits import RevisitResult, due_revisits, save_revisit_result
from onestory.store.frontier.scope import CrawlScope
from onestory.store.schema import pages
from onestory.store.stories.outlets import update_outlet
from onestory.times import utc_now
from onestory.urls import article_id_of_url

__all__ = ["fill_demo"]


def fill_demo(config: Config, engine: Engine) -> None:
    """Store what ran before, through the same stages as a crawl."""
    past = read_past(now=utc_now())
    with open_intake(replace(config, workers=1), engine) as intake:
        for captures in (past.first, past.corrected):
            for outcome in [intake.submit(capture) for capture in captures]:
                outcome.result()
    with engine.store.write() as connection:
        update_outlet(connection, past.ours, ours=True)
    for url, then in past.withdrawn:
        _withdraw(engine.store, url, then)


def _withdraw(store: Store, url: str, then: datetime) -> None:
    """Record that a page was gone when it was visited again."""
    with store.write() as connection:
        _add_page(connection, url, then)
        scope = CrawlScope(None, None)
        for page in due_revisits(connection, authority_of(url), scope, now=then, limit=1):
            gone = RevisitResult("absent", None, 410, "gone", is_confirmed=True)
            save_revisit_result(connection, page, gone, now=then)


def _add_page(connection: Connection, url: str, then: datetime) -> None:
    add_pages(connection, [PageEntry(url)], source_id=None, now=then)
    known = update(pages).where(pages.c.url == url)
    connection.execute(known.values(state="done", due=None, article_id=article_id_of_url(url), revisit=then))

"""Chromium before a real server. Where no browser is to be found the tests are skipped, but never in CI."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from tests.browser.desk_news import morning_news
from tests.newsroom.news import NOON
from tests.readings import fresh_registry

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
STEP_MILLISECONDS = 120_000


@dataclass(slots=True)
class Served:
    """A server with a morning's news. `index_client` is the test's own."""

    url: str
    store: Store
    index_client: IndexClient
    now: datetime = NOON + timedelta(hours=2)


@dataclass(slots=True)
class Watched:
    """A page whose every request, message and fault is kept."""

    page: "playwright.Page"
    home: str
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def listen(self) -> "Watched":
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.page.on(
            "console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return self

    def go(self, path: str) -> "playwright.Page":
        self.page.goto(self.home + path)
        return self.page

    def check(self) -> None:
        """That nothing went wrong, and nothing went elsewhere."""
        assert self.faults == []
        assert [asked for asked in self.requests if not asked.startswith((self.home, "data:"))] == []


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI") == "true":
            raise RuntimeError("no Chromium: install Debian's chromium")
        pytest.skip("no Chromium is installed: looked for " + ", ".join(BROWSERS))
    with playwright.sync_playwright() as started:
        # The sandbox needs rights that containers rarely give, and what it shows here is our own.
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def desk(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Served]:
    store = Store.open(sqlite_store_url)
    ours, theirs = (fresh_registry(store, redis_url, prefix) for _ in range(2))
    ours.rebuild()
    morning_news(store, ours)
    app = create_app(store, theirs, clock=lambda: NOON + timedelta(hours=2))
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        yield Served(url, store, ours)
    ours.index.redis.close()
    theirs.index.redis.close()
    store.close()


@pytest.fixture
def reader(browser: "playwright.Browser", desk: Served) -> Iterator[Watched]:
    """A reader at a desk, who may touch nothing but it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(STEP_MILLISECONDS)
    watched = Watched(context.new_page(), desk.url).listen()
    yield watched
    context.close()

"""The API and the pages as one app: its routes, what stands before them, and what is kept between requests."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import FastAPI

from crawler.watch_making import Template
from newsroom.api import acts, changes, events, health, keys, lookup, search, sources, stories, watches, webhooks
from newsroom.api.arrivals import Arrivals
from newsroom.api.comparing import router as comparing_router
from newsroom.api.cors import Cors
from newsroom.api.decisions import router as decisions_router
from newsroom.api.desk import Desk
from newsroom.api.document import describe
from newsroom.api.door import Door, Strangers
from newsroom.api.fetching import Fetches
from newsroom.api.fetching import router as fetching_router
from newsroom.api.guard import Guard
from newsroom.api.hosts import HostRule
from newsroom.api.keyring import Keyring
from newsroom.api.limits import Limits, per_minute_on
from newsroom.api.metrics import Measured, ServerMetrics
from newsroom.api.metrics import router as metrics_router
from newsroom.api.needs import RouteNeeds
from newsroom.api.problems import as_asked, handle_problems
from newsroom.first_key import asks_for_keys
from newsroom.web import compare, front, pages, sign_in, webhook_settings
from newsroom.web import lookup as lookup_pages
from newsroom.web import settings as settings_pages
from newsroom.web import sources as source_pages
from newsroom.web import story as story_pages
from newsroom.web import watches as watch_pages
from newsroom.web.remembered import Remembered
from newsroom.web.render import problem_page
from pipelines.engine import Engine
from pipelines.registry import Registry
from store.config import Config
from store.database import Store

__all__ = ["app_of", "make_app"]

# More threads would only wait for the interpreter, and for connections to the database.
THREADS = 8


def _clock() -> datetime:
    return datetime.now(UTC)


def app_of(
    config: Config, engine: Engine, *, host: str, templates: Sequence[Template], allowed_hosts: Collection[str] = ()
) -> FastAPI:
    """The app as the configuration wants it."""
    asks = asks_for_keys(host, require_keys=config.require_keys, public_url=config.public_url)
    return make_app(
        engine.store,
        engine.registry,
        host=host,
        allowed_hosts=allowed_hosts,
        cors_origins=config.cors_origins,
        per_minute=per_minute_on(host, config.rate_limit, asks_for_keys=asks),
        templates=templates,
        require_keys=config.require_keys,
        public_url=config.public_url,
    )


def make_app(  # noqa: PLR0913 - its parts, each named
    store: Store,
    registry: Registry,
    *,
    host: str = "127.0.0.1",
    allowed_hosts: Collection[str] = (),
    cors_origins: Collection[str] = (),
    per_minute: int = 0,
    templates: Sequence[Template] = (),
    require_keys: bool = False,
    public_url: str | None = None,
    clock: Callable[[], datetime] = _clock,
) -> FastAPI:
    """The API and the pages. `registry` must be used by nobody else.

    `host` is the address that the app is served on: on loopback only loopback names are answered, elsewhere also
    addresses and names without a dot. `allowed_hosts` are further names. `cors_origins` are the sites whose pages may
    read the API; `per_minute` is how many requests a client may make of it, 0 as many as it likes.
    `templates` are the search feeds that a watch is looked for with.

    Off loopback keys are asked for, on it only with `require_keys`. `public_url` is the origin that people know us by.
    """
    is_open = not asks_for_keys(host, require_keys=require_keys, public_url=public_url)
    public = urlsplit(public_url or "")
    names = [*allowed_hosts, *([public.hostname] if public.hostname else [])]
    app = FastAPI(
        title="Onestory",
        version=version("onestory"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.desk = Desk(store, registry, clock)
    app.state.remembered = Remembered()
    app.state.story_memory = story_pages.StoryMemory(app.state.remembered.standings)
    app.state.metrics = ServerMetrics(store)
    app.state.arrivals = Arrivals(store, registry.index.redis)
    app.state.fetches = Fetches()
    app.state.templates = templates
    _include_routers(app)
    show = as_asked(problem_page)
    handle_problems(app, show)
    describe(app, is_open=is_open)
    app.state.keyring = Keyring(store)
    app.state.strangers = Strangers()
    app.state.is_open = is_open
    if per_minute:
        app.add_middleware(Limits, per_minute=per_minute)
    app.add_middleware(
        Door,
        needs=RouteNeeds(app),
        keyring=app.state.keyring,
        strangers=app.state.strangers,
        clock=clock,
        show=show,
        is_open=is_open,
    )
    if cors_origins:
        app.add_middleware(Cors, origins=cors_origins)
    app.add_middleware(Guard, hosts=HostRule.of(host, names), show=show, scheme=public.scheme or None)
    app.add_middleware(Measured, metrics=app.state.metrics)
    return app


def _include_routers(app: FastAPI) -> None:
    """Routes are tried in this order."""
    for router in (fetching_router, decisions_router, comparing_router, acts.router):
        app.include_router(router)
    for router in (events.router, webhooks.router, keys.router, metrics_router, watches.router):
        app.include_router(router)
    for router in (stories.router, search.router, changes.router, lookup.router, sources.router, health.router):
        app.include_router(router)
    for router in (front.router, story_pages.router, compare.router, pages.router):
        app.include_router(router)
    for router in (lookup_pages.router, watch_pages.router, source_pages.router, pages.static_router):
        app.include_router(router)
    for router in (sign_in.router, settings_pages.router, webhook_settings.router):
        app.include_router(router)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
    await anyio.to_thread.run_sync(app.state.arrivals.end)

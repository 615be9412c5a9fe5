"""The ASGI app: routes, middleware, and data kept between requests."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import FastAPI

from onestory.config import Config
from onestory.newsroom.access.authentication import Authenticator, LoginThrottle
from onestory.newsroom.access.key_cache import KeyCache
from onestory.newsroom.access.rate_limit import RateLimiter, requests_per_minute
from onestory.newsroom.articles import web as article_pages
from onestory.newsroom.articles import web as compare_pages
from onestory.newsroom.articles.api import router as comparing_router
from onestory.newsroom.articles.list_api import router as article_list_router
from onestory.newsroom.editorial import web as decision_pages
from onestory.newsroom.editorial.api import router as decisions_router
from onestory.newsroom.events import api as events_api
from onestory.newsroom.events.stream import EventSubscribers
from onestory.newsroom.front_page import api as front_page_api
from onestory.newsroom.front_page import web as front_pages
from onestory.newsroom.front_page.web import FrontPageCache
from onestory.newsroom.http.context import ApiContext
from onestory.newsroom.http.openapi import serve_openapi
from onestory.newsroom.http.permissions import RouteScopes
from onestory.newsroom.http.problems import handle_problems, problem_renderer
from onestory.newsroom.http.request_guard import AllowedHosts, RequestGuard
from onestory.newsroom.keys import api as keys_api
from onestory.newsroom.keys import retention_api
from onestory.newsroom.keys import settings_page as settings_pages
from onestory.newsroom.keys import settings_page as webhook_pages
from onestory.newsroom.keys import web as sign_in_pages
from onestory.newsroom.keys.first_key import requires_keys
from onestory.newsroom.lookup import api as lookup_api
from onestory.newsroom.lookup import web as lookup_pages
from onestory.newsroom.lookup.fetch_api import PendingFetches
from onestory.newsroom.lookup.fetch_api import router as fetching_router
from onestory.newsroom.maintenance import status_api
from onestory.newsroom.maintenance.status import Status, status_of
from onestory.newsroom.mcp.server import McpEndpoint
from onestory.newsroom.mcp.server import router as mcp_router
from onestory.newsroom.news_events import api as news_events_api
from onestory.newsroom.news_events import counts_api
from onestory.newsroom.news_events import counts_web as counts_pages
from onestory.newsroom.news_events import web as news_event_pages
from onestory.newsroom.outlets import api as outlets_api
from onestory.newsroom.outlets import web as outlet_pages
from onestory.newsroom.pages.reference import router as reference_router
from onestory.newsroom.pages.render import problem_page
from onestory.newsroom.pages.static_files import static_router
from onestory.newsroom.search import api as search_api
from onestory.newsroom.search import saved as saved_searches
from onestory.newsroom.server import monitoring
from onestory.newsroom.server.cors import ApiCors
from onestory.newsroom.server.monitoring import RequestMetrics, ServerMetrics
from onestory.newsroom.server.monitoring import prometheus_router as metrics_router
from onestory.newsroom.sources import api as sources_api
from onestory.newsroom.sources import management_api as source_management_api
from onestory.newsroom.sources import management_web as source_management_pages
from onestory.newsroom.sources import web as source_pages
from onestory.newsroom.stories import api as stories_api
from onestory.newsroom.stories import changes_api as story_changes
from onestory.newsroom.stories import paragraphs_api
from onestory.newsroom.stories import web as story_pages
from onestory.newsroom.watches import api as watches_api
from onestory.newsroom.watches import mail as watch_mail
from onestory.newsroom.watches import web as watch_pages
from onestory.newsroom.webhooks import api as webhooks_api
from onestory.newsroom.wire import api as wire_api
from onestory.newsroom.wire import web as wire_pages
from onestory.pipelines.runtime.bounded_calls import BoundedCalls
from onestory.pipelines.runtime.engine import Engine
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.watches.creation import SearchTemplate
from onestory.store.database import Store
from onestory.times import utc_now

__all__ = ["create_app", "create_app_from_config"]

# More threads would only wait for the interpreter and for database connections.
WORKER_THREADS = 8


def create_app_from_config(
    config: Config,
    engine: Engine,
    *,
    host: str,
    templates: Sequence[SearchTemplate],
    allowed_hosts: Collection[str] = (),
) -> FastAPI:
    """Create the app from the configuration."""
    asks = requires_keys(host, require_keys=config.require_keys, public_url=config.public_url)
    return create_app(
        engine.store,
        engine.index_client,
        host=host,
        allowed_hosts=allowed_hosts,
        cors_origins=config.cors_origins,
        per_minute=requests_per_minute(host, config.rate_limit, asks_for_keys=asks),
        templates=templates,
        require_keys=config.require_keys,
        public_url=config.public_url,
        sends_mail=config.smtp_url is not None,
        status=lambda: status_of(config, engine, now=utc_now()),
    )


def create_app(  # noqa: PLR0913 - its parts, each named
    store: Store,
    index_client: IndexClient,
    *,
    host: str = "127.0.0.1",
    allowed_hosts: Collection[str] = (),
    cors_origins: Collection[str] = (),
    per_minute: int = 0,
    templates: Sequence[SearchTemplate] = (),
    require_keys: bool = False,
    public_url: str | None = None,
    sends_mail: bool = False,
    status: Callable[[], Status] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """Create the app of the API and the pages, which must be the only user of `index_client`.

    `host` is the listening address. On loopback only loopback names are accepted as Host, elsewhere also addresses and
    names without dots; `allowed_hosts` adds names. Pages from `cors_origins` may read the API. `per_minute` is the rate
    limit of API clients, 0 for none. `templates` are the search feeds for new watches.

    Keys are required off loopback, and on loopback with `require_keys`. `public_url` is the origin under which readers
    reach the pages. `sends_mail`: the sender of webhooks has a mail server. `status` reads what
    `/v1/status` tells; it uses the index client.
    """
    is_open = not requires_keys(host, require_keys=require_keys, public_url=public_url)
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
    app.state.desk = ApiContext(store, index_client, clock)
    app.state.templates = templates
    app.state.is_open = is_open
    app.state.sends_mail = sends_mail
    app.state.status = status
    _add_caches(app, store, index_client)
    _include_routers(app)
    show = problem_renderer(problem_page)
    handle_problems(app, show)
    serve_openapi(app, is_open=is_open)
    if per_minute:
        app.add_middleware(RateLimiter, per_minute=per_minute)
    app.add_middleware(
        Authenticator,
        needs=RouteScopes(app),
        keyring=app.state.keyring,
        strangers=app.state.strangers,
        clock=clock,
        show=show,
        is_open=is_open,
        origins=cors_origins,
    )
    if cors_origins:
        app.add_middleware(ApiCors, origins=cors_origins)
    app.add_middleware(RequestGuard, hosts=AllowedHosts.of(host, names), show=show, scheme=public.scheme or None)
    app.add_middleware(RequestMetrics, metrics=app.state.metrics)
    return app


def _add_caches(app: FastAPI, store: Store, index_client: IndexClient) -> None:
    """Add what all requests share beside the store and the index."""
    app.state.remembered = FrontPageCache()
    app.state.story_memory = story_pages.StoryPageCache(app.state.remembered.standings)
    app.state.metrics = ServerMetrics(store)
    app.state.arrivals = EventSubscribers(store, index_client.index.redis)
    app.state.fetches = PendingFetches()
    app.state.mcp = McpEndpoint(app.state.desk)
    app.state.wire_reader = BoundedCalls(wire_api.READER_MODULES)
    app.state.keyring = KeyCache(store)
    app.state.strangers = LoginThrottle()


def _include_routers(app: FastAPI) -> None:
    """Include the routers, which are tried in this order."""
    for router in (fetching_router, decisions_router, comparing_router, front_page_api.router):
        app.include_router(router)
    for router in (events_api.router, webhooks_api.router, keys_api.router, metrics_router, watches_api.router):
        app.include_router(router)
    for router in (
        stories_api.router,
        paragraphs_api.router,
        article_list_router,
        search_api.router,
        story_changes.router,
        lookup_api.router,
        mcp_router,
        outlets_api.router,
        wire_api.router,
        news_events_api.router,
        counts_api.router,
        saved_searches.router,
        retention_api.router,
        status_api.router,
        watch_mail.router,
        source_management_api.router,
        sources_api.router,
        monitoring.health_router,
    ):
        app.include_router(router)
    for router in (front_pages.router, story_pages.router, compare_pages.compare_router, article_pages.article_router):
        app.include_router(router)
    for router in (source_management_pages.router, outlet_pages.router, wire_pages.router):
        app.include_router(router)
    for router in (news_event_pages.router, counts_pages.router):
        app.include_router(router)
    for router in (watch_mail.page_router, saved_searches.page_router, reference_router):
        app.include_router(router)
    for router in (decision_pages.router, lookup_pages.router, watch_pages.router, source_pages.router, static_router):
        app.include_router(router)
    for router in (status_api.page_router, sign_in_pages.router, settings_pages.settings_router):
        app.include_router(router)
    app.include_router(webhook_pages.webhook_settings_router)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = WORKER_THREADS
    yield
    await app.state.mcp.end()
    await anyio.to_thread.run_sync(app.state.wire_reader.stop)
    await anyio.to_thread.run_sync(app.state.arrivals.end)

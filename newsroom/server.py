"""The app, and the process that serves it."""

import errno
import gc
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version

import anyio.to_thread
import uvicorn
from fastapi import FastAPI

from crawler.searches import load_templates
from crawler.watch_making import Template
from newsroom.api import changes, events, health, lookup, search, sources, stories, watches, webhooks
from newsroom.api.arrivals import Arrivals
from newsroom.api.cors import Cors
from newsroom.api.desk import Desk
from newsroom.api.document import describe
from newsroom.api.guard import Guard
from newsroom.api.hosts import HostRule
from newsroom.api.limits import Limits, per_minute_on
from newsroom.api.metrics import Measured, ServerMetrics
from newsroom.api.metrics import router as metrics_router
from newsroom.api.problems import as_asked, handle_problems
from newsroom.keeper import Keeper
from newsroom.search_keeper import SearchKeeper
from newsroom.web import compare, front, pages
from newsroom.web import lookup as lookup_pages
from newsroom.web import sources as source_pages
from newsroom.web import story as story_pages
from newsroom.web import watches as watch_pages
from newsroom.web.remembered import Remembered
from newsroom.web.render import problem_page
from newsroom.webhooks import Sender
from pipelines.engine import open_engine
from pipelines.registry import Registry
from store.config import Config
from store.database import Store
from store.errors import BadInput

__all__ = ["PortInUse", "make_app", "open_socket", "serve", "serve_app", "serving"]


# More threads would only wait for the interpreter, and for connections to the database.
THREADS = 8
STOP_SECONDS = 5
BACKLOG = 512


class PortInUse(BadInput):
    reason = "port_in_use"


def _clock() -> datetime:
    return datetime.now(UTC)


def make_app(  # noqa: PLR0913 - its parts, each named
    store: Store,
    registry: Registry,
    *,
    host: str = "127.0.0.1",
    allowed_hosts: Collection[str] = (),
    cors_origins: Collection[str] = (),
    per_minute: int = 0,
    templates: Sequence[Template] = (),
    clock: Callable[[], datetime] = _clock,
) -> FastAPI:
    """The API and the pages. `registry` must be used by nobody else.

    `host` is the address that the app is served on: on loopback only loopback names are answered, elsewhere also
    addresses and names without a dot. `allowed_hosts` are further names. `cors_origins` are the sites whose pages may
    read the API; `per_minute` is how many requests a client may make of it, 0 as many as it likes.
    `templates` are the search feeds that a watch is looked for with.
    """
    app = FastAPI(
        title="Onestory",
        version=version("onestory"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.desk = Desk(store, registry, clock)
    app.state.remembered = Remembered()
    app.state.story_memory = story_pages.StoryMemory(app.state.remembered.standings)
    app.state.metrics = ServerMetrics(store)
    app.state.arrivals = Arrivals(store, registry.index.redis)
    app.include_router(events.router)
    app.include_router(webhooks.router)
    app.state.templates = templates
    app.include_router(metrics_router)
    app.include_router(watches.router)
    for router in (stories.router, search.router, changes.router, lookup.router, sources.router, health.router):
        app.include_router(router)
    for router in (front.router, story_pages.router, compare.router, pages.router):
        app.include_router(router)
    for router in (lookup_pages.router, watch_pages.router, source_pages.router):
        app.include_router(router)
    show = as_asked(problem_page)
    handle_problems(app, show)
    describe(app)
    if per_minute:
        app.add_middleware(Limits, per_minute=per_minute)
    if cors_origins:
        app.add_middleware(Cors, origins=cors_origins)
    app.add_middleware(Guard, hosts=HostRule.of(host, allowed_hosts), show=show)
    app.add_middleware(Measured, metrics=app.state.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
    await anyio.to_thread.run_sync(app.state.arrivals.end)


def open_socket(host: str, port: int) -> socket.socket:
    """Listens already; port 0 takes a free one. Raises PortInUse, BadInput for an address that is not ours."""
    if not 0 <= port <= 65_535:
        raise BadInput(f"{port} is no port: choose one from 1 to 65535, or 0 for a free one")
    # With the protocol named: asyncio switches Nagle's algorithm off only where it sees that it is TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        return listening
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} on {host} is in use: stop what holds it, or choose another with --port"
            ) from error
        raise BadInput(f"cannot listen on {host} port {port}: {error}") from error


def serve(
    config: Config,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    allowed_hosts: Collection[str] = (),
    started: Callable[[str], None] = lambda url: None,
) -> None:
    """Opens the engine and serves until SIGINT or SIGTERM; `started` is told the address once it answers.

    Raises PortInUse and the tree of store.errors.
    """
    with (
        open_socket(host, port) as listening,
        open_engine(config) as engine,
        Keeper(config),
        SearchKeeper(config),
        Sender(config),
    ):
        app = make_app(
            engine.store,
            engine.registry,
            host=host,
            allowed_hosts=allowed_hosts,
            cors_origins=config.cors_origins,
            per_minute=per_minute_on(host, config.rate_limit),
            templates=load_templates(config.sources_file),
        )
        serve_app(app, listening, started=started)


def serve_app(app: FastAPI, listening: socket.socket, *, started: Callable[[str], None] = lambda url: None) -> None:
    """Serves on a socket that listens, until a signal."""
    # What is loaded stays. A collector that goes through it halts every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    _server(app, lambda: started(_url(listening))).run(sockets=[listening])


@contextmanager
def serving(app: FastAPI, listening: socket.socket) -> Iterator[str]:
    """Serves from a thread of its own while the context lasts; gives the address."""
    answers = threading.Event()
    server = _server(app, answers.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True)
    thread.start()
    while not answers.wait(0.1) and thread.is_alive():
        pass
    try:
        yield _url(listening)
    finally:
        server.should_exit = True
        thread.join()


def _server(app: FastAPI, on_started: Callable[[], None]) -> "_Server":
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return _Server(settings, on_started, app.state.arrivals.close)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn sends itself the signal again when it has stopped; ours returns, so that the engine is closed, too."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None], on_stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Streams do not end by themselves, and it waits for every connection.
        self._on_stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in STOPS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


STOPS = (signal.SIGINT, signal.SIGTERM)

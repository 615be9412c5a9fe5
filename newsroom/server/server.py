"""The HTTP server and its listening socket."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from fastapi import FastAPI

from onestory.config import Config
from onestory.crawler.sources.search_feeds import load_templates
from onestory.errors import BadInput
from onestory.newsroom.keys.first_key import prepare_admin_key
from onestory.newsroom.maintenance.background import IndexMonitor, SearchIndexer
from onestory.newsroom.news_events.follow import following_process
from onestory.newsroom.server.app import create_app_from_config
from onestory.newsroom.server.connections import LogOnce, bounded_connections, limits_of_process
from onestory.newsroom.webhooks.sender import WebhookSender
from onestory.pipelines.runtime.engine import open_engine

__all__ = ["PortInUse", "listen_on", "run_server", "serve_in_thread", "serve_until_signal", "socket_url"]


# As many are accepted before the first of them can be refused.
BACKLOG = 128


class PortInUse(BadInput):
    reason = "port_in_use"


def listen_on(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 picks a free one. Raises PortInUse, or BadInput for an address of another
    machine.
    """
    if not 0 <= port <= 65_535:
        raise BadInput(f"{port} is not a port: choose one from 1 to 65535, or 0 for a free one")
    # The protocol is explicit because asyncio disables Nagle's algorithm only for known TCP sockets.
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
                f"port {port} on {host} is in use: stop the program that uses it, or choose another with --port"
            ) from error
        raise BadInput(f"cannot listen on {host} port {port}: {error}") from error


def socket_url(listening: socket.socket) -> str:
    """The URL of the socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


SHUTDOWN_SECONDS = 5
# Any client can make these log: with requests that are no HTTP, or more connections than the system has.
NOISY_LOGGERS = ("uvicorn.error", "asyncio")


def run_server(
    config: Config,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    allowed_hosts: Collection[str] = (),
    started: Callable[[str], None] = lambda url: None,
) -> None:
    """Open the engine and serve until SIGINT or SIGTERM. `started` is called with the URL.

    Raises PortInUse, NoAdminKey and the errors of onestory.errors.
    """
    prepare_admin_key(config, host=host)
    with (
        listen_on(host, port) as listening,
        open_engine(config) as engine,
        IndexMonitor(config),
        SearchIndexer(config),
        following_process(config),
        WebhookSender(config),
    ):
        app = create_app_from_config(
            config, engine, host=host, templates=load_templates(config.sources_file), allowed_hosts=allowed_hosts
        )
        serve_until_signal(app, listening, started=started)


def serve_until_signal(
    app: FastAPI, listening: socket.socket, *, started: Callable[[str], None] = lambda url: None
) -> None:
    """Serve on a listening socket until a signal arrives."""
    # Modules stay loaded. Collecting them would halt every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    _server(app, lambda: started(socket_url(listening))).run(sockets=[listening])


@contextmanager
def serve_in_thread(app: FastAPI, listening: socket.socket) -> Iterator[str]:
    """Serve in a thread while the context lasts, and yield the URL."""
    answers = threading.Event()
    server = _server(app, answers.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="server", daemon=True)
    thread.start()
    while not answers.wait(0.1) and thread.is_alive():
        pass
    try:
        yield socket_url(listening)
    finally:
        server.should_exit = True
        thread.join()


def _server(app: FastAPI, on_started: Callable[[], None]) -> "_Server":
    for name in NOISY_LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, LogOnce) for one in logger.filters):
            logger.addFilter(LogOnce())
    settings = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", bounded_connections(limits_of_process())),
        log_config=None,
        access_log=False,
        backlog=BACKLOG,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return _Server(settings, on_started, app.state.arrivals.close)


class _Server(uvicorn.Server):
    """uvicorn raises the signal again after stopping. This server returns instead, so that the engine is closed."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None], on_stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Streams do not end by themselves, and uvicorn waits for all connections.
        self._on_stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

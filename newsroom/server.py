"""The process that serves the app."""

import gc
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from crawler.searches import load_templates
from newsroom.app import app_of
from newsroom.first_key import prepare_keys
from newsroom.keeper import Keeper
from newsroom.listening import open_socket, url_of
from newsroom.search_keeper import SearchKeeper
from newsroom.webhooks import Sender
from pipelines.engine import open_engine
from store.config import Config

__all__ = ["serve", "serve_app", "serving"]

STOP_SECONDS = 5


def serve(
    config: Config,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    allowed_hosts: Collection[str] = (),
    started: Callable[[str], None] = lambda url: None,
) -> None:
    """Opens the engine and serves until SIGINT or SIGTERM; `started` is told the address once it answers.

    Raises PortInUse, NoKey and the tree of store.errors.
    """
    prepare_keys(config, host=host)
    with (
        open_socket(host, port) as listening,
        open_engine(config) as engine,
        Keeper(config),
        SearchKeeper(config),
        Sender(config),
    ):
        app = app_of(
            config, engine, host=host, templates=load_templates(config.sources_file), allowed_hosts=allowed_hosts
        )
        serve_app(app, listening, started=started)


def serve_app(app: FastAPI, listening: socket.socket, *, started: Callable[[str], None] = lambda url: None) -> None:
    """Serves on a socket that listens, until a signal."""
    # What is loaded stays. A collector that goes through it halts every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    _server(app, lambda: started(url_of(listening))).run(sockets=[listening])


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
        yield url_of(listening)
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

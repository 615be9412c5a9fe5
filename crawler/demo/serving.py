"""Serve the demo on loopback: one server, one name under `.localhost` an outlet."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from onestory.crawler.demo.rendering import World, feed, front, page, read_world
from onestory.store.sources.polls import SourceEntry
from onestory.times import utc_now

__all__ = ["DemoSite", "serve"]

WORLD = Path(__file__).with_name("site.toml")


@dataclass(frozen=True, slots=True)
class DemoSite:
    """The running demo: the `sources` to crawl, and the `allow_private` list that lets the crawl reach them."""

    port: int
    base_urls: tuple[str, ...]
    sources: tuple[SourceEntry, ...]
    allow_private: tuple[str, ...] = (".localhost",)


@contextmanager
def serve(port: int = 0) -> Iterator[DemoSite]:
    """Serve the demo while the context lasts. Port 0 takes a free one. Raises OSError if the port is taken."""
    server = _Server(("127.0.0.1", port), _Handler)
    port = int(server.server_address[1])
    world = read_world(WORLD, now=utc_now())
    server.answers = _answers(world, port)
    thread = threading.Thread(target=server.serve_forever, name="demo", kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield DemoSite(port, tuple(_base(outlet.label, port) for outlet in world.outlets), _sources(world, port))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answers: dict[tuple[str, str], tuple[str, bytes]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answers = self.server.answers  # type: ignore[attr-defined]
        found = answers.get((self.headers.get("Host", ""), self.path.partition("?")[0]))
        kind, body = found or ("text/plain; charset=utf-8", b"There is nothing here.\n")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: it would mix with the output of commands."""


def _base(label: str, port: int) -> str:
    return f"http://{label}.localhost:{port}"


def _sources(world: World, port: int) -> tuple[SourceEntry, ...]:
    return tuple(
        SourceEntry(
            url=f"{_base(outlet.label, port)}/feed.xml",
            kind="feed",
            outlet=outlet.name,
            homepage=f"{_base(outlet.label, port)}/",
            owner=outlet.owner,
            language="en",
            interval_seconds=60,
        )
        for outlet in world.outlets
    )


def _answers(world: World, port: int) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Map host and path to content type and body."""
    found = {}
    for outlet in world.outlets:
        host, base, copies = f"{outlet.label}.localhost:{port}", _base(outlet.label, port), world.of(outlet)
        html = "text/html; charset=utf-8"
        found[host, "/"] = (html, front(outlet, copies).encode())
        found[host, "/feed.xml"] = ("application/rss+xml", feed(outlet, copies, base=base).encode())
        found |= {(host, copy.path): (html, page(copy, outlet, base=base).encode()) for copy in copies}
    return found

"""A real HTTP server for the crawler's tests. What it saw is the judge.

Outlets are names under `.localhost`, told apart by the Host header. An answer is a `Reply`, or a function that gets the
request and gives one, or that writes to the socket as it likes and gives None.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from time import monotonic

__all__ = ["TDMREP", "Answering", "Hit", "Reply", "Site", "serving"]

HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml"
TDMREP = "/.well-known/tdmrep.json"


@dataclass(frozen=True, slots=True)
class Reply:
    body: bytes | str = b""
    status: int = 200
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Hit:
    """One request, with the seconds on the server's monotonic clock when it began and ended."""

    host: str
    path: str
    headers: dict[str, str]
    began: float
    ended: float | None = None


Answering = Callable[[Hit, BaseHTTPRequestHandler], Reply | None]


@dataclass(slots=True)
class Site:
    """Answers by host label and path; `hits` grows as requests come in.

    `otherwise` answers for all that has no answer of its own, and keeps its own account of it.
    """

    port: int = 0
    hits: list[Hit] = field(default_factory=list)
    answers: dict[tuple[str, str], Reply | Answering] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)
    otherwise: Answering | None = None

    def url(self, label: str, path: str = "/") -> str:
        return f"http://{label}.localhost:{self.port}{path}"

    def put(self, label: str, path: str, answer: Reply | Answering) -> str:
        self.answers[label, path] = answer
        return self.url(label, path)

    def paths(self, label: str) -> list[str]:
        """What was asked of a host, in order."""
        return [hit.path for hit in self.hits if hit.host == label]

    def overlaps(self) -> list[tuple[Hit, Hit]]:
        """Requests to one host of which the later began before the earlier had ended."""
        found = []
        for label in {hit.host for hit in self.hits}:
            own = sorted((hit for hit in self.hits if hit.host == label), key=lambda hit: hit.began)
            found += [(a, b) for a, b in pairwise(own) if a.ended is not None and b.began < a.ended]
        return found

    def gaps(self, label: str) -> list[float]:
        """Seconds between the beginnings of a host's requests."""
        began = sorted(hit.began for hit in self.hits if hit.host == label)
        return [b - a for a, b in pairwise(began)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        label = self.headers.get("Host", "").partition(":")[0].removesuffix(".localhost")
        headers = {name.lower(): value for name, value in self.headers.items()}
        hit = Hit(label, self.path, headers, monotonic())
        known = self.site.answers.get((label, self.path))
        # Asked of every host once a day: it counts in the tests that put one there.
        if known or (self.site.otherwise is None and self.path != TDMREP):
            self.site.hits.append(hit)
        with suppress(ConnectionError):
            answer = known or self.site.otherwise or Reply("nothing here", 404, "text/plain")
            reply = answer if isinstance(answer, Reply) else answer(hit, self)
            # Ended for the judge before the last byte leaves: the client may be back before this thread is.
            hit.ended = monotonic()
            if reply is not None:
                self._send(reply)
        hit.ended = hit.ended or monotonic()

    def _send(self, reply: Reply) -> None:
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(reply.status)
        for name, value in (("Content-Type", reply.kind), ("Content-Length", str(len(body))), *reply.headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """The site's own log is `hits`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is part of the tests."""


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    site.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()

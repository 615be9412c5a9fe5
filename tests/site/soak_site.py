"""The outlets of a soak as a server, which writes down every request: the log that a soak is judged by."""

import hashlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.site.driven_clock import DrivenClock, moment
from tests.site.server import HTML, RSS, Hit, Reply
from tests.site.soak_world import Article, World

__all__ = ["Asked", "SoakSite", "asked_of"]

NOT_FOUND = Reply("nothing here", 404, "text/plain")
RETRY_AFTER = 1_800


class Asked(NamedTuple):
    """One request; times are seconds of the soak's clock. `said` is the robots.txt or the version that was served."""

    host: int
    path: str
    began: float
    ended: float
    status: int
    is_conditional: bool
    said: str | int | None = None
    retry_after: float | None = None


@dataclass(slots=True)
class SoakSite:
    world: World
    clock: DrivenClock
    log: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, hit: Hit, handler: BaseHTTPRequestHandler) -> Reply:
        """Written down before the last byte leaves: the crawler's pause begins when it has it."""
        began = self.clock.elapsed()
        host = int(hit.host.removeprefix("h"))
        with self.lock:
            reply, said = self._reply(host, hit, began)
            conditional = "if-none-match" in hit.headers or "if-modified-since" in hit.headers
            wait = next((float(value) for name, value in reply.headers if name == "Retry-After"), None)
            self.log.append(Asked(host, hit.path, began, self.clock.elapsed(), reply.status, conditional, said, wait))
        return reply

    def _reply(self, host: int, hit: Hit, second: float) -> tuple[Reply, str | int | None]:
        trouble = self.world.trouble(host, second)
        if trouble and trouble.kind == "busy":
            return Reply("come back later", 503, "text/plain", (("Retry-After", str(RETRY_AFTER)),)), None
        if hit.path == "/robots.txt":
            text = self.world.robots(host, second)
            return (Reply("", 500), None) if trouble else (Reply(text, kind="text/plain"), text)
        path = hit.path.partition("?")[0]
        if path.startswith("/feed/"):
            return self._feed(host, int(path.removeprefix("/feed/")), hit, second), None
        article = self.world.by_path.get((host, path))
        if article is None or article.published > second:
            return NOT_FOUND, None
        return self._page(article, hit, second)

    def _feed(self, host: int, feed: int, hit: Hit, second: float) -> Reply:
        body = self.world.feed(host, feed, second, origin=f"http://{hit.headers['host']}")
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        return _unless_known(hit, Reply(body, kind=RSS, headers=(("ETag", tag),)))

    def _page(self, article: Article, hit: Hit, second: float) -> tuple[Reply, int | None]:
        if self.world.stumbles(article):
            return Reply("", 500), None
        version = article.version(second)
        reply = _unless_known(
            hit, Reply(self.world.page(article, second), kind=HTML, headers=_headers(self.world, article, version))
        )
        return reply, version


def _headers(world: World, article: Article, version: int) -> tuple[tuple[str, str], ...]:
    changed = (article.published, *article.changes)[version]
    known = {
        "ETag": f'"{article.number}-{version}"',
        "Last-Modified": format_datetime(moment(changed), usegmt=True),
    }
    return tuple((name, known[name]) for name in world.validators(article.host))


def _unless_known(hit: Hit, reply: Reply) -> Reply:
    """304 to whoever names the validator in force; the ETag counts before the time (RFC 9110, section 13.2.2)."""
    sent = {name.lower(): value for name, value in reply.headers}
    named = hit.headers.get("if-none-match")
    if named is not None:
        return Reply("", 304, headers=reply.headers) if named == sent.get("etag") else reply
    since = hit.headers.get("if-modified-since")
    return Reply("", 304, headers=reply.headers) if since and since == sent.get("last-modified") else reply


def asked_of(log: Sequence[Asked]) -> dict[str, int]:
    """How many requests of each kind there were."""

    def kind(asked: Asked) -> str:
        if asked.path == "/robots.txt":
            return "robots.txt"
        if asked.path.startswith("/feed/"):
            return "polls unchanged" if asked.status == 304 else "polls"
        if asked.path.startswith("/news/"):
            return "looks unchanged" if asked.status == 304 else "pages"
        return "other"

    return dict(Counter(kind(asked) for asked in log))

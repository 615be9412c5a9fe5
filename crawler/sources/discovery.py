"""Discover what is at an address: a feed, a sitemap, or a page that names one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from onestory.crawler.fetching.bounded_html import parse_bounded
from onestory.crawler.fetching.fetcher import FetchResponse
from onestory.crawler.hosts.robots import Robots, parse_robots
from onestory.crawler.sources.feeds import MAX_FEED_BYTES, BadSource, feed_entries
from onestory.crawler.sources.sections import read_section
from onestory.crawler.sources.sitemaps import decompress, read_sitemap
from onestory.crawler.sources.source_error import source_error
from onestory.errors import BadInput, Dropped
from onestory.ssrf import checked_url
from onestory.urls import MAX_REDIRECTS

__all__ = [
    "Ask",
    "DiscoveredSource",
    "classify_answer",
    "discover",
    "discover_section",
    "linked_feeds",
    "with_sitemaps",
]

MAX_TRIED = 5
PAUSE_SECONDS = 1.0
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
Ask = Callable[[str], Awaitable[FetchResponse]]
Parse = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class DiscoveredSource:
    """A source that was found. `kind`: feed, sitemap or section. `homepage` is the page that named it, if any."""

    url: str
    kind: str
    entries: int
    homepage: str | None = None


async def discover_section(ask: Ask, url: str, *, parse: Parse) -> DiscoveredSource:
    """Treat the page itself as a section page. Raises BadInput with the reason if it cannot be one."""
    response = await _Visitor(ask).response(checked_url(url))
    try:
        section = await _read(read_section, response, parse)
    except BadSource as bad:
        raise BadInput(f"{response.url} cannot be polled: {bad.why}") from bad
    return DiscoveredSource(response.url, "section", len(section.entries))


async def discover(ask: Ask, url: str, *, parse: Parse) -> DiscoveredSource:
    """Discover the source at a URL, under the same rules as a crawl. Raises BadInput with the reason if there is none.

    `parse` calls the functions that read a body, within limits.
    """
    start = checked_url(url)
    visitor = _Visitor(ask)
    response = await visitor.response(start)
    direct = await _read(classify_answer, response, parse)
    if isinstance(direct, DiscoveredSource):
        return direct
    tried = [f"{response.url}: {direct.why}"]
    links = with_sitemaps(await _read(linked_feeds, response, parse), visitor.robots_for(response.url))
    for candidate in links[:MAX_TRIED]:
        try:
            found = await _read(classify_answer, await visitor.response(candidate), parse)
        except BadInput as error:
            tried.append(str(error))
            continue
        if isinstance(found, DiscoveredSource):
            return DiscoveredSource(found.url, found.kind, found.entries, homepage=response.url)
        tried.append(f"{candidate}: {found.why}")
    raise BadInput(f"{start} cannot be polled: {'; '.join(tried)[:600]}")


Found = TypeVar("Found")


async def _read(reader: Callable[..., Found], response: FetchResponse, parse: Parse) -> Found:
    found: Found = await parse(reader, response.body, url=response.url, content_type=response.header("content-type"))
    return found


def classify_answer(body: bytes, *, url: str, content_type: str | None) -> DiscoveredSource | BadSource:
    """Classify the body of a response as a source, or say what is wrong with it."""
    try:
        head = decompress(body)[:4096].lower()
        if b"<urlset" in head or b"<sitemapindex" in head:
            sitemap = read_sitemap(body, url=url)
            return DiscoveredSource(url, "sitemap", len(sitemap.urls) or len(sitemap.children))
        plain = decompress(body, max_bytes=MAX_FEED_BYTES)
        return DiscoveredSource(url, "feed", len(feed_entries(plain, url=url, content_type=content_type)))
    except BadSource as bad:
        return bad


def linked_feeds(body: bytes, *, url: str, content_type: str | None) -> list[str]:
    """The feeds that a page links to."""
    try:
        tree = parse_bounded(body, url=url, content_type=content_type)
        return [urljoin(url, link) for link in _feed_links(tree)]
    except (Dropped, etree.LxmlError, ValueError):
        return []


def with_sitemaps(links: Sequence[str], robots: Robots | None) -> Sequence[str]:
    """These links, followed by the news sitemaps that robots.txt names."""
    rules = robots.rules if robots else None
    sitemaps = [link for link in (rules.sitemaps if rules else ()) if "news" in link.lower()]
    return list(dict.fromkeys([*links, *sitemaps]))


def _feed_links(tree: HtmlElement) -> list[str]:
    """The feeds of a page (https://www.rssboard.org/rss-autodiscovery), without comment feeds."""
    return [
        link.get("href", "").strip()
        for link in tree.iter("link")
        if "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").lower().strip() in FEED_TYPES
        and link.get("href", "").strip()
        and "comment" not in f"{link.get('href')} {link.get('title', '')}".lower()
    ]


class _Visitor:
    """Fetches with robots.txt first, a pause between requests, and redirects followed."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self._robots: dict[str, Robots] = {}
        self._is_first = True

    def robots_for(self, url: str) -> Robots | None:
        return self._robots.get(_origin(url))

    async def response(self, url: str) -> FetchResponse:
        """Fetch a URL. Raises BadInput if the response cannot be a source."""
        for _ in range(MAX_REDIRECTS + 1):
            url = checked_url(url)
            if not (await self._rules(url)).allows(url):
                raise BadInput(f"{url}: its robots.txt does not allow to fetch it")
            response = await self._ask(url)
            if not response.is_redirect:
                if bad := source_error(response):
                    raise BadInput(f"{url}: {bad.why}")
                return response
            url = checked_url(response.header("location") or "", base=url)
        raise BadInput(f"{url}: it redirects more than {MAX_REDIRECTS} times")

    async def _rules(self, url: str) -> Robots:
        origin = _origin(url)
        if origin not in self._robots:
            response = await self._robots_answer(f"{origin}/robots.txt")
            self._robots[origin] = parse_robots(response.status, response.body, why=response.why)
            if response.status is None:
                raise BadInput(f"{url}: {response.why}")
        return self._robots[origin]

    async def _robots_answer(self, url: str) -> FetchResponse:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._ask(url)
            if not response.is_redirect:
                break
            url = checked_url(response.header("location") or "", base=url)
        return response

    async def _ask(self, url: str) -> FetchResponse:
        if not self._is_first:
            await asyncio.sleep(PAUSE_SECONDS)
        self._is_first = False
        return await self.ask(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

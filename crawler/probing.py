"""Finding out what an address is: a feed, a sitemap, or a page that names one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from crawler.feeds import MAX_FEED_BYTES, BadSource, feed_entries
from crawler.fetching import Answer
from crawler.guard import checked_url
from crawler.robots import Robots, robots_of
from crawler.sections import read_section
from crawler.sitemaps import read_sitemap, unpacked
from crawler.trouble import trouble
from pipelines.page import parse
from store.errors import BadInput, Dropped

__all__ = ["Ask", "Found", "find", "find_section", "kind_of", "named_by"]

MAX_HOPS = 5
MAX_TRIED = 5
PAUSE_SECONDS = 1.0
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
Ask = Callable[[str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Found:
    """A source as it answered. `kind`: feed, sitemap, section. `homepage` is the page that named it, if one did."""

    url: str
    kind: str
    entries: int
    homepage: str | None = None


async def find_section(ask: Ask, url: str) -> Found:
    """The page itself, whose links are to be followed. Raises BadInput that says why it can be no section page."""
    answer = await _Visitor(ask).answer(checked_url(url))
    try:
        section = read_section(answer.body, url=answer.url, content_type=answer.header("content-type"))
    except BadSource as bad:
        raise BadInput(f"{answer.url} cannot be polled: {bad.why}") from bad
    return Found(answer.url, "section", len(section.entries))


async def find(ask: Ask, url: str) -> Found:
    """What is at a URL, asked as politely as in a crawl. Raises BadInput that says why it can be no source."""
    start = checked_url(url)
    visitor = _Visitor(ask)
    answer = await visitor.answer(start)
    direct = kind_of(answer)
    if isinstance(direct, Found):
        return direct
    tried = [f"{answer.url}: {direct.why}"]
    for candidate in named_by(answer, robots=visitor.robots_for(answer.url))[:MAX_TRIED]:
        try:
            found = kind_of(await visitor.answer(candidate))
        except BadInput as error:
            tried.append(str(error))
            continue
        if isinstance(found, Found):
            return Found(found.url, found.kind, found.entries, homepage=answer.url)
        tried.append(f"{candidate}: {found.why}")
    raise BadInput(f"{start} cannot be polled: {'; '.join(tried)[:600]}")


def kind_of(answer: Answer) -> Found | BadSource:
    """The answer as a source, or what is wrong with it as one."""
    try:
        head = unpacked(answer.body)[:4096].lower()
        if b"<urlset" in head or b"<sitemapindex" in head:
            sitemap = read_sitemap(answer.body, url=answer.url)
            return Found(answer.url, "sitemap", len(sitemap.urls) or len(sitemap.children))
        plain = unpacked(answer.body, max_bytes=MAX_FEED_BYTES)
        entries = feed_entries(plain, url=answer.url, content_type=answer.header("content-type"))
        return Found(answer.url, "feed", len(entries))
    except BadSource as bad:
        return bad


def named_by(answer: Answer, *, robots: Robots | None) -> Sequence[str]:
    """The feeds that a page links to, and then the news sitemaps that robots.txt names."""
    try:
        tree = parse(answer.body, url=answer.url, content_type=answer.header("content-type"))
        links = [urljoin(answer.url, link) for link in _feed_links(tree)]
    except (Dropped, etree.LxmlError, ValueError):
        links = []
    rules = robots.rules if robots else None
    sitemaps = [link for link in (rules.sitemaps if rules else ()) if "news" in link.lower()]
    return list(dict.fromkeys([*links, *sitemaps]))


def _feed_links(tree: HtmlElement) -> list[str]:
    """https://www.rssboard.org/rss-autodiscovery; comments' feeds are of no use."""
    return [
        link.get("href", "").strip()
        for link in tree.iter("link")
        if "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").lower().strip() in FEED_TYPES
        and link.get("href", "").strip()
        and "comment" not in f"{link.get('href')} {link.get('title', '')}".lower()
    ]


class _Visitor:
    """Asks with robots.txt read first, a pause between requests, and redirects followed."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self._robots: dict[str, Robots] = {}
        self._is_first = True

    def robots_for(self, url: str) -> Robots | None:
        return self._robots.get(_origin(url))

    async def answer(self, url: str) -> Answer:
        """Raises BadInput when there is none that could be a source."""
        for _ in range(MAX_HOPS + 1):
            url = checked_url(url)
            if not (await self._rules(url)).allows(url):
                raise BadInput(f"{url}: its robots.txt does not allow to fetch it")
            answer = await self._ask(url)
            if not answer.is_redirect:
                if bad := trouble(answer):
                    raise BadInput(f"{url}: {bad.why}")
                return answer
            url = checked_url(answer.header("location") or "", base=url)
        raise BadInput(f"{url}: it redirects more than {MAX_HOPS} times")

    async def _rules(self, url: str) -> Robots:
        origin = _origin(url)
        if origin not in self._robots:
            answer = await self._robots_answer(f"{origin}/robots.txt")
            self._robots[origin] = robots_of(answer.status, answer.body, why=answer.why)
            if answer.status is None:
                raise BadInput(f"{url}: {answer.why}")
        return self._robots[origin]

    async def _robots_answer(self, url: str) -> Answer:
        for _ in range(MAX_HOPS + 1):
            answer = await self._ask(url)
            if not answer.is_redirect:
                break
            url = checked_url(answer.header("location") or "", base=url)
        return answer

    async def _ask(self, url: str) -> Answer:
        if not self._is_first:
            await asyncio.sleep(PAUSE_SECONDS)
        self._is_first = False
        return await self.ask(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

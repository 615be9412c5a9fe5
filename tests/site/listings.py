"""Sources as they are found in the wild: section pages, sitemaps without end, feeds that die and move."""

import gzip
from collections.abc import Sequence
from itertools import count

from tests.site.server import HTML, RSS, Answering, Hit, Reply, Site

__all__ = ["SPACE", "calendar_trap", "feed_reply", "homepage", "index", "section", "sitemap"]

SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def feed_reply(site: Site, label: str, *paths: str, said: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A feed of these pages; `said` stands in its channel."""
    items = "".join(f"<item><title>About {path}</title><link>{site.url(label, path)}</link></item>" for path in paths)
    return Reply(f'<rss version="2.0"><channel>{said}{items}</channel></rss>', kind=RSS, headers=headers)


def section(*links: str) -> Reply:
    anchors = "".join(f'<h2><a href="{link}">A headline of five words</a></h2>' for link in links)
    return Reply(f"<!DOCTYPE html><html><head><title>News</title></head><body>{anchors}</body></html>", kind=HTML)


def homepage(*feeds: str) -> Reply:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
    return Reply(f"<!DOCTYPE html><html><head>{links}</head><body><p>News</p></body></html>", kind=HTML)


def sitemap(urls: Sequence[str]) -> Reply:
    rows = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return Reply(f'<?xml version="1.0"?><urlset {SPACE}>{rows}</urlset>', kind="application/xml")


def index(urls: Sequence[str], *, is_packed: bool = False) -> Reply:
    rows = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    body = f'<?xml version="1.0"?><sitemapindex {SPACE}>{rows}</sitemapindex>'.encode()
    return Reply(
        gzip.compress(body) if is_packed else body, kind="application/x-gzip" if is_packed else "application/xml"
    )


def calendar_trap(article: str) -> Answering:
    """A page that links to one article, to a month that nobody has seen yet, and to itself under a new session."""
    numbers = count()

    def answer(hit: Hit, handler: object) -> Reply:
        number = next(numbers)
        months = [
            f"/calendar/{2000 + (number * 40 + one) // 12}/{(number * 40 + one) % 12 + 1:02}/" for one in range(40)
        ]
        sessions = [f"{article}?PHPSESSID={number * 100 + one:032x}" for one in range(20)]
        return section(article, *months, *sessions)

    return answer

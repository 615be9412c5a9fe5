"""Four outlets: wire copy in all of them, an excerpt, a round-up, a consent wall, and one that fails at times."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from onestory.crawler.demo.rendering import DemoCopy, Outlet, feed, page, read_world
from onestory.crawler.demo.serving import WORLD
from onestory.store.sources.polls import SourceEntry
from tests.site.misbehaving import sometimes
from tests.site.server import RSS, Reply, Site

__all__ = ["COPIES", "NORTH", "WALLED", "four_outlets", "site_stories", "source_entry"]

NORTH = Outlet("Northern Echo-Post", "north", "Fenwick Group")
SOUTH = Outlet("South Coast Mail", "south", "Fenwick Group")
EAST = Outlet("East Riding Star", "east", "Star Press")
WEST = Outlet("Westland News", "west", "Westland Trust")
NOW = datetime.now(UTC).replace(microsecond=0)
CONSENT = f"""<!DOCTYPE html><html lang="en"><head><title>Your privacy choices</title></head><body><main>
<h1>We value your privacy</h1>
{
    "".join(
        f"<p>We and our {number} partners store and access information on your device, such as cookies, and process"
        f" personal data for purpose {number}. You may accept, reject or manage your choices at any time.</p>"
        for number in range(3, 12)
    )
}
<button>Accept all</button><button>Manage choices</button></main></body></html>"""


def _texts() -> dict[str, DemoCopy]:
    world = read_world(WORLD, now=NOW)
    longest: dict[str, DemoCopy] = {}
    for copy in world.copies:
        topic = next(word for word in TOPICS if any(word in paragraph for paragraph in copy.paragraphs))
        longest.setdefault(TOPICS[topic], copy)
    return longest


TOPICS = {"Port Alder": "ferry", "Brennick": "library", "Orle valley": "orchard", "Tarn": "bridge", "comet": "comet"}
TEXTS = _texts()


def _copy(outlet: Outlet, text: str, title: str, *, hours: int, paragraphs: Sequence[str] | None = None) -> DemoCopy:
    original = TEXTS[text]
    slug = "-".join(title.lower().split())
    return replace(
        original,
        outlet=outlet.name,
        title=title,
        path=f"/2026/{slug}.html",
        paragraphs=tuple(paragraphs or original.paragraphs),
        published=NOW - timedelta(hours=hours),
    )


FERRY, ROUNDUP = (
    TEXTS["ferry"].paragraphs,
    [TEXTS[one].paragraphs[0] for one in ("ferry", "library", "orchard", "comet")],
)
OWN = "Three readers of this paper were on board, and one of them rang the newsroom from the lifeboat at seven."
COPIES = {
    NORTH: [
        _copy(NORTH, "ferry", "All saved from stranded ferry", hours=5),
        _copy(NORTH, "bridge", "Iron bridge shut to lorries", hours=6),
        _copy(NORTH, "library", "Seven libraries stay open", hours=7),
    ],
    SOUTH: [
        _copy(SOUTH, "ferry", "Ferry hits sandbank in thick fog", hours=4),
        _copy(SOUTH, "orchard", "Frost ruins apple blossom", hours=8),
    ],
    EAST: [
        _copy(EAST, "ferry", "Rescue off Port Alder", hours=3, paragraphs=FERRY[:4]),
        _copy(EAST, "comet", "New comet for two amateurs", hours=9),
        _copy(EAST, "ferry", "The week in four stories", hours=1, paragraphs=ROUNDUP),
    ],
    WEST: [
        _copy(WEST, "ferry", "Readers aboard the stranded ferry", hours=2, paragraphs=[OWN, *FERRY]),
        _copy(WEST, "orchard", "Smallest apple harvest for years", hours=7),
    ],
}
WALLED = ("/2026/behind-the-wall.html", "/2026/also-behind-the-wall.html")


def four_outlets(site: Site) -> tuple[SourceEntry, ...]:
    """Puts them on the site; their sources: RSS, JSON Feed, an index of a packed news sitemap, and RSS again."""
    for outlet, copies in COPIES.items():
        for copy in copies:
            site.put(outlet.label, copy.path, Reply(page(copy, outlet, base=site.url(outlet.label, ""))))
    for path in WALLED:
        site.put("west", path, Reply(CONSENT))
    for copy in COPIES[SOUTH]:
        good = site.answers["south", copy.path]
        site.put("south", copy.path, sometimes(good, bad=Reply("sorry", 500), which=lambda number: number == 0))
    return (
        source_entry(_feed(site, NORTH), outlet=NORTH.name),
        source_entry(_json_feed(site), outlet=SOUTH.name),
        source_entry(_sitemaps(site), outlet=EAST.name, kind="sitemap"),
        source_entry(_walled_feed(site), outlet=WEST.name),
    )


def source_entry(url: str, *, outlet: str = "Some Outlet", kind: str = "feed") -> SourceEntry:
    return SourceEntry(url, kind, outlet)


def _feed(site: Site, outlet: Outlet) -> str:
    body = feed(outlet, COPIES[outlet], base=site.url(outlet.label, ""))
    return site.put(outlet.label, "/feed.xml", Reply(body, kind=RSS))


def _walled_feed(site: Site) -> str:
    behind = [replace(COPIES[WEST][0], title="For subscribers of our cookies", path=path) for path in WALLED]
    body = feed(WEST, [*COPIES[WEST], *behind], base=site.url("west", ""))
    return site.put("west", "/feed.xml", Reply(body, kind=RSS))


def _json_feed(site: Site) -> str:
    items = [{"id": copy.path, "url": site.url("south", copy.path), "title": copy.title} for copy in COPIES[SOUTH]]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": SOUTH.name, "items": items})
    return site.put("south", "/feed.json", Reply(body, kind="application/feed+json"))


def _sitemaps(site: Site) -> str:
    urls = "".join(
        f"<url><loc>{site.url('east', copy.path)}</loc><news:news><news:title>{copy.title}</news:title>"
        f"<news:publication_date>{copy.published.isoformat()}</news:publication_date></news:news></url>"
        for copy in COPIES[EAST]
    )
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    news = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    child = gzip.compress(f'<?xml version="1.0"?><urlset {space} {news}>{urls}</urlset>'.encode())
    at = site.put("east", "/news.xml.gz", Reply(child, kind="application/x-gzip"))
    index = f'<?xml version="1.0"?><sitemapindex {space}><sitemap><loc>{at}</loc></sitemap></sitemapindex>'
    return site.put("east", "/sitemap.xml", Reply(index, kind="application/xml"))


def site_stories(site: Site) -> set[frozenset[str]]:
    """The stories that a whole crawl must end in, as sets of URLs; what is behind the wall is in none of them."""

    def url(outlet: Outlet, number: int) -> str:
        return site.url(outlet.label, COPIES[outlet][number].path)

    return {
        frozenset({url(NORTH, 0), url(SOUTH, 0), url(EAST, 0), url(WEST, 0)}),
        frozenset({url(SOUTH, 1), url(WEST, 1)}),
        frozenset({url(NORTH, 1)}),
        frozenset({url(NORTH, 2)}),
        frozenset({url(EAST, 1)}),
        frozenset({url(EAST, 2)}),
    }

"""A site of its own for each test of the crawler."""

from collections.abc import Iterator

import pytest

from onestory.store.database import Store
from tests.site.server import RSS, Reply, Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def lite(sqlite_store_url: str) -> Iterator[Store]:
    """A store on SQLite, for what does not depend on the database."""
    opened = Store.open(sqlite_store_url)
    yield opened
    opened.close()


def rss(site: Site, label: str, *paths: str) -> str:
    """A feed of these pages on one host; its URL."""
    items = "".join(f"<item><title>About {path}</title><link>{site.url(label, path)}</link></item>" for path in paths)
    return site.put(label, "/feed", Reply(f'<rss version="2.0"><channel>{items}</channel></rss>', kind=RSS))

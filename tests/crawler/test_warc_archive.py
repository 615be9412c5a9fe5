"""What a crawl fetches is kept, and every capture says where."""

from pathlib import Path

from onestory.pipelines.archive.reader import read_captures
from onestory.pipelines.archive.warc_writer import ArchivingSink, WarcWriter
from onestory.store.articles.captures import Capture
from onestory.store.database import Store
from tests.crawler.conftest import rss
from tests.site.crawling import RecordingSink, crawl_once
from tests.site.outlets import source_entry
from tests.site.server import Reply, Site


def test_a_crawl_keeps_its_pages_and_can_read_them_again(lite: Store, site: Site, tmp_path: Path) -> None:
    for path in ("/a", "/b"):
        site.put("outlet", path, Reply(f"<html><p>The ferry was late at {path}.</p></html>"))
    noting = RecordingSink()
    with WarcWriter(tmp_path / "kept") as writer, ArchivingSink(writer, noting) as sink:  # type: ignore[arg-type]
        crawl_once(lite, source_entry(rss(site, "outlet", "/a", "/b")), sink=sink)  # type: ignore[arg-type]
    [file] = (tmp_path / "kept").iterdir()
    kept = [one for one in read_captures(str(file)) if isinstance(one, Capture)]
    assert [(one.url, one.body, one.observed) for one in kept] == [
        (one.url, one.body, one.observed) for one in noting.captures
    ]
    assert [(one.warc_file, one.warc_offset) for one in noting.captures] == [
        (file.name, one.warc_offset) for one in kept
    ]

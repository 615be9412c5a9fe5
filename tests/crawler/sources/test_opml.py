"""Lists of sources in OPML: what feed readers write, what we write, and what is made to do harm."""

import pytest

from onestory.crawler.sources.opml import read_opml, write_opml
from onestory.crawler.sources.source_file import add_new_sources, export_opml, import_opml, load_sources
from onestory.errors import BadInput
from onestory.store.database import Store
from onestory.store.sources.source_list import SourceEntry, list_source_entries
from onestory.store.sources.source_records import source_records
from tests.crawler.sources.test_schedule import NOW

READER = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Subscriptions</title></head><body>
<outline text="Papers"><outline text="Deeper">
  <outline type="rss" text="Valley Herald" title="Valley Herald" xmlUrl="https://valley.example/feed" htmlUrl="https://valley.example/"/>
  <outline text="Again" xmlUrl="HTTPS://valley.example/feed#top"/>
</outline></outline>
<outline text="Coast" xmlurl=" https://coast.example/rss " language="unknown"/>
<outline text="A file" xmlUrl="file:///etc/passwd"/>
<outline text="Bookmark" type="link" url="https://elsewhere.example/"/>
</body></opml>"""


def test_a_list_of_a_feed_reader_is_read_whatever_its_folders():
    lines = read_opml(READER)
    assert [line.entry for line in lines if line.entry] == [
        SourceEntry("https://valley.example/feed", "feed", "Valley Herald", homepage="https://valley.example/"),
        SourceEntry("https://coast.example/rss", "feed", "Coast"),
    ]
    assert [line.name for line in lines if line.entry is None] == ["A file"]


def test_a_list_that_was_written_and_read_again_is_the_same():
    entries = [
        SourceEntry("https://a.example/feed", "feed", "A & B <Daily>", "https://a.example/", "Group", "GB", "en"),
        SourceEntry("https://a.example/news", "section", "A & B <Daily>", "https://a.example/", "Group", "GB", "en"),
        SourceEntry("https://b.example/sitemap.xml", "sitemap", "B \u2013 \u65e5\u672c"),
    ]
    assert [line.entry for line in read_opml(write_opml(entries, now=NOW))] == entries


def test_the_shipped_list_goes_out_and_comes_in_elsewhere(lite: Store, postgres_store_url: str):
    add_new_sources(lite, load_sources())
    elsewhere = Store.open(postgres_store_url)
    imported = import_opml(elsewhere, export_opml(lite))
    assert (imported.added, imported.known, imported.left_out) == (len(load_sources()), 0, ())
    assert import_opml(elsewhere, export_opml(lite)).added == 0
    with lite.read() as here, elsewhere.read() as there:
        assert list_source_entries(here) == list_source_entries(there)
    elsewhere.close()


def test_a_feed_belongs_to_the_outlet_that_is_known_on_its_host(lite: Store):
    line = b'<outline text="The Paper - UK" xmlUrl="https://feeds.example/uk" htmlUrl="https://paper.example/uk"/>'
    add_new_sources(
        lite, [SourceEntry("https://paper.example/feed", "feed", "The Paper", homepage="https://paper.example/")]
    )
    import_opml(lite, b'<opml version="2.0"><body>' + line + b"</body></opml>")
    with lite.read() as connection:
        assert {record.outlet for record in source_records(connection)} == {"The Paper"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not XML"),
        (b"\x00\xff", "not XML"),
        (b"{}", "not XML"),
        (b"<rss version='2.0'/>", "root is <rss>"),
        (
            b'<!DOCTYPE opml [<!ENTITY e SYSTEM "file:///etc/passwd">]><opml><body><outline text="&e;"/></body></opml>',
            "DTD",
        ),
        (b'<!DOCTYPE opml SYSTEM "http://10.0.0.1/x.dtd"><opml><body/></opml>', "DTD"),
        (b"<opml><body>" + b"<outline text='x' xmlUrl='https://a.example/1'>" * 10, "not XML"),
        (b"<opml>" + b" " * 10_000_001 + b"</opml>", "larger than"),
    ],
)
def test_what_is_no_list_says_so(body: bytes, said: str):
    with pytest.raises(BadInput, match=said):
        read_opml(body)


def test_a_list_that_is_nested_without_end_is_read_so_far_and_no_further():
    deep = b"<outline text='f'>" * 5_000 + b"<outline text='x' xmlUrl='https://a.example/1'/>" + b"</outline>" * 5_000
    shallow = b"<outline text='y' xmlUrl='https://a.example/2'/>"
    lines = read_opml(b"<opml version='2.0'><body>" + deep + shallow + b"</body></opml>")
    assert [line.name for line in lines] == ["y"]

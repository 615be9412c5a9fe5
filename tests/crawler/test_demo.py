"""The demo's site, and a crawl of it."""

from socket import create_connection

import pytest

from onestory.crawler.demo import serve
from onestory.store.database import Store
from tests.site.crawling import RecordingSink, crawl_once


def test_it_shows_one_text_in_five_outlets_and_others_beside_it(lite: Store):
    sink = RecordingSink()
    with serve() as demo:
        crawl_once(lite, *demo.sources, sink=sink, allow_private=demo.allow_private)
    ferry = [capture for capture in sink.captures if b"Lady of Orrin" in (capture.body or b"")]
    assert len({capture.outlet for capture in ferry}) == 5
    assert len(sink.captures) > 8


def test_it_is_served_on_loopback_and_ends_with_its_context():
    with serve() as demo:
        create_connection(("127.0.0.1", demo.port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        create_connection(("127.0.0.1", demo.port), timeout=5)


def test_a_port_that_is_taken_is_an_error():
    with serve() as demo, pytest.raises(OSError, match="in use"), serve(demo.port):
        pass

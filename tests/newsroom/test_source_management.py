"""Sources are added, imported, scheduled, paused and removed, by form and by API."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from onestory.store.database import Store
from onestory.store.sources.requests import finish_source_request
from onestory.store.sources.source_records import SourceRecord, load_source, source_records
from tests.newsroom.conftest import Served, serve_store
from tests.newsroom.locked import Locked
from tests.newsroom.news import NOON
from tests.newsroom.test_pages import read, words
from tests.newsroom.test_sources import add_source

OPML = (
    b'<?xml version="1.0"?><opml version="2.0"><body><outline text="North Post" title="North Post" type="rss" '
    b'xmlUrl="https://north.example/feed"/><outline text="No address" xmlUrl="ftp://no.example/"/></body></opml>'
)


@pytest.fixture
def lite(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Served]:
    store = Store.open(sqlite_store_url)
    yield from serve_store(store, redis_url, prefix)
    store.close()


def source(store: Store, number: int) -> SourceRecord:
    with store.read() as connection:
        return load_source(connection, number)


def test_a_requested_source_is_followed_until_its_result(lite: Served) -> None:
    asked = lite.client.post("/v1/sources", json={"url": "north.example", "outlet": "North Post"})
    told = asked.json()
    assert (asked.status_code, told["state"], told["url"]) == (202, "waiting", "https://north.example/")
    assert lite.client.post("/v1/sources", json={"url": "https://north.example/"}).json()["id"] == told["id"]
    page = read(lite.client.get("/sources"))
    assert page.xpath("//*[@data-awaits]/@data-awaits") == [f"/v1/source-requests/{told['id']}"]
    with lite.store.write() as connection:
        finish_source_request(connection, told["id"], source_id=None, why="it has no feed", now=NOON)
    found = lite.client.get(f"/v1/source-requests/{told['id']}").json()
    assert (found["state"], found["why"]) == ("refused", "it has no feed")
    assert lite.client.get("/v1/source-requests/99").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"url": "ftp://a.example/"}, "http"),
        ({"url": "https://a.example/", "language": "Elvish"}, "language"),
        ({"url": "https://a.example/" + "x" * 2_031}, "2048"),
    ],
)
def test_addresses_that_cannot_be_polled_are_refused_at_once(lite: Served, wanted: dict[str, str], why: str) -> None:
    answer = lite.client.post("/v1/sources", json=wanted)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    form = lite.client.post("/sources", data=wanted)
    assert form.status_code == 422
    assert read(form, 422).xpath("//input[@id='url']/@value") == [wanted["url"]]


def test_a_list_is_imported_from_a_file_and_exported(lite: Served) -> None:
    page = read(lite.client.post("/sources/import", files={"list": ("mine.opml", OPML, "text/x-opml")}))
    assert "1 source was added, 0 already known." in words(page, "//*[@role='status']")
    assert "No address" in words(page, "//*[@role='status']")
    told = lite.client.post("/v1/sources/import", content=OPML, headers={"Content-Type": "text/x-opml"}).json()
    assert (told["added"], told["known"], told["left_out"][0]["name"]) == (0, 1, "No address")
    assert 'xmlUrl="https://north.example/feed"' in lite.client.get("/v1/sources.opml").text
    for sent in ({"list": ("a.txt", b"not xml", "text/plain")}, {"list": ("", b"", "text/plain")}):
        assert lite.client.post("/sources/import", files=sent).status_code == 422
    assert lite.client.post("/v1/sources/import", content=b"<!DOCTYPE a><a/>").status_code == 422


def test_a_source_is_scheduled_paused_and_removed(lite: Served) -> None:
    number = add_source(lite.store)
    form = {"interval_seconds": "30", "max_seconds": "120", "cron": "", "daily_pages": "40", "watched_only": "1"}
    saved = lite.client.post(f"/sources/{number}/settings", data=form)
    assert saved.headers["location"] == f"/sources/{number}?saved=1"
    record = source(lite.store, number)
    assert (record.interval_seconds, record.max_seconds, record.daily_pages, record.watched_only) == (
        1800,
        7200,
        40,
        True,
    )
    page = read(lite.client.post(f"/sources/{number}/settings", data={"cron": "every day"}), 422)
    assert "Not saved" in words(page, "//*[@role='alert']")
    assert page.xpath("//input[@id='cron']/@value") == ["every day"]
    assert lite.client.post(f"/sources/{number}/settings", data={"max_seconds": "-1"}).status_code == 422
    lite.client.post(f"/sources/{number}/pause")
    assert not source(lite.store, number).enabled
    changed = lite.client.patch(f"/v1/sources/{number}", json={"enabled": True, "cron": "*/10 * * * *"}).json()
    assert (changed["enabled"], source(lite.store, number).cron) == (True, "*/10 * * * *")
    assert lite.client.patch(f"/v1/sources/{number}", json={"interval_seconds": 999_999}).status_code == 422
    assert lite.client.patch("/v1/sources/99", json={"enabled": False}).status_code == 404
    assert lite.client.post(f"/sources/{number}/remove").headers["location"] == "/sources?removed=1"
    with lite.store.read() as connection:
        assert source_records(connection) == []
    assert lite.client.delete(f"/v1/sources/{number}").status_code == 404


def test_only_administrators_manage_sources(small: Locked) -> None:
    headers = small.bearer("edit")
    for method, path in (("POST", "/v1/sources"), ("PATCH", "/v1/sources/1"), ("DELETE", "/v1/sources/1")):
        assert small.client.request(method, path, headers=headers, json={}).status_code == 403


def test_requests_that_nobody_takes_are_bounded(store: Store) -> None:
    from onestory.errors import BadInput
    from onestory.store.sources.requests import MAX_WAITING, add_source_request, take_source_request

    with store.write() as connection:
        for at in range(MAX_WAITING):
            url = f"https://o{at}.example/"
            add_source_request(connection, url, is_section=False, outlet=None, language=None, now=NOON)
        with pytest.raises(BadInput, match="already queued"):
            add_source_request(connection, "https://x.example/", is_section=False, outlet=None, language=None, now=NOON)
        first = take_source_request(connection, now=NOON)
        second = take_source_request(connection, now=NOON)
        again = take_source_request(connection, now=NOON + timedelta(minutes=6))
    assert [one and one.url for one in (first, second, again)] == [
        "https://o0.example/",
        "https://o1.example/",
        "https://o0.example/",
    ]

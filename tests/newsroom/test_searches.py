"""What helps a search: other spellings, saved searches, a day of the reader's zone, tables for spreadsheets."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from lxml import etree

from onestory.store.database import Store
from onestory.store.search.full_text_index import index_all_due
from tests.newsroom.conftest import Served, serve_store
from tests.newsroom.locked import Locked
from tests.newsroom.news import BRIDGE, FERRY, Piece, put, story_of
from tests.newsroom.test_pages import read, words

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def lite(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Served]:
    store = Store.open(sqlite_store_url)
    for served in serve_store(store, redis_url, prefix):
        put(store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
        put(store, served.index_client, story_of(FERRY, copies=1, name="ferry", title="=Ferry()", minutes=1_400))
        index_all_due(store)
        yield served
    store.close()


def test_a_search_for_nothing_offers_another_spelling_and_the_lookup(lite: Served) -> None:
    page = read(lite.client.get("/", params={"q": "harbuor brigde"}))
    assert "Did you mean harbour bridge?" in words(page, "//*[@id='list']")
    assert page.xpath("//*[@id='list']//a/@href")[0] == "/?q=harbour+bridge"
    [lookup] = page.xpath("//*[@id='list']//a[contains(@href, '/lookup')]/@href")
    assert read(lite.client.get(lookup)).xpath("//textarea")[0].text_content().strip() == "harbuor brigde"
    nothing = read(lite.client.get("/", params={"q": "xylophone"}))
    assert "Did you mean" not in words(nothing)


def test_a_search_is_saved_listed_and_removed(lite: Served) -> None:
    saved = lite.client.post("/searches", data={"name": "Harbour", "query": "q=harbour&min_outlets=3&cursor=x"})
    assert saved.headers["location"] == "/?q=harbour&min_outlets=3"
    page = read(lite.client.get(saved.headers["location"]))
    [link] = page.xpath("//nav[@aria-label='Saved searches']/a[@aria-current]")
    assert (link.text_content(), link.get("href")) == ("Harbour", "/?q=harbour&min_outlets=3")
    twice = read(lite.client.post("/searches", data={"name": " harbour ", "query": "q=bridge"}), 422)
    assert "is the name of another saved search" in words(twice, "//*[@role='alert']")
    [told] = lite.client.get("/v1/searches").json()["searches"]
    assert (told["name"], told["query"]) == ("Harbour", "q=harbour&min_outlets=3")
    assert lite.client.post(f"/searches/{told['id']}/remove").headers["location"] == "/searches"
    assert lite.client.delete(f"/v1/searches/{told['id']}").status_code == 404


@pytest.mark.parametrize("query", ["", "q=", "q=%22", "min_outlets=x", "nonsense=1", "since=soon"])
def test_what_is_no_search_is_not_saved(lite: Served, query: str) -> None:
    answer = lite.client.post("/v1/searches", json={"name": "x", "query": query})
    assert answer.status_code == 422
    assert lite.client.get("/v1/searches").json() == {"searches": []}


def test_readers_save_nothing(small: Locked) -> None:
    sent = {"name": "x", "query": "q=a"}
    assert small.client.post("/v1/searches", headers=small.bearer("read"), json=sent).status_code == 403


def shown(page_words: str) -> set[str]:
    return {name for name in ("Bridge to close", "=Ferry()") if name in page_words}


def test_a_day_is_that_of_the_readers_zone(lite: Served) -> None:
    """The bridge ran at noon of the 23rd UTC, the ferry at 11:20 of the 24th: the 25th in Kiritimati."""
    days = {
        ("2026-11-23", ""): {"Bridge to close"},
        ("2026-11-24", "UTC"): {"=Ferry()"},
        ("2026-11-25", "Pacific/Kiritimati"): {"=Ferry()"},
        ("2026-11-24", "Pacific/Kiritimati"): {"Bridge to close"},
        ("2026-11-26", ""): set(),
    }
    found = {
        (day, zone): shown(words(read(lite.client.get("/", params={"day": day, "zone": zone})), "//*[@id='list']"))
        for day, zone in days
    }
    assert found == days
    for wrong in ({"day": "yesterday"}, {"day": "2026-11-23", "zone": "../etc/passwd"}, {"day": "9999-12-31"}):
        assert lite.client.get("/", params=wrong).status_code == 422


def cells(book: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(book)) as files:
        sheet = etree.fromstring(files.read("xl/worksheets/sheet1.xml"))
        strings = [
            "".join(one.itertext()) for one in etree.fromstring(files.read("xl/sharedStrings.xml")).iter(f"{SHEET}si")
        ]
    assert not list(sheet.iter(f"{SHEET}f", f"{SHEET}hyperlink"))
    return [
        [
            strings[int(cell.findtext(f"{SHEET}v"))] if cell.get("t") == "s" else cell.findtext(f"{SHEET}v")
            for cell in row
        ]
        for row in sheet.iter(f"{SHEET}row")
    ]


def test_a_list_is_a_workbook_without_formulas(lite: Served) -> None:
    put(lite.store, lite.index_client, [Piece("https://odd.example/x", "A \x01 text of one.", "A\x0bB", "@Odd", 5)])
    answer = lite.client.get("/v1/stories?format=xlsx")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert answer.headers["content-disposition"].endswith('filename="stories.xlsx"')
    header, *rows = cells(answer.content)
    titles = {row[header.index("title")] for row in rows}
    assert titles >= {"Bridge to close", "=Ferry()"}
    assert {row[header.index("copies")] for row in rows} == {"1", "3"}
    again = lite.client.get("/v1/stories?format=xlsx", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    [story] = [one for one in lite.client.get("/v1/stories").json()["stories"] if one["copies"] == 3]
    assert len(cells(lite.client.get(f"/v1/stories/{story['id']}?format=xlsx").content)) == 4
    accept = {"Accept": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    assert lite.client.get("/v1/outlets", headers=accept).status_code == 200

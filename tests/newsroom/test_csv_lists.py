"""Every list of the API as CSV, over HTTP."""

import csv
import io

import httpx2 as httpx
import pytest
from sqlalchemy import select, update

from onestory.newsroom.server.app import create_app
from onestory.pipelines.stories.decisions import DecisionNote, pin_original
from onestory.store.schema import articles
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, NOON, put, story_of


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title='=HYPERLINK("x"), "a"'))
    return served


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_stories_are_a_table_by_format_and_by_accept(news: Served) -> None:
    by_format = news.client.get("/v1/stories", params={"format": "csv"})
    by_accept = news.client.get("/v1/stories", headers={"Accept": "text/csv"})
    assert by_format.content == by_accept.content
    [row] = table(by_format)
    [story] = news.client.get("/v1/stories").json()["stories"]
    assert list(row) == list(story)
    assert (row["id"], row["copies"], row["first_seen"]) == (story["id"], "3", "2026-11-23T12:00:00Z")


def test_no_cell_is_run_as_a_formula(news: Served) -> None:
    [row] = table(news.client.get("/v1/stories", params={"format": "csv"}))
    assert row["title"] == '\'=HYPERLINK("x"), "a"'


def test_a_table_has_the_chosen_columns_and_leads_to_its_next_page(news: Served) -> None:
    answer = news.client.get("/v1/stories", params={"format": "csv", "fields": "copies,title"})
    assert list(table(answer)[0]) == ["id", "title", "copies"]
    first = news.client.get("/v1/articles", params={"format": "csv", "limit": 2})
    following = first.headers["link"].split(">")[0].removeprefix("<")
    assert len(table(first)) == 2
    assert len(table(news.client.get(following))) == 1


def test_the_copies_of_a_story_and_the_texts_of_articles_are_tables(news: Served) -> None:
    [story] = news.client.get("/v1/stories").json()["stories"]
    rows = table(news.client.get(f"/v1/stories/{story['id']}", params={"format": "csv"}))
    assert [row["outlet"] for row in rows] == ["Bridge 0", "Bridge 1", "Bridge 2"]
    rows = table(news.client.get("/v1/articles", params={"format": "csv", "include": "text"}))
    assert {row["text"] for row in rows} == {BRIDGE}


def test_nested_records_have_dotted_columns(news: Served) -> None:
    [row] = table(news.client.get("/v1/search", params={"q": "harbour", "format": "csv"}))
    assert row["story.copies"] == "3"
    assert "harbour" in row["where.excerpt"]


def test_every_list_is_a_table(news: Served) -> None:
    with news.store.read() as connection:
        article = connection.execute(select(articles.c.id).limit(1)).scalar_one()
    pin_original(news.store, article, DecisionNote("Ada", "it had it first", NOON))
    rows = {
        path: table(news.client.get(f"/v1/{path}", params={"format": "csv"}))
        for path in ("sources", "watches", "webhooks", "keys", "decisions", "events", f"articles/{article}/versions")
    }
    assert [row["why"] for row in rows["decisions"]] == ["it had it first"]
    assert len(rows[f"articles/{article}/versions"]) == 1
    assert {path for path, found in rows.items() if not found} == {"sources", "watches", "webhooks", "keys"}


def test_the_document_names_a_table_for_every_list(news: Served) -> None:
    paths = create_app(news.store, news.index_client).openapi()["paths"]
    lists = {"stories", "search", "articles", "sources", "watches", "webhooks", "keys", "decisions", "events"}
    for name in lists:
        assert "text/csv" in paths[f"/v1/{name}"]["get"]["responses"]["200"]["content"], name


def test_a_cell_holds_what_other_tools_read(news: Served) -> None:
    with news.store.write() as connection:
        connection.execute(update(articles).values(title="two\nlines, \u2028 and a comma"))
    rows = table(news.client.get("/v1/articles", params={"format": "csv"}))
    assert rows[0]["title"] == "two\nlines, \u2028 and a comma"

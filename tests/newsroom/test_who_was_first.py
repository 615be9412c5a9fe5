"""Who was first, in lists and on pages: what was observed and what pages state, apart."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from onestory.pipelines.stories.decisions import DecisionNote, pin_original
from onestory.pipelines.versions.corrections import record_corrections
from onestory.store.articles.save import save_articles
from tests.cli import onestory, write_rows
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, NOON, put, story_of
from tests.newsroom.test_pages import read, words
from tests.readings import reading, take


def test_the_list_and_the_page_name_the_same_original_with_what_was_seen_and_stated_apart(served: Served) -> None:
    readings = []
    for name, seen, stated in (("late", 0, 55), ("early", 10, 5)):
        one = reading(
            f"https://{name}.example/b", BRIDGE, observed=NOON + timedelta(minutes=seen), title="Bridge", outlet=name
        )
        published = NOON + timedelta(minutes=stated - 60)
        readings.append(replace(one, extracted=replace(one.extracted, published=published, published_source="meta")))
    take(served.store, served.index_client, readings, now=NOON)
    pin_original(served.store, "https://early.example/b", DecisionNote("Ada", "it had it first", NOON))
    [story] = served.client.get("/v1/stories").json()["stories"]
    assert (story["first_outlet"], story["first_seen"]) == ("late", "2026-11-23T12:00:00Z")
    assert (story["original_outlet"], story["published"]) == ("early", "2026-11-23T11:05:00Z")
    row = words(read(served.client.get("/")), "//ol[contains(@class, 'stories')]")
    assert "early (original)" in row
    assert "first seen 2 h ago at late stated 2 h ago" in row
    page = words(read(served.client.get(f"/stories/{story['id']}")), "//header")
    assert "First seen: late" in page
    assert "Stated by the original: early" in page
    assert "Original: early" in page


def test_what_was_imported_without_the_time_of_its_fetch_was_stored_and_not_seen(served: Served) -> None:
    take(
        served.store, served.index_client, [reading("https://a.example/b", BRIDGE, observed=None, title="B")], now=NOON
    )
    [story] = served.client.get("/v1/stories").json()["stories"]
    assert "first stored" in words(read(served.client.get("/")), "//ol[contains(@class, 'stories')]")
    assert "First stored" in words(read(served.client.get(f"/stories/{story['id']}")), "//header")


def test_the_excerpt_of_a_search_is_that_of_the_original_as_it_reads_now(served: Served) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    later = NOON.replace(hour=13)
    fixed = reading("https://www.bridge0.example/bridge", BRIDGE.replace("eleven", "seventeen"), observed=later)
    with served.store.write() as connection:
        record_corrections(connection, save_articles(connection, [fixed], now=later))
    take(served.store, served.index_client, [], now=later)
    for order in ("relevance", "time"):
        [hit] = served.client.get("/v1/search", params={"q": "expected to cost", "order": order}).json()["found"]
        assert hit["where"]["article_id"] == hit["story"]["original"]
        assert "seventeen million" in hit["where"]["excerpt"]
        [old] = served.client.get("/v1/search", params={"q": "eleven million", "order": order}).json()["found"]
        assert old["where"]["article_id"] != old["story"]["original"]


def test_any_outlet_with_an_article_can_be_ours(home: Path, tmp_path: Path) -> None:
    rows = [{"url": "https://www.bay.example/b", "text": BRIDGE, "title": "B", "outlet": "Bay News"}]
    assert onestory("import", write_rows(tmp_path / "rows.jsonl", *rows), home=home).returncode == 0
    told = onestory("outlets", "set", "Bay News", "--ours", "--owner", "Coast Media", "--json", home=home)
    assert told.returncode == 0, told.stderr
    record = json.loads(told.stdout)
    assert (record["name"], record["ours"], record["owner"], record["host"]) == ("Bay News", True, "Coast Media", None)
    nobody = onestory("outlets", "set", "Nobody", "--ours", home=home)
    assert (nobody.returncode, "no article of it" in nobody.stderr) == (2, True)

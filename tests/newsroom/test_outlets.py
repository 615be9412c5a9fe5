"""Outlets: their report, owner, country and mark; merged names."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.schema import articles, stories
from onestory.store.sources.source_list import SourceEntry, add_sources
from tests.cli import onestory
from tests.newsroom.conftest import Served
from tests.newsroom.locked import Locked
from tests.newsroom.news import BRIDGE, FERRY, NOON
from tests.newsroom.test_pages import read, words
from tests.readings import reading, take

CORRECTED = BRIDGE.replace("eleven million crowns", "seventeen million crowns").replace("two thirds", "one half")


def ran(outlet: str, text: str, minutes: int, credit: str | None = None, path: str = "bridge") -> ProcessedCapture:
    host = outlet.lower().replace(" ", "")
    made = reading(
        f"https://{host}.example/{path}",
        text,
        observed=NOON + timedelta(minutes=minutes),
        title="Bridge to close" if path == "bridge" else "Ferry crews to strike",
        outlet=outlet,
    )
    return replace(made, extracted=replace(made.extracted, credit=credit))


def morning(desk: Served) -> None:
    """An agency corrects after 30 minutes. The Post follows 40 minutes later, the Herald does not."""
    take(desk.store, desk.index_client, [ran("Coast Wire", BRIDGE, 0)])
    copies = [ran("Post", BRIDGE, 5, "Coast Wire"), ran("Herald", BRIDGE, 6), ran("Post", FERRY, 7, path="ferry")]
    take(desk.store, desk.index_client, copies)
    take(desk.store, desk.index_client, [ran("Coast Wire", CORRECTED, 30)])
    take(desk.store, desk.index_client, [ran("Post", CORRECTED, 70, "Coast Wire")])


def test_the_report_says_how_much_is_wire_whose_and_how_fast_it_corrects(served: Served) -> None:
    morning(served)
    post = served.client.get("/v1/outlet", params={"name": "Post"}).json()
    assert (post["articles"], post["credited"], post["copied"]) == (2, 1, 0)
    assert post["agencies"] == [{"credit": "Coast Wire", "articles": 1}]
    assert (post["corrected"], post["median_delay_seconds"], post["outdated"]) == (1, 2400, [])
    herald = served.client.get("/v1/outlet", params={"name": "Herald"}).json()
    assert (herald["articles"], herald["credited"], herald["copied"]) == (1, 0, 1)
    assert (herald["corrected"], [one["title"] for one in herald["outdated"]]) == (0, ["Bridge to close"])
    page = read(served.client.get("/outlet", params={"name": "Post"}))
    assert "1 copy followed the correction of the original, half of them within 40 min." in words(page)
    assert "50% are its own (1)" in words(page)
    assert served.client.get("/v1/outlet", params={"name": "Nobody"}).status_code == 404
    assert served.client.get("/outlet", params={"name": "Nobody"}).status_code == 404


def outlets_of(store: Store) -> list[str]:
    with store.read() as connection:
        return sorted(connection.execute(select(articles.c.outlet)).scalars())


def test_a_merged_name_stands_for_the_other_outlet_from_now_on(served: Served) -> None:
    morning(served)
    with served.store.write() as connection:
        entry = SourceEntry("https://herald.example/feed", "feed", "Herald", homepage="https://herald.example/")
        add_sources(connection, [entry], now=NOON)
    merged = served.client.post("/v1/outlet/merge", params={"name": "Herald"}, json={"into": "Post"}).json()
    assert merged == {"outlet": "Post", "articles": 1}
    with served.store.read() as connection:
        counted = connection.execute(select(stories.c.outlets).where(stories.c.copies == 3)).scalar_one()
    assert counted == 2
    assert served.client.get("/v1/sources").json()["sources"][0]["outlet"] == "Post"
    take(served.store, served.index_client, [ran("Herald", FERRY, 90, path="ferry")])
    assert outlets_of(served.store) == ["Coast Wire", "Post", "Post", "Post", "Post"]
    assert served.client.get("/v1/outlet", params={"name": "Herald"}).json()["name"] == "Post"
    assert [one["name"] for one in served.client.get("/v1/outlets").json()["outlets"]] == ["Post"]
    again = served.client.post("/v1/outlet/merge", params={"name": "Post"}, json={"into": "Herald"})
    assert (again.status_code, "already that outlet" in again.json()["detail"]) == (422, True)
    unknown = served.client.post("/v1/outlet/merge", params={"name": "Post"}, json={"into": "Nobody"})
    assert unknown.status_code == 404


def test_owner_country_and_mark_are_set_by_form_api_and_command(served: Served) -> None:
    morning(served)
    form = {"name": "Post", "owner": "Coast Media", "country": "no", "ours": "1"}
    assert served.client.post("/outlet", data=form).headers["location"] == "/outlet?name=Post"
    told = served.client.get("/v1/outlet", params={"name": "Post"}).json()
    assert (told["owner"], told["country"], told["ours"]) == ("Coast Media", "NO", True)
    refused = read(served.client.post("/outlet", data={**form, "country": "7x"}), 422)
    assert "country code" in words(refused, "//*[@role='alert']")
    changed = served.client.patch("/v1/outlet", params={"name": "Post"}, json={"owner": "", "ours": False}).json()
    assert (changed["owner"], changed["country"], changed["ours"]) == (None, "NO", False)
    listed = list(csv.DictReader(io.StringIO(served.client.get("/v1/outlets?format=csv").text.lstrip("\ufeff"))))
    assert [(one["name"], one["country"]) for one in listed] == [("Post", "NO")]
    merged = served.client.post("/outlet/merge", data={"name": "Herald", "into": "Post"})
    assert merged.headers["location"] == "/outlet?name=Post&merged=Herald"
    assert "“Herald” now stands for this outlet" in words(read(served.client.get(merged.headers["location"])))
    assert served.client.post("/outlet/merge", data={"name": "Post", "into": "Nobody"}).status_code == 422


def test_only_administrators_change_outlets(small: Locked) -> None:
    for method, path in (("PATCH", "/v1/outlet?name=x"), ("POST", "/v1/outlet/merge?name=x"), ("POST", "/outlet")):
        assert small.client.request(method, path, headers=small.bearer("edit"), json={}).status_code == 403


def test_outlets_are_merged_from_the_command_line(home: Path) -> None:
    store = Store.open(f"sqlite:///{home / 'onestory.db'}")
    with store.write() as connection:
        entries = [SourceEntry(f"https://{name}.example/feed", "feed", name) for name in ("daily", "thedaily")]
        add_sources(connection, entries, now=NOON)
    store.close()
    assert "thedaily now stands for daily" in onestory("outlets", "merge", "thedaily", "daily", home=home).stdout
    assert "thedaily " not in onestory("outlets", "list", home=home).stdout


def test_the_outlets_of_a_row_are_ordered_by_size(served: Served) -> None:
    others = [ran("Big Paper", f"{FERRY}\nPart {at} of a series on the islands.", at, path=f"x{at}") for at in range(3)]
    take(served.store, served.index_client, others)
    copies = [ran(name, BRIDGE, 20 + at) for at, name in enumerate(("Coast Wire", "Small Paper", "Big Paper"))]
    take(served.store, served.index_client, copies)
    page = read(served.client.get("/?min_outlets=3"))
    assert [words_of.text_content() for words_of in page.xpath("//p[contains(@class, 'run-by')]//bdi")] == [
        "Coast Wire",
        "Big Paper",
        "Small Paper",
    ]

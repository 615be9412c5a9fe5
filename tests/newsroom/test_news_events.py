"""News events and counts by API, page and command."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.times import utc_now
from tests.cli import onestory
from tests.news_events.reports import report
from tests.newsroom.conftest import Served, serve_store
from tests.readings import NOON, reading, take

WHO = {"who": "Ada", "why": "one summit"}


def reports(happenings: int = 3, writers: int = 3) -> list[ProcessedCapture]:
    found = []
    for happening in range(happenings):
        for writer in range(writers):
            title, text = report(happening, writer)
            url = f"https://writer{writer}.example/{happening}"
            found.append(reading(url, text, title=title, outlet=f"Writer {writer}"))
    return found


def group(store: Store) -> None:
    grouper = NewsEventGrouper(store)
    while grouper.step(now=NOON):
        pass


@pytest.fixture
def grouped(served: Served) -> Served:
    """Nine reports of three happenings, on both databases."""
    take(served.store, served.index_client, reports())
    group(served.store)
    return served


@pytest.fixture
def small(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Served]:
    """The same on SQLite alone, where no query is asked that the other tests do not ask."""
    store = Store.open(sqlite_store_url)
    for served in serve_store(store, redis_url, prefix):
        take(store, served.index_client, reports())
        group(store)
        yield served
    store.close()


def events(served: Served, **asked: object) -> list[dict[str, Any]]:
    answer = served.client.get("/v1/news-events", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["news_events"]
    return found


def story_ids(served: Served, event: str) -> list[str]:
    return [story["id"] for story in served.client.get(f"/v1/news-events/{event}").json()["members"]]


def event_of(served: Served, story: str) -> str:
    answer = served.client.get(f"/v1/news-events/{story}", follow_redirects=True)
    found: str = answer.json()["id"]
    return found


def sizes(served: Served) -> list[int]:
    return sorted(event["stories"] for event in events(served))


def test_the_list_has_filters_orders_and_pages(grouped: Served) -> None:
    assert sizes(grouped) == [3, 3, 3]
    assert events(grouped, min_stories=4) == []
    assert len(events(grouped, language="English", sort="outlets")) == 3
    assert events(grouped, language="de") == []
    for sort in ("newest", "stories"):
        seen, asked = [], {"limit": 1, "sort": sort}
        while True:
            page = grouped.client.get("/v1/news-events", params=asked).json()
            seen += [event["id"] for event in page["news_events"]]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
        assert len(seen) == len(set(seen)) == 3


def test_a_cursor_of_another_list_is_refused(small: Served) -> None:
    cursor = small.client.get("/v1/news-events", params={"limit": 1}).json()["next"]
    for asked in ({"cursor": cursor, "sort": "stories"}, {"cursor": "nonsense"}, {"cursor": "WzEsMiwzXQ"}):
        assert small.client.get("/v1/news-events", params=asked).status_code == 400


def test_the_id_of_a_story_leads_to_its_event(small: Served) -> None:
    event = events(small)[0]
    members = story_ids(small, event["id"])
    assert event["id"] in members
    other = next(story for story in members if story != event["id"])
    answer = small.client.get(f"/v1/news-events/{other}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/v1/news-events/{event['id']}")
    assert small.client.get(f"/v1/news-events/{'0' * 24}").status_code == 404


def test_editors_merge_split_move_and_label_and_undo(grouped: Served) -> None:
    one, two, _ = events(grouped)
    merged = grouped.client.post(f"/v1/news-events/{one['id']}/merge", json={"other": two["id"], **WHO})
    assert merged.status_code == 200, merged.text
    assert sizes(grouped) == [3, 6]
    undone = grouped.client.post(f"/v1/news-event-decisions/{merged.json()['number']}/undo", json={"who": "Ada"})
    assert undone.status_code == 200
    assert sizes(grouped) == [3, 3, 3]
    leaving = story_ids(grouped, one["id"])[1]
    split = grouped.client.post(f"/v1/news-events/{one['id']}/split", json={"stories": [leaving], **WHO})
    assert split.status_code == 200
    assert sizes(grouped) == [1, 2, 3, 3]
    moved = grouped.client.post(f"/v1/news-events/{two['id']}/move", json={"story": leaving, **WHO})
    assert moved.json()["events"] == [event_of(grouped, leaving)] == [event_of(grouped, two["id"])]
    assert sizes(grouped) == [2, 3, 4]
    labelled = grouped.client.post(f"/v1/news-events/{two['id']}/label", json={"story": leaving, **WHO})
    assert labelled.status_code == 200
    kinds = [one["kind"] for one in grouped.client.get("/v1/news-event-decisions").json()["decisions"]]
    assert kinds == ["label", "apart", "apart", "together"]


def test_a_story_of_another_event_cannot_be_split_off(small: Served) -> None:
    one, two, _ = events(small)
    for path, body in (("split", {"stories": [two["id"]]}), ("label", {"story": two["id"]})):
        answer = small.client.post(f"/v1/news-events/{one['id']}/{path}", json={**body, **WHO})
        assert answer.status_code == 422
        assert "not a story of this news event" in answer.text


def test_the_pages_show_the_event_and_its_stories(small: Served) -> None:
    page = small.client.get("/news-events").text
    assert page.count('<p class="copies"><strong>3</strong> stories') == 3
    event = events(small)[0]
    details = small.client.get(f"/news-events/{event['id']}").text
    assert all(f'href="/stories/{story}"' in details for story in story_ids(small, event["id"]))
    story = small.client.get(f"/stories/{event['label_story']}").text
    assert f'href="/news-events/{event["id"]}"' in story


def test_the_view_is_remembered_for_the_front_page(small: Served) -> None:
    assert small.client.get("/").status_code == 200
    small.client.get("/news-events")
    assert small.client.get("/").headers["location"] == "/news-events"
    assert small.client.get("/", params={"view": "stories"}).status_code == 200
    assert small.client.get("/").status_code == 200


def test_the_page_makes_a_decision_and_says_what_is_missing(small: Served) -> None:
    event = events(small)[0]["id"]
    where = {"Origin": str(small.client.base_url).rstrip("/")}
    path = f"/news-events/{event}/split"
    nothing = small.client.post(path, data={**WHO}, headers=where)
    assert (nothing.status_code, "Choose the stories" in nothing.text) == (422, True)
    unnamed = small.client.post(path, data={"story": event}, headers=where)
    assert (unnamed.status_code, "Give your name" in unnamed.text) == (422, True)
    done = small.client.post(path, data={**WHO, "story": event}, headers=where)
    assert done.status_code == 303
    assert sizes(small) == [1, 2, 3, 3]


def test_a_watch_follows_an_event_by_page_and_by_api(small: Served) -> None:
    ended = events(small)[0]["id"]
    assert "/follow" not in small.client.get(f"/news-events/{ended}").text
    now = utc_now()
    fresh = [(f"https://writer{writer}.example/7", *report(7, writer)) for writer in range(3)]
    take(small.store, small.index_client, [reading(url, text, title=title, observed=now) for url, title, text in fresh])
    group(small.store)
    event = events(small)[0]["id"]
    assert f'action="/news-events/{event}/follow"' in small.client.get(f"/news-events/{event}").text
    where = {"Origin": str(small.client.base_url).rstrip("/")}
    followed = small.client.post(f"/news-events/{event}/follow", headers=where)
    assert followed.status_code == 303
    page = small.client.get(followed.headers["location"]).text
    assert f'Follows a <a href="/news-events/{event}">news event</a>' in page
    added = small.client.post("/v1/watches", json={"news_event": event, "name": "The summit"})
    assert (added.status_code, added.json()["watch"]["news_event"], added.json()["gathered"]) == (201, event, 3)
    stories = small.client.get(added.headers["location"]).json()["stories"]
    assert {copy["how"] for story in stories for copy in story["articles"]} == {"event"}
    assert small.client.post("/v1/watches", json={"news_event": "0" * 24}).status_code == 404


def counts(served: Served, **asked: object) -> list[tuple[str | None, int, int]]:
    answer = served.client.get("/v1/counts", params=asked)
    assert answer.status_code == 200, answer.text
    return [(one["value"], one["articles"], one["stories"]) for one in answer.json()["counts"]]


def test_counts_are_of_articles_and_of_stories(grouped: Served) -> None:
    _, text = report(0, 0)
    take(grouped.store, grouped.index_client, [reading("https://copier.example/a", text, outlet="Copier")])
    assert counts(grouped, by="day") == [("2026-03-01", 10, 9)]
    by_writer = [(f"Writer {number}", 3, 3) for number in range(3)]
    assert counts(grouped, by="outlet") == [*by_writer, ("Copier", 1, 1)]
    assert counts(grouped, by="language") == [("en", 10, 9)]
    assert counts(grouped, by="agency") == [(None, 10, 9)]
    assert counts(grouped, by="day", outlet="Copier") == [("2026-03-01", 1, 1)]
    assert counts(grouped, by="day", since="2026-03-02") == []


def test_counts_of_a_search_and_of_one_event(grouped: Served) -> None:
    event = events(grouped)[0]
    assert counts(grouped, by="day", news_event=event["id"]) == [("2026-03-01", 3, 3)]
    word = event["label"].split()[0]
    found = counts(grouped, by="day", q=word)
    assert 0 < found[0][1] < 9
    table = grouped.client.get("/v1/counts", params={"by": "outlet", "format": "csv"}).text.lstrip("\ufeff")
    assert [row["articles"] for row in csv.DictReader(io.StringIO(table))] == ["3", "3", "3"]
    assert "Writer 1" in grouped.client.get("/counts", params={"by": "outlet"}).text


@pytest.mark.parametrize("asked", [{"by": "moon"}, {"since": "never"}, {"news_event": "x"}])
def test_bad_parameters_of_counts_are_refused(client: Any, asked: dict[str, str]) -> None:
    assert client.get("/v1/counts", params=asked).status_code in (404, 422)
    assert client.get("/counts", params=asked).status_code == 422


def lines(output: str) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_the_commands_group_list_show_and_count(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    with rows.open("w") as file:
        for happening in range(2):
            for writer in range(3):
                title, text = report(happening, writer)
                row = {"url": f"https://writer{writer}.example/{happening}", "title": title, "text": text}
                file.write(json.dumps(row) + "\n")
    home = f"--home={tmp_path / 'h'}"
    onestory("import", home, str(rows), "--no-learn")
    assert not onestory("dump", "-", "--rows=news-events", "--no-grouping", home).stdout
    listed = lines(onestory("news-events", "list", home, "--json").stdout)
    assert [event["stories"] for event in listed] == [3, 3]
    shown = lines(onestory("news-events", "show", listed[0]["id"], home, "--json").stdout)
    assert len(shown[0]["members"]) == 3
    merged = onestory("news-events", "merge", *(event["id"] for event in listed), "--who=Ada", "--why=one", home)
    assert "decision 1 applied" in merged.stdout
    assert "6 stories" in onestory("news-events", "list", home).stdout
    assert "Ada" in onestory("news-events", "log", home).stdout
    event = listed[0]["id"]
    onestory("watch", "add", f"--news-event={event}", home)
    assert f"follows the news event {event}" in onestory("watch", "show", "1", home).stdout
    dumped = lines(onestory("dump", "-", "--rows=news-events", home).stdout)
    assert [len(event["stories"]) for event in dumped] == [6]
    sampled = lines(onestory("dump", "-", "--rows=news-events", "--sample=2", home).stdout)
    assert [(len(event["stories"]), event["label"]) for event in sampled] == [(2, None)]
    counted = lines(onestory("counts", "--by=outlet", home, "--json").stdout)
    assert [row["articles"] for row in counted] == [2, 2, 2]
    assert onestory("counts", "--by=moon", home).returncode == 2

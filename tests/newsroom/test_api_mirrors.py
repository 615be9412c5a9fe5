"""Reading a list while it grows, and keeping a copy of it: over HTTP, on SQLite and PostgreSQL."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from onestory.newsroom.stories import changes_api
from onestory.pipelines.stories.decisions import DecisionNote, merge_stories
from onestory.pipelines.takedown import take_down
from onestory.store.schema import stories
from onestory.store.stories.export import iter_articles
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put, story_of


def essay(number: int) -> str:
    """A text that shares hardly a word with the others."""
    return " ".join(f"w{number}x{at} said{number} of{at}q{number}" for at in range(40))


def singles(served: Served, count: int, *, first: int = 0) -> list[str]:
    pieces = [
        Piece(f"https://o{n}.example/a", essay(n), title=f"Essay {n}", outlet=f"O{n}", minutes=n)
        for n in range(first, first + count)
    ]
    return put(served.store, served.index_client, pieces)


def test_a_list_read_while_stories_grow_neither_skips_nor_repeats(served: Served) -> None:
    """Between two pages a writer gives a copy to a story not yet told, to one told already, and adds a new one."""
    there = singles(served, 12)
    told, cursor, step = [], None, 0
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = served.client.get("/v1/stories", params=params).json()
        told += [story["id"] for story in page["stories"]]
        cursor = page["next"]
        if cursor is None:
            break
        copies = [
            Piece(
                f"https://late{step}-{n}.example/a", essay(n), title="Late", outlet=f"Late {step}", minutes=100 + step
            )
            for n in (step, 11 - step)
        ]
        put(served.store, served.index_client, copies)
        singles(served, 1, first=50 + step)
        step += 1
    assert step == 5
    assert told == list(reversed(there))
    fresh = served.client.get("/v1/stories", params={"limit": 200}).json()["stories"]
    assert len(fresh) == 17
    assert max(story["copies"] for story in fresh) == 2


def mirror(served: Served, cursor: str | None = None, **params: object) -> tuple[list[dict[str, object]], str]:
    """All changes from there on, two at a time."""
    found: list[dict[str, object]] = []
    while True:
        asked = params | {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = served.client.get("/v1/changes", params=asked)
        assert answer.status_code == 200, answer.text
        found += answer.json()["changes"]
        cursor = answer.json()["next"]
        if not answer.json()["more"]:
            return found, str(cursor)


def test_a_mirror_hears_of_each_change_once(served: Served) -> None:
    singles(served, 5)
    first, cursor = mirror(served)
    assert [change["kind"] for change in first] == ["story"] * 5
    assert mirror(served, cursor) == ([], cursor)
    with served.store.write() as connection:
        later = NOON + timedelta(minutes=30)
        connection.execute(update(stories).where(stories.c.id == first[3]["key"]).values(updated=later))
    again, _ = mirror(served, cursor)
    assert [change["key"] for change in again] == [first[3]["key"]]
    assert again[0]["story"]["title"] == first[3]["story"]["title"]  # type: ignore[index]


def test_a_mirror_hears_of_what_was_absorbed_and_of_what_was_taken_down(served: Served) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge to close"))
    [ferry] = put(served.store, served.index_client, story_of(FERRY, copies=1, name="ferry", title="Ferry"))
    told, cursor = mirror(served)
    by_kind = {change["kind"]: change for change in told}
    survivor = served.client.get("/v1/stories", params={"q": "harbour"}).json()["stories"][0]["id"]
    assert by_kind["absorbed"]["into"] == survivor
    assert {change["key"] for change in told if change["kind"] == "story"} == {survivor, ferry}

    later = NOON + timedelta(hours=1)
    url = "https://www.ferry0.example/ferry"
    take_down(served.store, served.index_client, url, reason="court", archived=[], now=later)
    gone, _ = mirror(served, cursor)
    digest = hashlib.sha256(f"article:{ferry}".encode()).hexdigest()
    assert (gone[-1]["kind"], gone[-1]["key"]) == ("removed", digest)
    assert gone[-1]["story"] is None


def test_the_last_minute_waits_as_a_later_change_may_be_written_first(served: Served) -> None:
    [one] = singles(served, 1)
    with served.store.write() as connection:
        connection.execute(update(stories).values(updated=NOON + timedelta(hours=2) - timedelta(seconds=59)))
    assert mirror(served)[0] == []
    with served.store.write() as connection:
        connection.execute(update(stories).values(updated=NOON + timedelta(hours=2) - timedelta(seconds=61)))
    assert [change["key"] for change in mirror(served)[0]] == [one]
    assert mirror(served, updated_since="2026-11-23T13:59Z")[0] == []


def test_a_cursor_that_is_none_is_refused(served: Served) -> None:
    for cursor in ("x", "W10", "'", "WzEsMl0", "A" * 300):
        answer = served.client.get("/v1/changes", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_cursor")


def test_a_mirror_with_texts_needs_one_call_a_page_and_holds_what_the_store_holds(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the pages copies arrive, a text changes, stories merge, and one is taken down."""
    monkeypatch.setattr(changes_api, "MAX_ARTICLES", 5)
    ids = singles(served, 9)
    put(served.store, served.index_client, story_of(BRIDGE, copies=7, name="bridge", title="Bridge to close"))
    held: dict[str, dict[str, Any]] = {}
    cursor, pages = "", 0
    while True:
        asked = {"include": "articles", **({"cursor": cursor} if cursor else {"updated_since": "2020-01-01"})}
        page = served.client.get("/v1/changes", params=asked).json()
        for change in page["changes"]:
            if change["kind"] == "removed":
                held = {one: row for one, row in held.items() if digest_of(one) != change["key"]}
            held |= {row["id"]: row for row in change["articles"] or ()}
        cursor, pages = page["next"], pages + 1
        copies = [len(change["articles"]) for change in page["changes"] if change["articles"]]
        assert sum(copies) <= 5 or len(copies) == 1
        if pages == 1:
            later = Piece("https://late.example/a", essay(0), title="Late", outlet="Late", minutes=20)
            put(served.store, served.index_client, [later, Piece("https://o1.example/a", essay(77), minutes=30)])
            merge_stories(served.store, [ids[2], ids[3]], DecisionNote("Ada", "one", NOON + timedelta(minutes=31)))
            take_down(
                served.store,
                served.index_client,
                "https://o4.example/a",
                reason="x",
                archived=[],
                now=NOON + timedelta(minutes=32),
            )
        if not page["more"]:
            break
    assert pages > 3
    with served.store.read() as connection:
        there = {record.copy.id: record for record in iter_articles(connection)}
    assert held.keys() == there.keys()
    for identity, row in held.items():
        record = there[identity]
        assert (row["text"], row["story_id"], row["number"]) == (record.text, record.copy.story_id, record.number)


def digest_of(article_id: str) -> str:
    return hashlib.sha256(f"article:{article_id}".encode()).hexdigest()


def test_articles_are_listed_with_or_without_texts_on_pages_that_stay(served: Served) -> None:
    ids = singles(served, 7)
    told, cursor = [], None
    while True:
        params = {"limit": 3, "include": "text"} | ({"cursor": cursor} if cursor else {})
        answer = served.client.get("/v1/articles", params=params)
        page = answer.json()
        told += [(one["id"], one["text"]) for one in page["articles"]]
        singles(served, 1, first=50 + len(told))
        cursor = page["next"]
        if cursor is None:
            break
        assert answer.headers["link"].endswith('rel="next"')
    assert told == [(one, essay(number)) for number, one in reversed(list(enumerate(ids)))]
    [one] = served.client.get("/v1/articles", params={"outlet": "O3"}).json()["articles"]
    assert (one["id"], "text" in one) == (ids[3], False)
    [one] = served.client.get("/v1/articles", params={"story": ids[2]}).json()["articles"]
    assert one["id"] == ids[2]
    assert served.client.get("/v1/articles", params={"since": "1h"}).json()["articles"] == []
    for params, status in (({"cursor": "x"}, 400), ({"include": "all"}, 422), ({"story": "x"}, 422)):
        assert served.client.get("/v1/articles", params=params).status_code == status
    first = served.client.get("/v1/articles", params={"limit": 1}).json()["next"]
    assert served.client.get("/v1/articles", params={"outlet": "O3", "cursor": first}).status_code == 400

"""What editors decide and compare, by the API: over HTTP, on SQLite and PostgreSQL."""

from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import insert

from onestory.pipelines.versions.corrections import record_corrections
from onestory.store.articles.save import save_articles
from onestory.store.schema import removed_lines
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, put, story_of
from tests.readings import reading, take

SIGNED = {"who": "Ada", "why": "the same matter"}
NO_ID = "0" * 24


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(served.store, served.index_client, story_of(FERRY, copies=2, name="ferry", title="Ferry crews", minutes=60))
    return served


def stories(news: Served) -> dict[str, dict[str, Any]]:
    return {one["title"]: one for one in news.client.get("/v1/stories").json()["stories"]}


def members(news: Served, story: dict[str, Any]) -> list[str]:
    return [one["id"] for one in news.client.get(f"/v1/stories/{story['id']}").json()["articles"]]


def log(news: Served, **query: Any) -> list[tuple[str, str, str | None]]:
    told = news.client.get("/v1/decisions", params=query).json()["decisions"]
    return [(one["kind"], one["who"], one["undone_by"]) for one in told]


def test_stories_are_merged_and_the_decision_undone(news: Served) -> None:
    bridge, ferry = stories(news)["Bridge to close"], stories(news)["Ferry crews"]
    order = {"other": "https://www.ferry1.example/ferry", **SIGNED}
    merged = news.client.post(f"/v1/stories/{bridge['id']}/merge", json=order)
    assert (merged.json()["number"], merged.json()["stories"]) == (1, [bridge["id"]])
    [after] = merged.json()["effect"]["after"]
    assert {one["story_before"] for one in after["copies"]} == {bridge["id"], ferry["id"]}
    assert merged.headers["cache-control"] == "no-store"
    # The absorbed id leads on, for what is asked and for what is told to do.
    for path in ("", "/standing"):
        led = news.client.get(f"/v1/stories/{ferry['id']}{path}")
        assert (led.status_code, led.headers["location"]) == (307, f"/v1/stories/{bridge['id']}{path}")
    assert log(news, story=bridge["id"]) == [("together", "Ada", None)]
    undone = news.client.post("/v1/decisions/1/undo", json={"who": "Ben"})
    assert set(undone.json()["stories"]) == {bridge["id"], ferry["id"]}
    assert log(news) == [("together", "Ada", "Ben")]
    again = news.client.post("/v1/decisions/1/undo", json={"who": "Ben"})
    assert (again.status_code, again.json()["detail"]) == (422, "Decision 1 was already undone by Ben.")


def test_copies_leave_their_story_and_another_is_the_original(news: Served) -> None:
    bridge = stories(news)["Bridge to close"]
    first, second, third = members(news, bridge)
    parted = news.client.post(f"/v1/stories/{bridge['id']}/split", json={"articles": [third], **SIGNED})
    assert set(parted.json()["stories"]) == {bridge["id"], third}
    pinned = news.client.post(f"/v1/stories/{bridge['id']}/pin", json={"article": second, **SIGNED})
    assert pinned.status_code == 200
    told = news.client.get(f"/v1/stories/{bridge['id']}").json()
    assert (told["original"], told["original_reason"], told["copies"]) == (second, "pinned", 2)
    assert first in members(news, bridge)
    assert [kind for kind, _, _ in log(news)] == ["original", "split"]


def test_a_preview_shows_the_whole_effect_and_changes_nothing(news: Served) -> None:
    bridge = stories(news)["Bridge to close"]
    chosen = members(news, bridge)[0]
    order = {"articles": [chosen], **SIGNED}
    shown = news.client.post(f"/v1/stories/{bridge['id']}/split", params={"preview": True}, json=order).json()
    assert (shown["number"], log(news), stories(news)["Bridge to close"]["copies"]) == (None, [], 3)
    made = news.client.post(f"/v1/stories/{bridge['id']}/split", json=order).json()
    assert (made["effect"], made["stories"]) == (shown["effect"], shown["stories"])
    rest, one = made["effect"]["after"]
    assert ([copy["article_id"] for copy in one["copies"]], len(rest["copies"])) == ([chosen], 2)
    assert [(was["id"], was["copies"]) for was in made["effect"]["before"]] == [(bridge["id"], 3)]
    undo = {"params": {"preview": True}, "json": {"who": "Ben"}}
    undone = news.client.post(f"/v1/decisions/{made['number']}/undo", **undo).json()
    assert [len(story["copies"]) for story in undone["effect"]["after"]] == [3]
    assert log(news) == [("split", "Ada", None)]


@pytest.mark.parametrize(
    ("path", "order", "status"),
    [
        ("merge", {"other": NO_ID, **SIGNED}, 404),
        ("merge", {"other": "nobody", **SIGNED}, 404),
        ("merge", {"other": "http://[", **SIGNED}, 422),
        ("merge", {"other": "\x00", **SIGNED}, 422),
        ("merge", {"who": "Ada", "why": "x"}, 422),
        ("split", {"articles": [], **SIGNED}, 422),
        ("split", {"articles": [NO_ID], **SIGNED}, 404),
        ("split", {"articles": ["https://www.ferry1.example/ferry"], **SIGNED}, 422),
        ("pin", {"article": "https://www.ferry1.example/ferry", **SIGNED}, 422),
        ("pin", {"article": 7, **SIGNED}, 422),
        ("pin", {"article": "https://www.bridge1.example/bridge", "who": " \x00 ", "why": "x"}, 422),
        ("pin", {"article": "https://www.bridge1.example/bridge", "who": "Ada", "why": "x" * 501}, 422),
        ("pin", {"article": "https://www.bridge1.example/bridge", "more": 1, **SIGNED}, 422),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_is_kept(
    news: Served, path: str, order: dict[str, object], status: int
) -> None:
    bridge = stories(news)["Bridge to close"]
    answer = news.client.post(f"/v1/stories/{bridge['id']}/{path}", json=order)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert log(news) == []


def test_no_other_sites_page_decides(news: Served) -> None:
    bridge = stories(news)["Bridge to close"]
    for path in (f"stories/{bridge['id']}/merge", f"stories/{bridge['id']}/pin", "decisions/1/undo"):
        refused = news.client.post(f"/v1/{path}", json={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert refused.status_code == 403


def test_half_a_character_is_a_problem_and_no_fault(news: Served) -> None:
    bridge = stories(news)["Bridge to close"]
    body = b'{"other": "x", "who": "\\ud800", "why": "\\ud800"}'
    answer = news.client.post(
        f"/v1/stories/{bridge['id']}/merge", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


@pytest.fixture
def corrected(news: Served) -> Served:
    """The first copy of the bridge says another sum now."""
    url = "https://www.bridge0.example/bridge"
    text = BRIDGE.replace("eleven million crowns", "seventeen million crowns")
    later = reading(url, text, observed=NOON.replace(hour=13), title="Bridge to close", outlet="Bridge 0")
    with news.store.write() as connection:
        record_corrections(connection, save_articles(connection, [later], now=NOON.replace(hour=13)))
    take(news.store, news.index_client, [], now=NOON.replace(hour=13))
    return news


def test_versions_are_listed_and_compared_word_by_word(corrected: Served) -> None:
    bridge = stories(corrected)["Bridge to close"]
    told = corrected.client.get(f"/v1/articles/{bridge['original']}/versions").json()
    before, after = told["versions"]
    assert (after["is_current"], before["changes"], told["withdrawals"]) == (True, None, [])
    assert (after["changes"]["added"], after["changes"]["removed"], after["changes"]["of"]) == (1, 1, before["number"])
    asked = {"a": before["number"], "b": after["number"]}
    compared = corrected.client.get("/v1/compare", params=asked).json()
    assert (compared["added"], compared["removed"], compared["moved"]) == (1, 1, 0)
    gone = next(one for one in compared["stretches"] if one["kind"] == "removed")
    start, end = gone["before"]
    assert compared["a"]["text"][start:end] == "eleven"
    assert (compared["a"]["outlet"], compared["b"]["is_current"]) == ("Bridge 0", True)


@pytest.mark.parametrize("turned", [False, True])
def test_the_page_of_a_comparison_has_the_older_text_on_the_left(corrected: Served, turned: bool) -> None:
    bridge = stories(corrected)["Bridge to close"]
    told = corrected.client.get(f"/v1/articles/{bridge['original']}/versions").json()
    numbers = [one["number"] for one in told["versions"]]
    a, b = reversed(numbers) if turned else numbers
    page = corrected.client.get("/compare", params={"a": a, "b": b}).text
    assert page.index("<del>eleven</del>") < page.rindex("<ins>")
    assert "<del>eleven</del>" in page[page.index('id="left"') : page.index('id="right"')]


def test_removed_lines_are_also_sent_under_their_former_name(corrected: Served) -> None:
    bridge = stories(corrected)["Bridge to close"]
    [before, after] = corrected.client.get(f"/v1/articles/{bridge['original']}/versions").json()["versions"]
    line = {"number": before["number"], "line": "Sign up for news", "reason": "host", "at": NOON}
    with corrected.store.write() as connection:
        connection.execute(insert(removed_lines).values(line))
    asked = {"a": before["number"], "b": after["number"]}
    compared = corrected.client.get("/v1/compare", params=asked).json()
    assert compared["a"]["boilerplate"] == compared["a"]["furniture"] == ["Sign up for news"]
    assert compared["b"]["boilerplate"] == compared["b"]["furniture"] == []


def test_who_still_runs_the_old_text_is_told(corrected: Served) -> None:
    bridge = stories(corrected)["Bridge to close"]
    answer = corrected.client.get(f"/v1/stories/{bridge['id']}/standing")
    told = answer.json()
    assert (told["reason"], told["outlets"], told["old_outlets"], told["old_ours"]) == ("changed", 2, 2, 0)
    assert {(one["outlet"], one["standing"]) for one in told["copies"]} == {("Bridge 1", "old"), ("Bridge 2", "old")}
    ferry = stories(corrected)["Ferry crews"]
    assert corrected.client.get(f"/v1/stories/{ferry['id']}/standing").json()["reason"] is None
    seen = {"If-None-Match": answer.headers["etag"]}
    assert corrected.client.get(f"/v1/stories/{bridge['id']}/standing", headers=seen).status_code == 304


def test_what_happened_and_what_to_act_on_is_told_as_the_front_page_does(corrected: Served) -> None:
    told = corrected.client.get("/v1/desk", params={"since": "3h"}).json()
    counts = told["happened"]
    assert (counts["widespread"], counts["corrected"], told["since"]) == (1, 1, "2026-11-23T11:00:00Z")
    [act] = told["actions"]
    assert (act["story"]["title"], act["reason"], act["old_outlets"]) == ("Bridge to close", "changed", 2)
    assert corrected.client.get("/v1/desk", params={"since": "1m"}).json()["actions"] == []
    # The former names, for one release.
    assert (counts["wide"], told["acts"]) == (counts["widespread"], told["actions"])


def test_former_names_are_deprecated_in_the_api_description(corrected: Served) -> None:
    shapes = corrected.client.get("/openapi.json").json()["components"]["schemas"]
    former = {"ComparedVersion": "furniture", "DeskCounts": "wide", "DeskSummary": "acts", "Key": "begins"}
    for shape, name in former.items():
        assert shapes[shape]["properties"][name]["deprecated"] is True


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("desk?since=nonsense", 422),
        ("desk?since=%00", 422),
        ("desk?since=-5h", 422),
        ("compare", 422),
        ("compare?a=1", 422),
        ("compare?a=1&b=99999", 404),
        ("compare?a=0&b=-1", 422),
        ("compare?a=1&b=99999999999999999999999", 422),
        ("compare?a=%00&b=1", 422),
        (f"articles/{NO_ID}/versions", 404),
        ("articles/nobody/versions", 404),
        (f"stories/{NO_ID}/standing", 404),
        ("decisions?story=nobody", 404),
        ("decisions?limit=0", 422),
    ],
)
def test_what_is_not_there_or_no_question_is_a_problem(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(f"/v1/{path}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"

"""Watches as an editor has them: by command, and by the API."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from onestory.config import Config
from onestory.store.database import Store
from tests.cli import onestory
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, put, story_of
from tests.readings import reading, save_all

LIST = '[[source]]\nurl = "https://a.example/feed"\noutlet = "A"\n'


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "sources.toml"
    path.write_text(LIST + '[[search]]\nname = "Somebody"\nurl = "https://search.example/?q={query}"\n')
    return {"ONESTORY_SOURCES": str(path)}


def test_an_editor_follows_a_story(home: Path, env: dict[str, str]):
    store = Store.open(Config.read({}, home=home).database_url)
    save_all(store, [reading("https://a.example/1", BRIDGE, title="To close"), reading("https://b.example/1", FERRY)])
    store.close()
    made = onestory("watch", "add", "harbour bridge", "no such words", "--name", "Bridge", "--json", home=home, env=env)
    begun = json.loads(made.stdout)
    assert (begun["gathered"], begun["searches"], begun["watch"]["name"]) == (1, 2, "Bridge")
    number = str(begun["watch"]["id"])
    shown = json.loads(onestory("watch", "show", number, "--json", home=home).stdout)
    assert [one["copy"]["url"] for story in shown["stories"] for one in story["copies"]] == ["https://a.example/1"]
    read = onestory("watch", "show", number, home=home).stdout
    assert "1 story, 1 copy" in read
    assert "To close" in read
    assert json.loads(onestory("watch", "end", number, "--json", home=home).stdout)["ended"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "bridge", "--until", "2020-01-01"), "is in the past"),
        (("remove", "' OR 1=1"), "is not the number of a watch"),
    ],
)
def test_what_cannot_be_done_says_why(home: Path, arguments: tuple[str, ...], said: str):
    done = onestory("watch", *arguments, home=home)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_watch_by_the_api(served: Served):
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    put(served.store, served.index_client, story_of(FERRY, copies=2, name="ferry", title="Ferry crews stop"))
    until = (NOON + timedelta(days=9)).isoformat()
    made = served.client.post("/v1/watches", json={"phrases": ["ferry crews", "island ferries"], "until": until})
    assert (made.status_code, made.json()["gathered"]) == (201, 2)
    told = served.client.get(made.headers["location"]).json()
    assert (told["story_count"], told["copy_count"], told["phrases"]) == (1, 2, ["ferry crews", "island ferries"])
    assert [(one["outlet"], one["how"]) for one in told["stories"][0]["articles"]] == [
        ("Ferry 0", "text"),
        ("Ferry 1", "text"),
    ]
    assert [one["id"] for one in served.client.get("/v1/watches").json()["watches"]] == [told["id"]]
    ended = served.client.post(f"/v1/watches/{told['id']}/end")
    assert (ended.status_code, ended.json()["ended"]) == (200, "2026-11-23T14:00:00Z")
    assert served.client.delete(f"/v1/watches/{told['id']}").status_code == 204
    assert served.client.get(f"/v1/watches/{told['id']}").status_code == 404


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"phrases": ["bridge"], "until": "2020-01-01T00:00:00Z"},
        {"phrases": ["bridge"], "until": "9999-12-31T23:59:59-14:00"},
        {"phrases": ["_", "%"]},
        {"phrases": ["bridge"] * 21},
        {"phrases": ["b" * 10_000]},
        {"urls": ["ftp://a.example/"]},
        {"urls": ["http://user:word@a.example/"]},
        {"urls": ["https://a.example/"], "colour": "red"},
        [],
    ],
)
def test_an_order_that_cannot_be_followed_is_refused(client, order: object):
    answer = client.post("/v1/watches", json=order)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert client.get("/v1/watches").json() == {"watches": []}


def test_no_other_sites_page_adds_or_removes_a_watch(client):
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/v1/watches", json={"phrases": ["bridge"]}, headers=from_elsewhere).status_code == 403
    assert client.delete("/v1/watches/1", headers=from_elsewhere).status_code == 403
    assert client.delete("/v1/watches/1").status_code == 404

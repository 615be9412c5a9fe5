"""The generated client in clients/, against a real server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from onestory.store.database import Store
from tests.newsroom.locked import Locked, locked_desk
from tests.newsroom.news import BRIDGE, put, story_of
from tests.readings import fresh_registry

CLIENTS = Path(__file__).parents[2] / "clients"


@pytest.fixture
def onestory_client(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CLIENTS))
    sys.modules.pop("onestory_client", None)
    import onestory_client

    return onestory_client


@pytest.fixture
def desk(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Locked]:
    store = Store.open(sqlite_store_url)
    with locked_desk(store, redis_url, prefix) as locked:
        registry = fresh_registry(store, redis_url, prefix)
        put(store, registry, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
        registry.index.redis.close()
        yield locked
    store.close()


def test_it_is_that_of_this_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CLIENTS))
    import generate

    assert generate.render(generate.document()) == generate.CLIENT.read_text(encoding="utf-8")


def test_it_reads_and_writes_what_its_types_say(desk: Locked, onestory_client: Any) -> None:
    client = onestory_client.Client(str(desk.client.base_url), key=desk.keys["admin"].secret)
    [story] = client.list_stories(min_copies=3)["stories"]
    assert set(story) == set(onestory_client.Story.__annotations__)
    whole = client.get_story(story["id"])
    assert set(whole) == set(onestory_client.StoryWithCopies.__annotations__)
    found = client.look_up_text({"text": BRIDGE})["found"]
    assert [one["story_id"] for one in found] == [story["id"]]
    assert client.change_outlet({"owner": "Coast"}, name="Bridge 0")["owner"] == "Coast"
    kept = client.add_saved_search({"name": "Harbour", "query": "q=harbour"})
    assert client.remove_saved_search(kept["id"]) is None


def test_problems_are_errors_with_their_reason(desk: Locked, onestory_client: Any) -> None:
    reader = onestory_client.Client(str(desk.client.base_url), key=desk.keys["read"].secret)
    with pytest.raises(onestory_client.OnestoryError) as unknown:
        reader.get_story("0" * 24)
    assert (unknown.value.status, unknown.value.reason) == (404, "not_found")
    with pytest.raises(onestory_client.OnestoryError, match="403"):
        reader.change_outlet({"owner": "Coast"}, name="Bridge 0")
    with pytest.raises(onestory_client.OnestoryError, match="401"):
        onestory_client.Client(str(desk.client.base_url)).list_stories()
    with pytest.raises(ValueError, match="is not an http"):
        onestory_client.Client("file:///etc/passwd")

"""Events as pages and as a stream: none is missed, none comes twice, and nobody waits for ever."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

import httpx2 as httpx
import pytest

from onestory.newsroom.events import stream as arrivals
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.store.database import Store
from onestory.store.events.event_log import add_event, delete_events
from onestory.store.schema import events
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, NOON, put, story_of
from tests.readings import fresh_registry
from tests.waiting import LONGEST_WAIT, wait_until

STORY, OTHER = "a" * 24, "b" * 24


def tell(store: Store, *stories: str, kind: str = "story.grew", days: int = 0) -> None:
    with store.write() as connection:
        for story in stories:
            add_event(connection, kind, now=NOON + timedelta(days=days), story_id=story)


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [event["id"] for event in answer.json()["events"]]


@contextmanager
def stream(client: httpx.Client, path: str = "/v1/events/stream", **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    with client.stream("GET", path, headers=headers, timeout=LONGEST_WAIT) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield frames(answer)


def frames(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """The events of a stream as a browser has them: a frame without data only moves the number on."""
    frame: dict[str, str] = {}
    for line in answer.iter_lines():
        if not line and "data" in frame:
            yield frame
        frame = {**frame, **dict([line.split(": ", 1)])} if line and not line.startswith(":") else {}


def test_pages_go_on_where_the_one_before_ended(served: Served) -> None:
    tell(served.store, *[STORY] * 5)
    seen: list[int] = []
    after = 0
    for _ in range(4):
        answer = served.client.get("/v1/events", params={"after": after, "limit": 2})
        seen += ids(answer)
        after = answer.json()["next"]
    assert seen == [1, 2, 3, 4, 5]
    tell(served.store, STORY)
    assert ids(served.client.get("/v1/events", params={"after": after})) == [6]


def test_filters_by_kind_and_story_and_next_leads_behind_the_others(served: Served) -> None:
    tell(served.store, STORY, OTHER)
    tell(served.store, STORY, OTHER, kind="story.corrected")
    assert ids(served.client.get("/v1/events", params={"kind": "story.corrected"})) == [3, 4]
    assert ids(served.client.get("/v1/events", params={"kind": ["story.corrected", "story.grew"]})) == [1, 2, 3, 4]
    answer = served.client.get("/v1/events", params={"story": STORY, "kind": "story.grew"})
    assert (ids(answer), answer.json()["next"]) == ([1], 4)


def test_a_story_tells_of_itself(served: Served) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge"))
    [event] = served.client.get("/v1/events").json()["events"]
    assert (event["kind"], event["data"]) == ("story.created", {"copies": 3, "outlets": 3, "owners": 3})
    assert served.client.get(f"/v1/stories/{event['story_id']}").status_code == 200


def test_who_comes_too_late_or_from_elsewhere_is_told_to_begin_anew(served: Served) -> None:
    tell(served.store, STORY, STORY)
    tell(served.store, STORY, days=9)
    with served.store.write() as connection:
        delete_events(connection, before=NOON + timedelta(days=1))
    for after in (0, 1, 99):
        answer = served.client.get("/v1/events", params={"after": after})
        assert (answer.json()["reset"], ids(answer), answer.json()["next"]) == (True, [3], 3)
    for params in ({}, {"after": 2}):
        answer = served.client.get("/v1/events", params=params)
        assert (answer.json()["reset"], ids(answer)) == (False, [3])
    with stream(served.client, **{"Last-Event-ID": "1"}) as told:
        first, second = islice(told, 2)
    assert (first["event"], first["id"], json.loads(first["data"])) == ("reset", "2", {"after": 2})
    assert (second["event"], second["id"]) == ("story.grew", "3")


def test_a_number_that_was_taken_down_is_no_reason_to_begin_anew(served: Served) -> None:
    tell(served.store, STORY, OTHER)
    with served.store.write() as connection:
        connection.execute(events.delete().where(events.c.story_id == OTHER))
    assert served.client.get("/v1/events", params={"after": 2}).json() == {"events": [], "next": 2, "reset": False}


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "limit=0", "kind=story.exploded", "kind=%00"]
)
def test_what_is_no_question_is_refused(client: httpx.Client, query: str) -> None:
    for path in ("/v1/events", "/v1/events/stream"):
        if not (path.endswith("stream") and query.startswith("limit")):
            assert client.get(f"{path}?{query}").status_code == 422


def test_a_number_that_no_stream_gave_is_refused(client: httpx.Client) -> None:
    for number in ("x", "-1", "9" * 30, "٣"):
        asked = client.get("/v1/events/stream", headers={"Last-Event-ID": number.encode()})  # type: ignore[dict-item]
        assert asked.status_code == 422
    assert client.get("/v1/events?story=nonsense").status_code == 404


def test_a_stream_tells_what_happens_from_now_on(served: Served) -> None:
    tell(served.store, STORY)
    with stream(served.client, "/v1/events?kind=story.corrected", Accept="text/event-stream") as told:
        tell(served.store, OTHER, STORY)
        later = threading.Thread(target=tell, args=(served.store, OTHER), kwargs={"kind": "story.corrected"})
        later.start()
        frame = next(told)
        later.join()
    assert (frame["event"], json.loads(frame["data"])["story_id"]) == ("story.corrected", OTHER)


def test_a_stream_goes_on_where_it_was_cut(served: Served) -> None:
    tell(served.store, *[STORY] * 450)
    with stream(served.client, "/v1/events/stream?after=0") as told:
        first = [int(frame["id"]) for frame in islice(told, 210)]
    with stream(served.client, **{"Last-Event-ID": str(first[-1])}) as told:
        rest = [int(frame["id"]) for frame in islice(told, 240)]
    assert first + rest == list(range(1, 451))


def test_a_stream_works_without_redis(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "EVENT_POLL_SECONDS", 0.1)
    with stream(served.client, "/v1/events/stream") as told:
        tell(served.store, STORY)  # this store wakes nobody
        assert next(told)["id"] == "1"


def test_a_stream_is_woken_by_another_process(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from onestory.pipelines.runtime.notifications import Notifier

    monkeypatch.setattr(arrivals, "EVENT_POLL_SECONDS", 60)
    pulse = Notifier(served.index_client.index.redis)
    done = threading.Event()

    def beat() -> None:
        while not done.wait(0.05):
            pulse.notify()

    beating = threading.Thread(target=beat, daemon=True)
    try:
        with stream(served.client) as told:
            tell(served.store, STORY)
            beating.start()
            assert next(told)["id"] == "1"
    finally:
        done.set()
        beating.join()
        pulse.close()


def test_asking_for_the_head_of_a_stream_ends(client: httpx.Client) -> None:
    assert client.head("/v1/events/stream", timeout=LONGEST_WAIT).status_code == 200


def test_no_more_streams_than_there_are_places(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    app = create_app(store, index_client)
    app.state.arrivals = arrivals.EventSubscribers(store, index_client.index.redis, most_streams=2)
    with (
        listen_on("127.0.0.1", 0) as listening,
        serve_in_thread(app, listening) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=LONGEST_WAIT) as client,
    ):
        with stream(client), stream(client):
            busy = client.get("/v1/events/stream")
            assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
            assert client.get("/v1/events").status_code == 200
        tell(store, STORY)
        wait_until(lambda: app.state.arrivals.open_streams == 0)
        with stream(client, "/v1/events/stream?after=0") as told:
            assert next(told)["id"] == "1"
    index_client.index.redis.close()


def test_a_server_that_stops_ends_its_streams(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    with listen_on("127.0.0.1", 0) as listening, httpx.Client(trust_env=False, timeout=LONGEST_WAIT) as client:
        running = serve_in_thread(create_app(store, index_client), listening)
        url = running.__enter__()
        with stream(client, f"{url}/v1/events/stream") as told:
            stopping = threading.Thread(target=running.__exit__, args=(None, None, None), daemon=True)
            stopping.start()
            assert list(told) == []
            stopping.join()
    index_client.index.redis.close()

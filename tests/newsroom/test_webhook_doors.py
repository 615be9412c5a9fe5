"""Webhooks by the API and by the command: made, shown without their secret, tried, replayed, removed."""

import json
from pathlib import Path

import httpx2 as httpx
import pytest

from onestory.newsroom.events.schemas import EventKind
from onestory.store.events.event_log import EVENT_KINDS
from tests.cli import onestory
from tests.newsroom.conftest import Served

URL = "https://hooks.example/in?key=1"


def test_a_webhook_by_the_api_from_its_making_to_its_end(served: Served) -> None:
    made = served.client.post("/v1/webhooks", json={"url": URL, "kinds": ["story.corrected"], "language": "en"})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made.json()["url"] == URL
    [listed] = served.client.get("/v1/webhooks").json()["webhooks"]
    assert listed == {name: value for name, value in made.json().items() if name != "secret"}
    assert served.client.get("/v1/webhooks/1").json() == listed
    message = served.client.post("/v1/webhooks/1/test")
    assert message.status_code == 202
    [waiting] = served.client.get("/v1/webhooks/1/messages").json()["messages"]
    assert waiting["message_id"] == message.json()["message_id"]
    for question in ({"message_id": waiting["message_id"]}, {"since": "1h"}):
        assert served.client.post("/v1/webhooks/1/replay", json=question).json() == {"messages": 1}
    assert served.client.post("/v1/webhooks/1/enable").status_code == 200
    assert served.client.delete("/v1/webhooks/1").status_code == 204
    assert served.client.get("/v1/webhooks/1").status_code == 404


@pytest.mark.parametrize(
    "question",
    [
        {"url": "ftp://hooks.example/"},
        {"url": "https://user:word@hooks.example/"},
        {"url": "https://hooks.example:99999/"},
        {"url": "https://hooks.example/a b"},
        {"url": "https://hooks.example/\r\nX: y"},
        {"url": "x" * 3000},
        {"url": URL, "kinds": ["story.exploded"]},
        {"url": URL, "form": "fax"},
        {"url": URL, "language": "?"},
        {"url": URL, "secret": "mine"},
        {},
    ],
)
def test_what_cannot_be_a_webhook_is_refused(client: httpx.Client, question: dict[str, object]) -> None:
    assert client.post("/v1/webhooks", json=question).status_code == 422
    assert client.get("/v1/webhooks").json() == {"webhooks": []}


def test_what_is_not_there_is_said(client: httpx.Client) -> None:
    for way in ("test", "enable"):
        assert client.post(f"/v1/webhooks/7/{way}").status_code == 404
    assert client.post("/v1/webhooks/7/replay", json={"since": "1h"}).status_code == 404
    assert client.post("/v1/webhooks/7/replay", json={}).status_code == 422
    assert client.post("/v1/webhooks/7/replay", json={"since": "soon"}).status_code == 422
    assert client.get("/v1/webhooks/7/messages").status_code == 404


def test_the_kinds_of_the_api_are_those_of_the_log() -> None:
    assert EventKind.__args__ == EVENT_KINDS


def test_a_webhook_by_the_command(home: Path) -> None:
    made = json.loads(onestory("webhooks", "add", URL, "--kind", "story.grew", "--json", home=home).stdout)
    assert (made["id"], made["kinds"], made["secret"][:6]) == (1, ["story.grew"], "whsec_")
    message = json.loads(onestory("webhooks", "test", "1", "--json", home=home).stdout)
    again = onestory("webhooks", "replay", "1", "--message", message["message_id"], home=home)
    assert again.stdout == "1 message is sent again\n"
    assert message["message_id"] in onestory("webhooks", "list", "1", home=home).stdout
    listed = onestory("webhooks", "list", home=home).stdout
    assert URL in listed
    assert made["secret"] not in listed
    assert onestory("webhooks", "remove", "1", home=home).returncode == 0
    assert onestory("events", "--json", home=home).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("webhooks", "add", "nonsense"), "URL"),
        (("webhooks", "add", URL, "--kind", "story.exploded"), "story.created"),
        (("webhooks", "replay", "1"), "--message ID or --since TIME"),
        (("webhooks", "remove", "7"), "there is no webhook 7"),
        (("events", "--kind", "story.exploded"), "story.created"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = onestory(*arguments, home=home)
    assert done.returncode == 2
    assert said in done.stderr

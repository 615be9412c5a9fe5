"""Webhooks: signed, one message a story, sent until they arrive, and nowhere they must not go."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.webhooks.sender import Targets, WebhookSender, send_due_messages
from onestory.pipelines.stories.index_client import IndexClient
from onestory.ssrf import AllowList
from onestory.store.database import Store
from onestory.store.events.event_log import add_event, events_after
from onestory.store.webhooks.outbox import (
    BATCH_DELAY,
    CLAIM_DURATION,
    MIN_STORY_INTERVAL,
    RETRY_DELAYS,
    OutboxMessage,
    add_test_message,
    claim_messages,
    enqueue_messages,
    messages_of_webhook,
    replay_messages,
)
from onestory.store.webhooks.webhooks import (
    WebhookEntry,
    WebhookRecord,
    acquire_sender_lease,
    add_webhook,
    load_webhook,
    release_sender_lease,
    remove_webhook,
)
from tests.newsroom.hooks import Place, place, reply
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put, story_of
from tests.readings import fresh_registry
from tests.waiting import wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = AllowList.of(["127.0.0.0/8"])
SECOND = timedelta(seconds=1)


@pytest.fixture
def hook() -> Iterator[Place]:
    with place() as here:
        yield here


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> IndexClient:
    return fresh_registry(store, redis_url, prefix)


def add(store: Store, url: str, **entry: object) -> WebhookRecord:
    with store.write() as connection:
        return add_webhook(connection, WebhookEntry(url, **entry), secret=SECRET, now=NOON)  # type: ignore[arg-type]


def tell(store: Store, kind: str = "story.grew", **about: object) -> None:
    with store.write() as connection:
        add_event(connection, kind, now=NOON, **about)  # type: ignore[arg-type]


def ring(store: Store, number: int, *, now: datetime = NOON) -> None:
    with store.write() as connection:
        add_test_message(connection, number, now=now)


def send(store: Store, *, now: datetime = NOON) -> int:
    return send_due_messages(store, Targets(LOOPBACK), now=now)


def outbox(store: Store, number: int = 1) -> list[OutboxMessage]:
    with store.read() as connection:
        return messages_of_webhook(connection, number, limit=100)


def state(store: Store, number: int = 1) -> WebhookRecord:
    with store.read() as connection:
        return load_webhook(connection, number)


def test_a_message_is_signed_as_standard_webhooks_says(store: Store, hook: Place) -> None:
    ring(store, add(store, hook.url).id)
    assert send(store) == 1
    [call] = hook.calls
    assert call.path == "/hook?team=desk"
    told = Verifier(SECRET).verify(call.body, call.headers)
    assert told["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(call.body + b" ", call.headers)
    assert state(store).last_success == NOON
    assert send(store) == 0


def test_a_story_is_one_message_with_the_story_as_it_is(store: Store, index_client: IndexClient, hook: Place) -> None:
    add(store, hook.url)
    put(store, index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge to close"))
    put(store, index_client, story_of(BRIDGE, copies=1, name="later", title="Bridge to close", minutes=5))
    assert send(store) == 0
    assert send(store, now=NOON + BATCH_DELAY) == 1
    told = json.loads(hook.calls[0].body)
    assert [event["kind"] for event in told["data"]["events"]] == ["story.created", "story.grew"]
    assert told["type"] == "story.created"
    assert (told["data"]["story"]["title"], told["data"]["story"]["copies"]) == ("Bridge to close", 3)
    assert told["data"]["story"]["url"] == "https://www.bridge0.example/bridge"


def test_a_story_that_grows_on_is_told_again_when_the_window_is_over(
    store: Store, index_client: IndexClient, hook: Place
) -> None:
    add(store, hook.url)
    put(store, index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge to close"))
    assert send(store, now=NOON) + send(store, now=NOON + BATCH_DELAY) == 1
    for number in range(3):
        put(store, index_client, story_of(BRIDGE, copies=1, name=f"later{number}", title="Bridge", minutes=number + 1))
        assert send(store, now=NOON + BATCH_DELAY * (2 + number)) == 0
    assert send(store, now=NOON + MIN_STORY_INTERVAL - SECOND) == 0
    assert send(store, now=NOON + MIN_STORY_INTERVAL) == 1
    assert len(json.loads(hook.calls[1].body)["data"]["events"]) == 3


def test_a_correction_does_not_wait_for_the_window(store: Store, index_client: IndexClient, hook: Place) -> None:
    add(store, hook.url)
    put(store, index_client, [Piece("https://bridge.example/1", BRIDGE, "Bridge to close", "Post")])
    send(store)
    send(store, now=NOON + BATCH_DELAY)
    put(store, index_client, [Piece("https://bridge.example/1", f"{BRIDGE} Corrected.", "Bridge to close", "Post", 1)])
    send(store, now=NOON + BATCH_DELAY * 2)
    assert send(store, now=NOON + BATCH_DELAY * 3) == 1
    assert json.loads(hook.calls[1].body)["type"] == "story.corrected"


def test_what_fails_is_sent_again_later_under_the_same_id(store: Store, hook: Place) -> None:
    hook.answer = lambda handler: reply(handler, 500, b"out of \x1b[31mpaper" + b"!" * 100_000)
    ring(store, add(store, hook.url).id)
    now = NOON
    for wait in RETRY_DELAYS:
        assert send(store, now=now) == 1
        assert send(store, now=now + wait - SECOND) == 0
        now += wait * 1.1
    assert outbox(store)[0].why is not None
    assert outbox(store)[0].why.startswith("it responded with 500: out of [31mpaper!!")
    assert state(store).failing_since == NOON
    assert send(store, now=now) == 1
    assert outbox(store)[0].due is None
    assert len({(call.headers["webhook-id"], call.body) for call in hook.calls}) == 1
    assert len(hook.calls) == 1 + len(RETRY_DELAYS)
    for call in hook.calls:
        Verifier(SECRET).verify(call.body, call.headers)


def test_who_dies_with_a_message_has_it_sent_by_the_next(store: Store, hook: Place) -> None:
    ring(store, add(store, hook.url).id)
    with store.write() as connection:
        assert len(claim_messages(connection, now=NOON, limit=10)) == 1
    assert send(store, now=NOON + CLAIM_DURATION - SECOND) == 0
    assert send(store, now=NOON + CLAIM_DURATION) == 1
    assert len(hook.calls) == 1


def test_after_days_of_failure_it_is_asked_no_more_and_that_is_told(store: Store, hook: Place) -> None:
    hook.answer = lambda handler: reply(handler, 500)
    add(store, hook.url)
    for day in range(6):
        ring(store, 1, now=NOON + timedelta(days=day))
        assert state(store).disabled is None
        send(store, now=NOON + timedelta(days=day))
    assert state(store).disabled == NOON + timedelta(days=5)
    assert send(store, now=NOON + timedelta(days=9)) == 0
    with store.read() as connection:
        [event] = events_after(connection, 0, limit=9)
    assert (event.kind, event.data) == ("webhook.disabled", {"webhook": 1, "why": "it responded with 500"})


def test_an_answer_of_410_disables_at_once(store: Store, hook: Place) -> None:
    hook.answer = lambda handler: reply(handler, 410)
    ring(store, add(store, hook.url).id)
    send(store)
    assert state(store).disabled == NOON


def test_a_redirect_is_not_followed(store: Store, hook: Place) -> None:
    hook.answer = lambda handler: reply(handler, 307, Location=hook.url)
    ring(store, add(store, hook.url).id)
    send(store)
    assert len(hook.calls) == 1
    assert "redirects are not followed" in (state(store).why or "")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"]
)
def test_no_private_place_is_called(sqlite_store_url: str, hook: Place, host: str) -> None:
    store = Store.open(sqlite_store_url)
    port = hook.url.rpartition(":")[2]
    ring(store, add(store, f"http://{host}:{port}").id)
    assert send_due_messages(store, Targets(AllowList()), now=NOON) == 1
    assert hook.calls == []
    assert "is not a public address" in (state(store).why or "")
    store.close()


def test_filters_hold_all_together(store: Store, index_client: IndexClient, hook: Place) -> None:
    for entry in (
        {"kinds": ("story.created",), "outlet": "Bridge 0", "language": "en"},
        {"kinds": ("story.created",), "outlet": "Nobody"},
        {"language": "de"},
        {"watch_id": 7},
    ):
        add(store, hook.url, **entry)
    put(store, index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge to close"))
    put(store, index_client, story_of(FERRY, copies=1, name="ferry", title="Ferries stop"))
    tell(store, "watch.matched", watch_id=7, data={"watch": "ferries"})
    with store.write() as connection:
        enqueue_messages(connection, now=NOON)
    assert [len(outbox(store, number)) for number in (1, 2, 3, 4)] == [1, 0, 0, 1]


def test_slack_is_told_a_line_that_no_headline_can_break_out_of(
    store: Store, index_client: IndexClient, hook: Place
) -> None:
    add(store, hook.url, form="slack")
    title = "Bridge <!channel> & <https://evil.example|click>"
    put(store, index_client, [Piece("https://bridge.example/a?b=1&c=2", BRIDGE, title, "Harbour <Post>")])
    send(store)
    send(store, now=NOON + BATCH_DELAY)
    assert json.loads(hook.calls[0].body) == {
        "text": "*New*: <https://bridge.example/a?b=1&amp;c=2|Bridge &lt;!channel&gt; &amp; "
        "&lt;https://evil.example¦click&gt;> (1 copy in 1 outlet, first at Harbour &lt;Post&gt;)"
    }


@pytest.mark.parametrize(
    ("kind", "data", "says", "waits"),
    [
        ("story.withdrawn", {"is_original": True}, "Withdrawn", False),
        ("story.withdrawn", {"is_original": False}, "Copy withdrawn", True),
        ("story.withdrawn", {"taken_down": True}, "Withdrawn", False),
        ("story.corrected", {"is_original": True}, "Original corrected", False),
        ("story.corrected", {"is_original": True, "returned": True}, "Original is back", False),
        ("story.corrected", {"is_original": False, "returned": True}, "Copy is back", True),
    ],
)
def test_events_of_the_original_are_sent_at_once_and_each_has_its_label(
    store: Store, index_client: IndexClient, hook: Place, kind: str, data: dict[str, object], says: str, waits: bool
) -> None:
    [home] = put(store, index_client, [Piece("https://bridge.example/a", BRIDGE, "Bridge", "Harbour Post")])
    add(store, hook.url, form="slack")
    tell(store, story_id=home)
    send(store)
    send(store, now=NOON + BATCH_DELAY)
    tell(store, kind, story_id=home, data=data)
    send(store, now=NOON + BATCH_DELAY)
    assert len(hook.calls) == 1
    send(store, now=NOON + 2 * BATCH_DELAY)
    assert len(hook.calls) == (1 if waits else 2)
    send(store, now=NOON + 2 * MIN_STORY_INTERVAL)
    assert json.loads(hook.calls[1].body)["text"].startswith(f"*{says}*")


def test_a_message_of_a_story_that_was_taken_down_meanwhile_is_not_sent(store: Store, hook: Place) -> None:
    add(store, hook.url)
    tell(store, "story.created", story_id="f" * 24)
    send(store)
    assert send(store, now=NOON + BATCH_DELAY) == 0
    assert (hook.calls, outbox(store)) == ([], [])
    tell(store, "story.withdrawn", story_id="f" * 24, data={"taken_down": True})
    send(store)
    assert send(store, now=NOON + BATCH_DELAY) == 1
    assert json.loads(hook.calls[0].body)["data"]["story_id"] == "f" * 24


def test_a_replay_sends_the_same_message_again(store: Store, hook: Place) -> None:
    for _ in range(2):
        ring(store, 1 if outbox_exists(store) else add(store, hook.url).id)
    assert send(store) == 2
    with store.write() as connection:
        assert replay_messages(connection, 1, message_id=outbox(store)[0].message_id, now=NOON) == 1
    assert send(store) == 1
    with store.write() as connection:
        assert replay_messages(connection, 1, since=NOON, now=NOON) == 2
    assert send(store) == 2
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 2
    assert len(hook.calls) == 5


def outbox_exists(store: Store) -> bool:
    with store.read() as connection:
        return bool(connection.exec_driver_sql("SELECT id FROM webhooks").first())


def test_one_process_sends_and_another_takes_over(store: Store) -> None:
    def holds(holder: str, seconds: float) -> bool:
        with store.write() as connection:
            return acquire_sender_lease(connection, holder, seconds=seconds)

    assert holds("a", 60)
    assert not holds("b", 60)
    assert holds("a", 60)
    with store.write() as connection:
        release_sender_lease(connection, "b")
        assert not acquire_sender_lease(connection, "b", seconds=60)
        release_sender_lease(connection, "a")
    assert holds("b", 0.001)
    wait_until(lambda: holds("a", 60))


def test_the_sender_of_a_server_sends(store: Store, store_url: str, hook: Place, tmp_path: object) -> None:
    env = {"ONESTORY_DATABASE_URL": store_url, "ONESTORY_ALLOW_PRIVATE": "127.0.0.0/8"}
    with store.write() as connection:
        add_webhook(connection, WebhookEntry(hook.url), secret=SECRET, now=datetime.now(UTC))
    with WebhookSender(Config.read(env)):
        ring(store, 1, now=datetime.now(UTC))
        wait_until(lambda: hook.calls)
        wait_until(lambda: outbox(store)[0].delivered)


def test_a_second_webhook_with_one_url_and_its_filters_is_refused(store: Store) -> None:
    first = add(store, "https://hooks.example/a")
    with pytest.raises(BadInput, match=f"webhook {first.id} already has this URL and these filters"):
        add(store, "https://hooks.example/a", form="slack")
    assert add(store, "https://hooks.example/a", language="cs").url == first.url
    with store.write() as connection:
        remove_webhook(connection, first.id)
    assert add(store, "https://hooks.example/a").url == first.url

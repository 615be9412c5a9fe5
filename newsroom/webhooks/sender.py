"""The webhook sender: message bodies for programs and Slack, and the thread that delivers them."""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection

from onestory.config import Config
from onestory.errors import NotFound
from onestory.newsroom.webhooks.delivery import DeliveryResult, send_webhook
from onestory.periodic import PeriodicThread
from onestory.ssrf import AllowList
from onestory.store.database import Store
from onestory.store.events.event_log import delete_events
from onestory.store.frontier.hosts import database_time
from onestory.store.stories.records import CopyRecord, StoryRecord, copies_by_id, resolve_story
from onestory.store.webhooks.outbox import (
    OutboxMessage,
    claim_messages,
    delete_message,
    delete_old_messages,
    enqueue_messages,
    has_outbox_work,
    record_delivery_attempt,
    save_message_body,
)
from onestory.store.webhooks.webhooks import WebhookForm, WebhookRecord, acquire_sender_lease, release_sender_lease
from onestory.text import plural, printable
from onestory.times import utc_now

__all__ = ["EVENT_RETENTION_DAYS", "WebhookSender", "message_body", "send_due_messages"]


# A message with several events has the most important kind.
KINDS_BY_IMPORTANCE = (
    "story.withdrawn",
    "story.corrected",
    "watch.matched",
    "story.split",
    "story.merged",
    "story.created",
    "story.grew",
)

KIND_LABELS = {
    "story.created": "New",
    "story.grew": "Spreads",
    "story.corrected": "Original corrected",
    "story.withdrawn": "Withdrawn",
    "story.merged": "Merged with another story",
    "story.split": "Split",
    "watch.matched": "Matches your watch",
    "source.blocked": "Source blocked",
    "source.silent": "Source silent",
    "source.failed": "Source failing",
    "sources.failing": "Most sources are failing",
    "webhook.disabled": "A webhook was disabled",
    "webhook.test": "Test: this webhook works",
}


def message_body(connection: Connection, message: OutboxMessage, form: WebhookForm) -> str | None:
    """The body as JSON, or None if the story was taken down before anything about it was sent."""
    record, original = _story(connection, message.story_id)
    taken_down = any(event["data"].get("taken_down") for event in message.gathered)
    if message.story_id is not None and record is None and not taken_down:
        return None
    kind = _kind(message.gathered)
    if form == "slack":
        return orjson.dumps(
            {"text": _line(_said(kind, message.gathered), record, original, message.gathered[-1]["data"])}
        ).decode()
    data = {
        "story_id": message.story_id,
        "source_id": message.source_id,
        "story": record and {**_plain(record), "url": original.url if original else None},
        "events": message.gathered,
    }
    result = {"type": kind, "timestamp": message.gathered[-1]["at"], "data": data}
    return orjson.dumps(result, option=orjson.OPT_UTC_Z).decode()


def _plain(record: StoryRecord) -> dict[str, Any]:
    return asdict(record)


def _story(connection: Connection, story_id: str | None) -> tuple[StoryRecord | None, CopyRecord | None]:
    if story_id is None:
        return None, None
    try:
        record = resolve_story(connection, story_id)
    except NotFound:
        return None, None
    found = copies_by_id(connection, [record.original])
    return record, found[0] if found else None


def _kind(gathered: Sequence[Mapping[str, Any]]) -> str:
    kinds = [str(event["kind"]) for event in gathered]
    return next((kind for kind in KINDS_BY_IMPORTANCE if kind in kinds), kinds[0])


def _said(kind: str, gathered: Sequence[Mapping[str, Any]]) -> str:
    own = [event["data"] for event in gathered if event["kind"] == kind]
    if kind == "story.withdrawn" and not any(data.get("is_original", True) for data in own):
        return "Copy withdrawn"
    if kind != "story.corrected":
        return KIND_LABELS.get(kind, kind)
    copy = "Original" if any(data.get("is_original") for data in own) else "Copy"
    return f"{copy} {'is back' if all(data.get('returned') for data in own) else 'corrected'}"


def _line(says: str, record: StoryRecord | None, original: CopyRecord | None, data: Mapping[str, Any]) -> str:
    if watch := data.get("watch"):
        says = f"{says} {_escaped(str(watch))}"
    if record is None:
        about = " ".join(_escaped(str(data[name])) for name in ("outlet", "url", "why") if data.get(name))
        return f"*{says}*" + (f": {about}" if about else "")
    title = _escaped(record.title or "(no headline)")
    linked = f"<{_address(original.url)}|{title}>" if original else title
    spread = f"{plural(record.copies, 'copy', 'copies')} in {plural(record.outlets, 'outlet', 'outlets')}"
    return f"*{says}*: {linked} ({spread}, first at {_escaped(record.first_outlet)})"


def _escaped(text: str) -> str:
    """The text with Slack's control characters escaped. `*`, `_`, `~` and backquotes can only change the style of this
    line.
    """
    plain = printable(text, width=200)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


SEND_INTERVAL_SECONDS = 2.0

SENDER_LEASE_SECONDS = 60.0

MAX_CONCURRENT_CALLS = 16

EVENT_RETENTION_DAYS = 30

PRUNE_INTERVAL_SECONDS = 3600.0


class WebhookSender(PeriodicThread):
    """Collects events into messages and sends those that are due, with a store of its own.

    Of several processes on one store, one sends. If it ends, another takes over, at the latest when its lease expires.
    The sender also deletes events and settled messages older than EVENT_RETENTION_DAYS.
    """

    def __init__(self, config: Config) -> None:
        super().__init__("webhooks", pause_seconds=SEND_INTERVAL_SECONDS)
        self._config = config
        self._holder = secrets.token_hex(8)

    def work(self) -> None:
        store = Store.open(self._config.database_url)
        try:
            self._send(store)
        finally:
            store.close()

    def _send(self, store: Store) -> None:
        allow = AllowList.of(self._config.allow_private)
        tidied: float | None = None
        try:
            while not self.stopping.wait(SEND_INTERVAL_SECONDS):
                while not self.stopping.is_set() and self._may_send(store) and send_due_messages(store, allow=allow):
                    pass
                self.note_success()
                if tidied is None or time.monotonic() - tidied > PRUNE_INTERVAL_SECONDS:
                    prune_events_and_messages(store)
                    tidied = time.monotonic()
        finally:
            with store.write() as connection:
                release_sender_lease(connection, self._holder)

    def _may_send(self, store: Store) -> bool:
        """Whether there is something to send, and this process holds the lease. An idle store is not written to."""
        with store.read() as connection:
            if not has_outbox_work(connection, now=database_time(connection)):
                return False
        with store.write() as connection:
            return acquire_sender_lease(connection, self._holder, seconds=SENDER_LEASE_SECONDS)


def prune_events_and_messages(store: Store) -> None:
    with store.write() as connection:
        before = database_time(connection) - timedelta(days=EVENT_RETENTION_DAYS)
        delete_events(connection, before=before)
        delete_old_messages(connection, before=before)


def send_due_messages(store: Store, *, allow: AllowList, now: datetime | None = None) -> int:
    """Collect events, and send up to MAX_CONCURRENT_CALLS due messages. Returns how many. `now` defaults to the
    database clock.
    """
    while _gather(store, now):
        pass
    claimed = _claim(store, now)
    if not claimed:
        return 0
    answers = asyncio.run(_call_all(claimed, allow=allow))
    with store.write() as connection:
        at = now or database_time(connection)
        for (_, message, _), answer in zip(claimed, answers, strict=True):
            record_delivery_attempt(
                connection,
                message.id,
                now=at,
                is_delivered=answer.is_delivered,
                http_status=answer.http_status,
                why=answer.why,
            )
    return len(claimed)


def _gather(store: Store, now: datetime | None) -> int:
    with store.write() as connection:
        return enqueue_messages(connection, now=now or database_time(connection))


def _claim(store: Store, now: datetime | None) -> list[tuple[WebhookRecord, OutboxMessage, str]]:
    """Due messages with their bodies, which are the same for all attempts."""
    with store.write() as connection:
        ready = []
        for hook, message in claim_messages(
            connection, now=now or database_time(connection), limit=MAX_CONCURRENT_CALLS
        ):
            body = message.body or message_body(connection, message, hook.form)
            if body is None:
                delete_message(connection, message.id)
                continue
            save_message_body(connection, message.id, body)
            ready.append((hook, message, body))
        return ready


async def _call_all(
    claimed: Sequence[tuple[WebhookRecord, OutboxMessage, str]], *, allow: AllowList
) -> list[DeliveryResult]:
    calls = [
        send_webhook(
            hook.url,
            secret=hook.secret,
            message_id=message.message_id,
            body=body,
            at=utc_now(),
            allow=allow,
        )
        for hook, message, body in claimed
    ]
    return list(await asyncio.gather(*calls))

"""The outbox of webhooks: messages, kept until they are delivered or given up, and some time longer for replays."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.events.event_log import EventRecord, add_event, events_after
from onestory.store.queries import columns_of
from onestory.store.schema import webhook_messages as messages
from onestory.store.schema import webhooks
from onestory.store.webhooks.webhooks import (
    WebhookRecord,
    accepts_event,
    enabled_webhooks,
    load_webhook,
    update_webhook,
)

__all__ = [
    "BATCH_DELAY",
    "MESSAGE_COLUMNS",
    "MIN_STORY_INTERVAL",
    "RETRY_DELAYS",
    "OutboxMessage",
    "add_message",
    "add_test_message",
    "claim_messages",
    "delete_message",
    "delete_messages_of_stories",
    "delete_old_messages",
    "enqueue_messages",
    "find_messages",
    "has_outbox_work",
    "messages_of_webhook",
    "record_delivery_attempt",
    "replay_messages",
    "save_message_body",
]


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message. `gathered` are its events, earliest first; `due` of None means that nothing is left to do."""

    id: int
    webhook_id: int
    message_id: str
    story_id: str | None
    source_id: int | None
    gathered: list[dict[str, Any]]
    body: str | None
    created: datetime
    due: datetime | None
    attempts: int
    delivered: datetime | None
    http_status: int | None
    why: str | None


MESSAGE_COLUMNS = columns_of(messages, OutboxMessage)


def add_message(
    connection: Connection,
    webhook_id: int,
    gathered: Sequence[Mapping[str, Any]],
    *,
    story_id: str | None = None,
    source_id: int | None = None,
    due: datetime,
    now: datetime,
) -> OutboxMessage:
    values = {
        "webhook_id": webhook_id,
        "message_id": f"msg_{secrets.token_hex(16)}",
        "story_id": story_id,
        "source_id": source_id,
        "gathered": list(gathered),
        "created": now,
        "due": due,
        "attempts": 0,
    }
    return OutboxMessage(*connection.execute(insert(messages).values(**values).returning(*MESSAGE_COLUMNS)).one())


def add_test_message(connection: Connection, webhook_id: int, *, now: datetime) -> OutboxMessage:
    """Add a test message without content. Raises NotFound, or BadInput for a disabled webhook."""
    if load_webhook(connection, webhook_id).disabled is not None:
        raise BadInput(f"webhook {webhook_id} is disabled: enable it first")
    event_data = {"id": 0, "kind": "webhook.test", "at": now.isoformat(), "data": {}}
    return add_message(connection, webhook_id, [event_data], due=now, now=now)


def messages_of_webhook(connection: Connection, webhook_id: int, *, limit: int) -> list[OutboxMessage]:
    """The messages of a webhook, newest first. Raises NotFound."""
    load_webhook(connection, webhook_id)
    return find_messages(connection, messages.c.webhook_id == webhook_id, limit=limit)


def find_messages(connection: Connection, where: ColumnElement[bool], *, limit: int) -> list[OutboxMessage]:
    query = select(*MESSAGE_COLUMNS).where(where).order_by(messages.c.id.desc()).limit(limit)
    return [OutboxMessage(*row) for row in connection.execute(query)]


def save_message_body(connection: Connection, number: int, body: str) -> None:
    """Store the body, which is the same for all attempts."""
    connection.execute(update(messages).where(messages.c.id == number).values(body=body))


def replay_messages(
    connection: Connection,
    webhook_id: int,
    *,
    message_id: str | None = None,
    since: datetime | None = None,
    now: datetime,
) -> int:
    """Send messages again under the same ids: one, or all made since a time. Returns how many. Raises NotFound."""
    load_webhook(connection, webhook_id)
    named = messages.c.message_id == message_id if message_id is not None else messages.c.created >= since
    again = update(messages).where(messages.c.webhook_id == webhook_id, named)
    count = connection.execute(again.values(due=now, attempts=0, delivered=None)).rowcount
    if message_id is not None and not count:
        raise NotFound(f"webhook {webhook_id} has no message {message_id[:60]!r}")
    return count


def delete_message(connection: Connection, number: int) -> None:
    """Delete a message about a story that was taken down meanwhile."""
    connection.execute(delete(messages).where(messages.c.id == number))


def delete_old_messages(connection: Connection, *, before: datetime) -> int:
    """Delete settled messages made before a time, and return how many."""
    old = and_(messages.c.created < before, messages.c.due.is_(None))
    return connection.execute(delete(messages).where(old)).rowcount


def delete_messages_of_stories(connection: Connection, story_ids: Collection[str]) -> None:
    """Delete the messages about these stories, sent or not, for a takedown."""
    connection.execute(delete(messages).where(messages.c.story_id.in_(sorted(story_ids))))


# Their data names the copy.
COPY_EVENT_KINDS = ("story.corrected", "story.withdrawn")

BATCH_DELAY = timedelta(seconds=10)

MIN_STORY_INTERVAL = timedelta(minutes=15)

# The schedule proposed by Standard Webhooks: delays before each retry, 28.5 hours in all.
RETRY_DELAYS = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 36_000))

GIVE_UP_AFTER = timedelta(days=5)

CLAIM_DURATION = timedelta(seconds=120)  # after this, a process that died with a message is given up

EVENTS_PER_PASS = 500

MAX_EVENTS_PER_MESSAGE = 100

HTTP_GONE = 410


def enqueue_messages(connection: Connection, *, now: datetime) -> int:
    """Add the next events to messages, and return the number of events considered; 0 if none are left."""
    hooks = enabled_webhooks(connection)
    if not hooks:
        return 0
    found = events_after(connection, min(hook.seen for hook in hooks), limit=EVENTS_PER_PASS)
    for hook in hooks:
        for event in found:
            if event.id > hook.seen and accepts_event(connection, hook, event):
                _put(connection, hook, event, now=now)
        if found and found[-1].id > hook.seen:
            update_webhook(connection, hook.id, {"seen": found[-1].id})
    return len(found)


def _put(connection: Connection, hook: WebhookRecord, event: EventRecord, *, now: datetime) -> None:
    """Add an event to the waiting message of its story, or to a new one."""
    event_data = {"id": event.id, "kind": event.kind, "at": event.at.isoformat(), "data": event.data}
    due = now + BATCH_DELAY
    if event.story_id is None and event.source_id is None:
        add_message(connection, hook.id, [event_data], due=due, now=now)
        return
    waiting = _last(connection, hook, event, only_waiting=True)
    if waiting is not None and waiting.due is not None:
        sooner = waiting.due if _can_wait(event) else min(waiting.due, due)
        values = {"gathered": [*waiting.gathered, event_data][-MAX_EVENTS_PER_MESSAGE:], "due": sooner}
        connection.execute(update(messages).where(messages.c.id == waiting.id).values(**values))
        return
    last = _last(connection, hook, event, only_waiting=False)
    if last is not None and _can_wait(event):
        due = max(due, last.created + MIN_STORY_INTERVAL)
    add_message(connection, hook.id, [event_data], story_id=event.story_id, source_id=event.source_id, due=due, now=now)


def _can_wait(event: EventRecord) -> bool:
    """Whether an event may wait for others: single copies that arrive, change and go. Events of the original and
    takedowns are sent at once.
    """
    is_of_copy = not event.data.get("is_original", event.kind == "story.withdrawn")
    return event.kind == "story.grew" or (event.kind in COPY_EVENT_KINDS and is_of_copy)


def _last(
    connection: Connection, hook: WebhookRecord, event: EventRecord, *, only_waiting: bool
) -> OutboxMessage | None:
    same = and_(
        messages.c.webhook_id == hook.id,
        messages.c.story_id.is_not_distinct_from(event.story_id),
        messages.c.source_id.is_not_distinct_from(event.source_id),
    )
    if only_waiting:
        same = and_(same, messages.c.due.is_not(None), messages.c.body.is_(None))
    found = find_messages(connection, same, limit=1)
    return found[0] if found else None


def claim_messages(connection: Connection, *, now: datetime, limit: int) -> list[tuple[WebhookRecord, OutboxMessage]]:
    """Claim due messages with their webhooks. They become due again after CLAIM_DURATION, unless they are settled."""
    alive = select(webhooks.c.id).where(webhooks.c.disabled.is_(None))
    due = and_(messages.c.due <= now, messages.c.webhook_id.in_(alive))
    query = select(*MESSAGE_COLUMNS).where(due).order_by(messages.c.due, messages.c.id).limit(limit)
    found = [OutboxMessage(*row) for row in connection.execute(query.with_for_update())]
    hooks = {hook.id: hook for hook in enabled_webhooks(connection)}
    claimed = update(messages).where(messages.c.id.in_([message.id for message in found]))
    connection.execute(claimed.values(due=now + CLAIM_DURATION, attempts=messages.c.attempts + 1))
    return [(hooks[message.webhook_id], message) for message in found if message.webhook_id in hooks]


def record_delivery_attempt(
    connection: Connection, number: int, *, now: datetime, is_delivered: bool, http_status: int | None, why: str | None
) -> None:
    """Record an attempt: delivered, to be retried, or given up; and update the state of the webhook."""
    row = connection.execute(select(*MESSAGE_COLUMNS).where(messages.c.id == number)).one_or_none()
    if row is None:
        return  # removed or taken down during delivery
    message = OutboxMessage(*row)
    values: dict[str, Any] = {"http_status": http_status, "why": why}
    if is_delivered:
        values |= {"delivered": now, "due": None}
        update_webhook(connection, message.webhook_id, {"last_success": now, "failing_since": None, "why": None})
    else:
        values["due"] = _again(message.attempts, now=now)
        _note_failure(connection, message.webhook_id, now=now, http_status=http_status, why=why)
    connection.execute(update(messages).where(messages.c.id == number).values(**values))


def _again(attempts: int, *, now: datetime) -> datetime | None:
    if attempts > len(RETRY_DELAYS):
        return None
    # Jitter, so that messages that failed together are not retried together.
    return now + RETRY_DELAYS[max(attempts, 1) - 1] * (1 + secrets.randbelow(100) / 1000)


def _note_failure(
    connection: Connection, number: int, *, now: datetime, http_status: int | None, why: str | None
) -> None:
    """Disable a webhook that has failed for days, or that reports that it is gone (410)."""
    hook = load_webhook(connection, number)
    since = hook.failing_since or now
    values: dict[str, Any] = {"failing_since": since, "why": why}
    if hook.disabled is None and (http_status == HTTP_GONE or now - since >= GIVE_UP_AFTER):
        values["disabled"] = now
        add_event(connection, "webhook.disabled", now=now, data={"webhook": number, "why": why})
    update_webhook(connection, number, values)


def has_outbox_work(connection: Connection, *, now: datetime) -> bool:
    """Whether there are events to collect or messages to send."""
    hooks = select(func.min(webhooks.c.seen)).where(webhooks.c.disabled.is_(None))
    seen = connection.execute(hooks).scalar()
    if seen is None:
        return False
    waiting = select(func.min(messages.c.due)).join(webhooks, webhooks.c.id == messages.c.webhook_id)
    due = connection.execute(waiting.where(webhooks.c.disabled.is_(None))).scalar()
    return bool(events_after(connection, seen, limit=1)) or (due is not None and due <= now)

"""The outbox of webhooks: what is to be sent, gathered by story, kept until it is delivered or given up.

A message is made when its first event comes, and waits a moment for others of the same story. While only copies
come and change, the next message of a story waits until WINDOW is over: one alert a story, and not a copy.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from store.events import EventRecord, add_event, events_after
from store.schema import webhook_messages as messages
from store.schema import webhooks
from store.webhook_messages import COLUMNS, Message, add_message, found_messages
from store.webhooks import Webhook, enabled_webhooks, is_wanted, webhook, write_webhook

__all__ = ["GATHER", "RETRIES", "WINDOW", "claim_messages", "gather_messages", "has_work", "settle_message"]

# These say which copy they are of.
OF_ONE_COPY = ("story.corrected", "story.withdrawn")
GATHER = timedelta(seconds=10)
WINDOW = timedelta(minutes=15)
# Standard Webhooks' own proposal: how long after each attempt the next one is made; 28 hours and a half in all.
RETRIES = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 36_000))
GIVE_UP_AFTER = timedelta(days=5)
CLAIM = timedelta(seconds=120)  # who died with a message is taken for dead then
BATCH = 500
MOST_GATHERED = 100
GONE = 410


def gather_messages(connection: Connection, *, now: datetime) -> int:
    """Puts the next events into messages; how many were looked at, 0 when there is nothing left."""
    hooks = enabled_webhooks(connection)
    if not hooks:
        return 0
    found = events_after(connection, min(hook.seen for hook in hooks), limit=BATCH)
    for hook in hooks:
        for event in found:
            if event.id > hook.seen and is_wanted(connection, hook, event):
                _put(connection, hook, event, now=now)
        if found and found[-1].id > hook.seen:
            write_webhook(connection, hook.id, {"seen": found[-1].id})
    return len(found)


def _put(connection: Connection, hook: Webhook, event: EventRecord, *, now: datetime) -> None:
    """Into the message of its story that waits, or into one of its own."""
    told = {"id": event.id, "kind": event.kind, "at": event.at.isoformat(), "data": event.data}
    due = now + GATHER
    if event.story_id is None and event.source_id is None:
        add_message(connection, hook.id, [told], due=due, now=now)
        return
    waiting = _last(connection, hook, event, only_waiting=True)
    if waiting is not None and waiting.due is not None:
        sooner = waiting.due if _can_wait(event) else min(waiting.due, due)
        values = {"gathered": [*waiting.gathered, told][-MOST_GATHERED:], "due": sooner}
        connection.execute(update(messages).where(messages.c.id == waiting.id).values(**values))
        return
    last = _last(connection, hook, event, only_waiting=False)
    if last is not None and _can_wait(event):
        due = max(due, last.created + WINDOW)
    add_message(connection, hook.id, [told], story_id=event.story_id, source_id=event.source_id, due=due, now=now)


def _can_wait(event: EventRecord) -> bool:
    """What single copies do: they come, change and go. What the original does is told at once, and so is a takedown."""
    is_of_copy = not event.data.get("is_original", event.kind == "story.withdrawn")
    return event.kind == "story.grew" or (event.kind in OF_ONE_COPY and is_of_copy)


def _last(connection: Connection, hook: Webhook, event: EventRecord, *, only_waiting: bool) -> Message | None:
    same = and_(
        messages.c.webhook_id == hook.id,
        messages.c.story_id.is_not_distinct_from(event.story_id),
        messages.c.source_id.is_not_distinct_from(event.source_id),
    )
    if only_waiting:
        same = and_(same, messages.c.due.is_not(None), messages.c.body.is_(None))
    found = found_messages(connection, same, limit=1)
    return found[0] if found else None


def claim_messages(connection: Connection, *, now: datetime, limit: int) -> list[tuple[Webhook, Message]]:
    """What is due, with the webhook it goes to. They are not due again until CLAIM is over, or they are settled."""
    alive = select(webhooks.c.id).where(webhooks.c.disabled.is_(None))
    due = and_(messages.c.due <= now, messages.c.webhook_id.in_(alive))
    query = select(*COLUMNS).where(due).order_by(messages.c.due, messages.c.id).limit(limit)
    found = [Message(*row) for row in connection.execute(query.with_for_update())]
    hooks = {hook.id: hook for hook in enabled_webhooks(connection)}
    claimed = update(messages).where(messages.c.id.in_([message.id for message in found]))
    connection.execute(claimed.values(due=now + CLAIM, attempts=messages.c.attempts + 1))
    return [(hooks[message.webhook_id], message) for message in found if message.webhook_id in hooks]


def settle_message(
    connection: Connection, number: int, *, now: datetime, is_delivered: bool, http_status: int | None, why: str | None
) -> None:
    """Notes how an attempt ended: delivered, to be repeated, or given up; and what that says of the webhook."""
    row = connection.execute(select(*COLUMNS).where(messages.c.id == number)).one_or_none()
    if row is None:
        return  # removed, or taken down, while it was on its way
    message = Message(*row)
    told: dict[str, Any] = {"http_status": http_status, "why": why}
    if is_delivered:
        told |= {"delivered": now, "due": None}
        write_webhook(connection, message.webhook_id, {"last_success": now, "failing_since": None, "why": None})
    else:
        told["due"] = _again(message.attempts, now=now)
        _note_failure(connection, message.webhook_id, now=now, http_status=http_status, why=why)
    connection.execute(update(messages).where(messages.c.id == number).values(**told))


def _again(attempts: int, *, now: datetime) -> datetime | None:
    if attempts > len(RETRIES):
        return None
    # Spread, so that what failed together is not repeated together.
    return now + RETRIES[max(attempts, 1) - 1] * (1 + secrets.randbelow(100) / 1000)


def _note_failure(
    connection: Connection, number: int, *, now: datetime, http_status: int | None, why: str | None
) -> None:
    """One that has failed for days, or says that it is gone for good (410), is not asked any more."""
    hook = webhook(connection, number)
    since = hook.failing_since or now
    values: dict[str, Any] = {"failing_since": since, "why": why}
    if hook.disabled is None and (http_status == GONE or now - since >= GIVE_UP_AFTER):
        values["disabled"] = now
        add_event(connection, "webhook.disabled", now=now, data={"webhook": number, "why": why})
    write_webhook(connection, number, values)


def has_work(connection: Connection, *, now: datetime) -> bool:
    """Whether there are events to gather, or messages to send."""
    hooks = select(func.min(webhooks.c.seen)).where(webhooks.c.disabled.is_(None))
    seen = connection.execute(hooks).scalar()
    if seen is None:
        return False
    waiting = select(func.min(messages.c.due)).join(webhooks, webhooks.c.id == messages.c.webhook_id)
    due = connection.execute(waiting.where(webhooks.c.disabled.is_(None))).scalar()
    return bool(events_after(connection, seen, limit=1)) or (due is not None and due <= now)

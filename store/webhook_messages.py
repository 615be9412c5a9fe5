"""The messages of webhooks: kept until they are delivered or given up, and for a while to be sent again."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from store.errors import BadInput, NotFound
from store.schema import webhook_messages as messages
from store.webhooks import webhook

__all__ = [
    "COLUMNS",
    "Message",
    "add_message",
    "drop_message",
    "forget_messages",
    "forget_messages_of_stories",
    "found_messages",
    "keep_body",
    "messages_of",
    "replay_messages",
    "trial_message",
]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `gathered` are its events, the earliest first; `due` of None: there is nothing left to do."""

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


COLUMNS = [messages.c[name] for name in Message.__slots__]


def add_message(
    connection: Connection,
    webhook_id: int,
    gathered: Sequence[Mapping[str, Any]],
    *,
    story_id: str | None = None,
    source_id: int | None = None,
    due: datetime,
    now: datetime,
) -> Message:
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
    return Message(*connection.execute(insert(messages).values(**values).returning(*COLUMNS)).one())


def trial_message(connection: Connection, webhook_id: int, *, now: datetime) -> Message:
    """A message that tells of nothing. Raises NotFound, BadInput for a webhook that is disabled."""
    if webhook(connection, webhook_id).disabled is not None:
        raise BadInput(f"webhook {webhook_id} is disabled: enable it first")
    told = {"id": 0, "kind": "webhook.test", "at": now.isoformat(), "data": {}}
    return add_message(connection, webhook_id, [told], due=now, now=now)


def messages_of(connection: Connection, webhook_id: int, *, limit: int) -> list[Message]:
    """The newest first. Raises NotFound."""
    webhook(connection, webhook_id)
    return found_messages(connection, messages.c.webhook_id == webhook_id, limit=limit)


def found_messages(connection: Connection, where: ColumnElement[bool], *, limit: int) -> list[Message]:
    query = select(*COLUMNS).where(where).order_by(messages.c.id.desc()).limit(limit)
    return [Message(*row) for row in connection.execute(query)]


def keep_body(connection: Connection, number: int, body: str) -> None:
    """What is sent, and whenever it is sent again."""
    connection.execute(update(messages).where(messages.c.id == number).values(body=body))


def replay_messages(
    connection: Connection,
    webhook_id: int,
    *,
    message_id: str | None = None,
    since: datetime | None = None,
    now: datetime,
) -> int:
    """Sends again, under the same ids: one message, or all made since; how many. Raises NotFound."""
    webhook(connection, webhook_id)
    named = messages.c.message_id == message_id if message_id is not None else messages.c.created >= since
    again = update(messages).where(messages.c.webhook_id == webhook_id, named)
    count = connection.execute(again.values(due=now, attempts=0, delivered=None)).rowcount
    if message_id is not None and not count:
        raise NotFound(f"webhook {webhook_id} has no message {message_id[:60]!r}")
    return count


def drop_message(connection: Connection, number: int) -> None:
    """It tells of something that was taken down meanwhile."""
    connection.execute(delete(messages).where(messages.c.id == number))


def forget_messages(connection: Connection, *, before: datetime) -> int:
    """Deletes what was made earlier and needs nothing more; how many."""
    old = and_(messages.c.created < before, messages.c.due.is_(None))
    return connection.execute(delete(messages).where(old)).rowcount


def forget_messages_of_stories(connection: Connection, story_ids: Collection[str]) -> None:
    """Deletes them whether they were sent or not, for a takedown."""
    connection.execute(delete(messages).where(messages.c.story_id.in_(sorted(story_ids))))

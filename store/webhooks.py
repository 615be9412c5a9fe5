"""Webhooks: who is told of events, of which, and how it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, exists, insert, select, update

from store.errors import BadInput, NotFound
from store.events import KINDS, EventRecord, bounds
from store.records import story_now
from store.schema import articles, webhooks

__all__ = [
    "FORMS",
    "Webhook",
    "WebhookEntry",
    "add_webhook",
    "enable_webhook",
    "enabled_webhooks",
    "is_wanted",
    "list_webhooks",
    "remove_webhook",
    "webhook",
    "write_webhook",
]

Form = Literal["standard", "slack"]
FORMS: tuple[Form, ...] = ("standard", "slack")
MOST = 200


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """What somebody asks for: an address, and which events. No kinds are all kinds; every other filter must hold."""

    url: str
    form: Form = "standard"
    kinds: tuple[str, ...] = ()
    watch_id: int | None = None
    outlet: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook as it stands. `seen` is the last event that was looked at for it."""

    id: int
    url: str
    form: Form
    secret: str
    kinds: tuple[str, ...]
    watch_id: int | None
    outlet: str | None
    language: str | None
    created: datetime
    seen: int
    last_success: datetime | None
    failing_since: datetime | None
    why: str | None
    disabled: datetime | None

    def told(self) -> dict[str, Any]:
        """For people: without the secret."""
        return {name: getattr(self, name) for name in Webhook.__slots__ if name not in ("secret", "seen")}


COLUMNS = [webhooks.c[name] for name in Webhook.__slots__]


def add_webhook(connection: Connection, entry: WebhookEntry, *, secret: str, now: datetime) -> Webhook:
    """It is told of what happens from now on. Raises BadInput for a kind or form that there is not."""
    _check(connection, entry)
    values = {name: getattr(entry, name) for name in WebhookEntry.__slots__ if name != "kinds"}
    added = insert(webhooks).values(
        **values, kinds=list(entry.kinds), secret=secret, created=now, seen=bounds(connection).last
    )
    number: int = connection.execute(added.returning(webhooks.c.id)).scalar_one()
    return webhook(connection, number)


def _check(connection: Connection, entry: WebhookEntry) -> None:
    unknown = [kind for kind in entry.kinds if kind not in KINDS]
    if unknown:
        raise BadInput(f"{unknown[0][:40]!r} is no kind of event: choose from {', '.join(KINDS)}")
    if entry.form not in FORMS:
        raise BadInput(f"{entry.form[:40]!r} is no form of a webhook: choose from {', '.join(FORMS)}")
    if len(list_webhooks(connection)) >= MOST:
        raise BadInput(f"there are {MOST} webhooks already: remove one that nobody needs")


def webhook(connection: Connection, number: int) -> Webhook:
    """Raises NotFound."""
    row = connection.execute(select(*COLUMNS).where(webhooks.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no webhook {number}")
    return _webhook(row)


def list_webhooks(connection: Connection) -> list[Webhook]:
    return [_webhook(row) for row in connection.execute(select(*COLUMNS).order_by(webhooks.c.id))]


def enabled_webhooks(connection: Connection) -> list[Webhook]:
    return [hook for hook in list_webhooks(connection) if hook.disabled is None]


def _webhook(row: Sequence[Any]) -> Webhook:
    values: dict[str, Any] = dict(zip(Webhook.__slots__, row, strict=True))
    return Webhook(**{**values, "kinds": tuple(values["kinds"])})


def write_webhook(connection: Connection, number: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(webhooks).where(webhooks.c.id == number).values(**values))


def enable_webhook(connection: Connection, number: int) -> Webhook:
    """Tells it of what happens from now on; what happened meanwhile is in the log of events. Raises NotFound."""
    webhook(connection, number)
    values = {"disabled": None, "failing_since": None, "why": None, "seen": bounds(connection).last}
    write_webhook(connection, number, values)
    return webhook(connection, number)


def remove_webhook(connection: Connection, number: int) -> None:
    """With all its messages. Raises NotFound."""
    webhook(connection, number)
    connection.execute(delete(webhooks).where(webhooks.c.id == number))


def is_wanted(connection: Connection, hook: Webhook, event: EventRecord) -> bool:
    """Whether this event passes the filters of the webhook. Outlet and language are the story's, as it is now."""
    if hook.kinds and event.kind not in hook.kinds:
        return False
    if hook.watch_id is not None and event.watch_id != hook.watch_id:
        return False
    if hook.outlet is None and hook.language is None:
        return True
    return event.story_id is not None and _story_passes(connection, hook, event.story_id)


def _story_passes(connection: Connection, hook: Webhook, story_id: str) -> bool:
    try:
        found = story_now(connection, story_id)
    except NotFound:
        return False
    if hook.language is not None and found.language != hook.language:
        return False
    if hook.outlet is None:
        return True
    runs_it = exists().where(articles.c.story_id == found.id, articles.c.outlet == hook.outlet)
    return bool(connection.execute(select(runs_it)).scalar())

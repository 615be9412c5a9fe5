"""Webhooks: who is told of events, of which, and how it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, exists, insert, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.events.event_log import EVENT_KINDS, EventRecord, event_log_bounds
from onestory.store.frontier.hosts import database_time
from onestory.store.queries import columns_of, insert_new
from onestory.store.schema import articles, settings, webhooks
from onestory.store.settings import WEBHOOK_SENDER, write_setting
from onestory.store.stories.records import resolve_story

__all__ = [
    "WEBHOOK_FORMS",
    "WebhookEntry",
    "WebhookRecord",
    "accepts_event",
    "acquire_sender_lease",
    "add_webhook",
    "enable_webhook",
    "enabled_webhooks",
    "list_webhooks",
    "load_webhook",
    "release_sender_lease",
    "remove_webhook",
    "update_webhook",
]


WebhookForm = Literal["standard", "slack"]

WEBHOOK_FORMS: tuple[WebhookForm, ...] = ("standard", "slack")

MAX_WEBHOOKS = 200


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """What somebody asks for: an address, and which events. No kinds are all kinds; every other filter must hold."""

    url: str
    form: WebhookForm = "standard"
    kinds: tuple[str, ...] = ()
    watch_id: int | None = None
    outlet: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """One webhook as it stands. `seen` is the last event that was looked at for it."""

    id: int
    url: str
    form: WebhookForm
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

    def to_public_dict(self) -> dict[str, Any]:
        """For people: without the secret."""
        return {name: getattr(self, name) for name in WebhookRecord.__slots__ if name not in ("secret", "seen")}


WEBHOOK_COLUMNS = columns_of(webhooks, WebhookRecord)


def add_webhook(connection: Connection, entry: WebhookEntry, *, secret: str, now: datetime) -> WebhookRecord:
    """It is told of what happens from now on. Raises BadInput for a kind or form that there is not."""
    _check(connection, entry)
    values = {name: getattr(entry, name) for name in WebhookEntry.__slots__ if name != "kinds"}
    added = insert(webhooks).values(
        **values, kinds=list(entry.kinds), secret=secret, created=now, seen=event_log_bounds(connection).last
    )
    number: int = connection.execute(added.returning(webhooks.c.id)).scalar_one()
    return load_webhook(connection, number)


def _check(connection: Connection, entry: WebhookEntry) -> None:
    unknown = [kind for kind in entry.kinds if kind not in EVENT_KINDS]
    if unknown:
        raise BadInput(f"{unknown[0][:40]!r} is no kind of event: choose from {', '.join(EVENT_KINDS)}")
    if entry.form not in WEBHOOK_FORMS:
        raise BadInput(f"{entry.form[:40]!r} is no form of a webhook: choose from {', '.join(WEBHOOK_FORMS)}")
    if len(list_webhooks(connection)) >= MAX_WEBHOOKS:
        raise BadInput(f"there are {MAX_WEBHOOKS} webhooks already: remove one that nobody needs")


def load_webhook(connection: Connection, number: int) -> WebhookRecord:
    """Raises NotFound."""
    row = connection.execute(select(*WEBHOOK_COLUMNS).where(webhooks.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no webhook {number}")
    return _webhook(row)


def list_webhooks(connection: Connection) -> list[WebhookRecord]:
    return [_webhook(row) for row in connection.execute(select(*WEBHOOK_COLUMNS).order_by(webhooks.c.id))]


def enabled_webhooks(connection: Connection) -> list[WebhookRecord]:
    return [hook for hook in list_webhooks(connection) if hook.disabled is None]


def _webhook(row: Sequence[Any]) -> WebhookRecord:
    values: dict[str, Any] = dict(zip(WebhookRecord.__slots__, row, strict=True))
    return WebhookRecord(**{**values, "kinds": tuple(values["kinds"])})


def update_webhook(connection: Connection, number: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(webhooks).where(webhooks.c.id == number).values(**values))


def enable_webhook(connection: Connection, number: int) -> WebhookRecord:
    """Tells it of what happens from now on; what happened meanwhile is in the log of events. Raises NotFound."""
    load_webhook(connection, number)
    values = {"disabled": None, "failing_since": None, "why": None, "seen": event_log_bounds(connection).last}
    update_webhook(connection, number, values)
    return load_webhook(connection, number)


def remove_webhook(connection: Connection, number: int) -> None:
    """With all its messages. Raises NotFound."""
    load_webhook(connection, number)
    connection.execute(delete(webhooks).where(webhooks.c.id == number))


def accepts_event(connection: Connection, hook: WebhookRecord, event: EventRecord) -> bool:
    """Whether this event passes the filters of the webhook. Outlet and language are the story's, as it is now."""
    if hook.kinds and event.kind not in hook.kinds:
        return False
    if hook.watch_id is not None and event.watch_id != hook.watch_id:
        return False
    if hook.outlet is None and hook.language is None:
        return True
    return event.story_id is not None and _story_passes(connection, hook, event.story_id)


def _story_passes(connection: Connection, hook: WebhookRecord, story_id: str) -> bool:
    try:
        found = resolve_story(connection, story_id)
    except NotFound:
        return False
    if hook.language is not None and found.language != hook.language:
        return False
    if hook.outlet is None:
        return True
    runs_it = exists().where(articles.c.story_id == found.id, articles.c.outlet == hook.outlet)
    return bool(connection.execute(select(runs_it)).scalar())


def acquire_sender_lease(connection: Connection, holder: str, *, seconds: float) -> bool:
    """Takes the lease, or renews it, for so long; False while somebody else has it."""
    now = database_time(connection)
    held, until = _held(connection)
    if held not in ("", holder) and until is not None and until > now:
        return False
    write_setting(connection, WEBHOOK_SENDER, f"{holder} {(now + timedelta(seconds=seconds)).isoformat()}")
    return True


def release_sender_lease(connection: Connection, holder: str) -> None:
    """Lets it go at once; nothing happens when it was lost already."""
    if _held(connection)[0] == holder:
        connection.execute(delete(settings).where(settings.c.key == WEBHOOK_SENDER))


def _held(connection: Connection) -> tuple[str, datetime | None]:
    """Locked until the transaction ends: of two who ask at once the second sees what the first wrote."""
    insert_new(connection, settings, [{"key": WEBHOOK_SENDER, "value": ""}])
    query = select(settings.c.value).where(settings.c.key == WEBHOOK_SENDER).with_for_update()
    holder, _, until = connection.execute(query).scalar_one().partition(" ")
    return holder, datetime.fromisoformat(until) if until else None

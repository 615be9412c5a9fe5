"""Webhooks: their URLs, filters and delivery state."""

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
    "webhooks_of_watch",
]


WebhookForm = Literal["standard", "slack", "email"]

WEBHOOK_FORMS: tuple[WebhookForm, ...] = ("standard", "slack", "email")

MAX_WEBHOOKS = 200


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """The settings of a webhook. No kinds means all kinds; every other filter must match."""

    url: str
    form: WebhookForm = "standard"
    kinds: tuple[str, ...] = ()
    watch_id: int | None = None
    outlet: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """A webhook. `seen` is the last event considered for it."""

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
        """The public fields, without the secret."""
        return {name: getattr(self, name) for name in WebhookRecord.__slots__ if name not in ("secret", "seen")}


WEBHOOK_COLUMNS = columns_of(webhooks, WebhookRecord)


def add_webhook(connection: Connection, entry: WebhookEntry, *, secret: str, now: datetime) -> WebhookRecord:
    """Add a webhook for events from now on. Raises BadInput for an unknown kind or form, and a second one like it."""
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
        raise BadInput(f"{unknown[0][:40]!r} is not a kind of event: choose from {', '.join(EVENT_KINDS)}")
    if entry.form not in WEBHOOK_FORMS:
        raise BadInput(f"{entry.form[:40]!r} is not a form of webhook: choose from {', '.join(WEBHOOK_FORMS)}")
    known = list_webhooks(connection)
    same = next((hook for hook in known if _sends_the_same(hook, entry)), None)
    if same is not None:
        raise BadInput(f"webhook {same.id} already has this URL and these filters: remove it first, or choose others")
    if len(known) >= MAX_WEBHOOKS:
        raise BadInput(f"there are already {MAX_WEBHOOKS} webhooks: remove one that is no longer needed")


def _sends_the_same(hook: WebhookRecord, entry: WebhookEntry) -> bool:
    """Whether a webhook sends to this URL what the entry would; one URL may have others with other filters."""
    names = ("url", "watch_id", "outlet", "language")
    same = all(getattr(hook, name) == getattr(entry, name) for name in names)
    return same and set(hook.kinds) == set(entry.kinds)


def load_webhook(connection: Connection, number: int) -> WebhookRecord:
    """Load a webhook. Raises NotFound."""
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
    """Enable a webhook for events from now on. Events missed meanwhile are in the event log. Raises NotFound."""
    load_webhook(connection, number)
    values = {"disabled": None, "failing_since": None, "why": None, "seen": event_log_bounds(connection).last}
    update_webhook(connection, number, values)
    return load_webhook(connection, number)


def remove_webhook(connection: Connection, number: int) -> None:
    """Remove a webhook with all its messages. Raises NotFound."""
    load_webhook(connection, number)
    connection.execute(delete(webhooks).where(webhooks.c.id == number))


def accepts_event(connection: Connection, hook: WebhookRecord, event: EventRecord) -> bool:
    """Whether an event passes the filters of the webhook. Outlet and language are those of the story now."""
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
    """Acquire or renew the lease. Returns False while another process holds it."""
    now = database_time(connection)
    held, until = _held(connection)
    if held not in ("", holder) and until is not None and until > now:
        return False
    write_setting(connection, WEBHOOK_SENDER, f"{holder} {(now + timedelta(seconds=seconds)).isoformat()}")
    return True


def release_sender_lease(connection: Connection, holder: str) -> None:
    """Release the lease. Does nothing if it was lost already."""
    if _held(connection)[0] == holder:
        connection.execute(delete(settings).where(settings.c.key == WEBHOOK_SENDER))


def _held(connection: Connection) -> tuple[str, datetime | None]:
    """The holder of the lease and its end. The row is locked, so concurrent calls see each other's writes."""
    insert_new(connection, settings, [{"key": WEBHOOK_SENDER, "value": ""}])
    query = select(settings.c.value).where(settings.c.key == WEBHOOK_SENDER).with_for_update()
    holder, _, until = connection.execute(query).scalar_one().partition(" ")
    return holder, datetime.fromisoformat(until) if until else None


def webhooks_of_watch(connection: Connection, watch_id: int, *, form: WebhookForm) -> list[WebhookRecord]:
    """The webhooks of this form that are limited to a watch, by number."""
    return [hook for hook in list_webhooks(connection) if hook.watch_id == watch_id and hook.form == form]

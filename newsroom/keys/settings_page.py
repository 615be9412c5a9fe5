"""The settings page: keys and webhooks. Secrets are shown once, in the response that made them."""

from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from onestory.errors import BadInput
from onestory.newsroom.access.key_cache import KeyCache
from onestory.newsroom.events.schemas import WebhookRequest
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.keys.api import KeyNumber
from onestory.newsroom.pages.forms import PostedForm, read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.webhooks.api import WebhookNumber, webhook_entry
from onestory.newsroom.webhooks.delivery import new_webhook_secret
from onestory.store.access.api_keys import (
    KEY_SCOPES,
    MAX_KEY_NAME,
    CreatedKey,
    add_key,
    list_keys,
    revoke_key_unless_last,
)
from onestory.store.events.event_log import EVENT_KINDS
from onestory.store.frontier.hosts import database_time
from onestory.store.settings import OPTIONAL_RETENTION, Retention, read_retention, write_retention
from onestory.store.watches.watches import active_watches
from onestory.store.webhooks.outbox import add_test_message
from onestory.store.webhooks.webhooks import (
    WEBHOOK_FORMS,
    WebhookEntry,
    WebhookRecord,
    add_webhook,
    enable_webhook,
    list_webhooks,
    remove_webhook,
)

__all__ = ["FormRefusal", "NewSecret", "render_settings", "settings_router", "webhook_settings_router"]


settings_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_ADMIN])


MAX_WATCHES_OFFERED = 200

MAX_TYPED_VALUE = 2_000

SETTINGS_FIELDS = ("name", "scope", "url", "form", "watch", "outlet", "language")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A new key or webhook with its name and secret."""

    kind: str
    name: str
    secret: str


@dataclass(frozen=True, slots=True)
class FormRefusal:
    """An action that was refused, and why. `form` holds the fields as typed."""

    what: str
    why: str
    form: PostedForm


@settings_router.get("/settings")
def settings_page(request: Request) -> Response:
    return render_settings(request)


def render_settings(
    request: Request, *, revealed: NewSecret | None = None, refusal: FormRefusal | None = None
) -> Response:
    desk = api_context(request)
    with desk.store.read() as connection:
        keys, webhooks = list_keys(connection), list_webhooks(connection)
        retention = read_retention(connection)
        watches = active_watches(connection, now=desk.clock())[-MAX_WATCHES_OFFERED:]
    answer = render_page(
        request,
        "settings.html",
        status=422 if refusal else 201 if revealed else 200,
        here="/settings",
        is_open=request.app.state.is_open,
        keys=sorted(keys, key=lambda one: (one.revoked is not None, one.id)),
        scopes=KEY_SCOPES,
        webhooks=webhooks,
        kinds=EVENT_KINDS,
        retention=retention,
        saved=request.query_params.get("saved"),
        forms=WEBHOOK_FORMS,
        watches=watches,
        revealed=revealed,
        refusal=refusal,
        typed=_typed(refusal),
        tested=request.query_params.get("tested"),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _typed(refusal: FormRefusal | None) -> dict[str, Any]:
    """The typed fields of the refused form. Other forms start empty."""
    form = refusal.form if refusal else PostedForm({})
    return {**{name: form.line(name, most=MAX_TYPED_VALUE) for name in SETTINGS_FIELDS}, "kinds": form.all("kind")}


@settings_router.post("/settings/keys")
async def add_key_page(request: Request) -> Response:
    """Add a key. A reload submits again and is refused, since the name is taken."""
    form = await read_form(request)
    try:
        made = await anyio.to_thread.run_sync(lambda: _made(request, form))
    except BadInput as error:
        refusal = FormRefusal("The key was not made", as_sentence(str(error)), form)
        return await anyio.to_thread.run_sync(lambda: render_settings(request, refusal=refusal))
    revealed = NewSecret("key", made.record.name, made.secret)
    return await anyio.to_thread.run_sync(lambda: render_settings(request, revealed=revealed))


def _made(request: Request, form: PostedForm) -> CreatedKey:
    desk = api_context(request)
    name, scope = form.line("name", most=MAX_KEY_NAME + 1), form.line("scope", most=20)
    with desk.store.write() as connection:
        return add_key(connection, name, scope, now=desk.clock())


@settings_router.post("/settings/keys/{number}/revoke")
def revoke_key_page(request: Request, number: KeyNumber) -> Response:
    desk = api_context(request)
    try:
        with desk.store.write() as connection:
            revoke_key_unless_last(connection, number, now=desk.clock())
    except BadInput as error:
        return render_settings(
            request, refusal=FormRefusal("The key was not revoked", as_sentence(str(error)), PostedForm({}))
        )
    keyring: KeyCache = request.app.state.keyring
    keyring.forget()
    return see_other("/settings#keys")


@settings_router.post("/settings/retention")
async def set_retention_page(request: Request) -> Response:
    form = await read_form(request)
    try:
        await anyio.to_thread.run_sync(lambda: _set_retention(request, form))
    except BadInput as error:
        refusal = FormRefusal("The retention was not saved", as_sentence(str(error)), form)
        return await anyio.to_thread.run_sync(lambda: render_settings(request, refusal=refusal))
    return see_other("/settings?saved=retention#retention")


def _set_retention(request: Request, form: PostedForm) -> None:
    days = {name: form.line(name, most=20) for name in Retention.__slots__}
    given = {name: typed for name, typed in days.items() if typed or name not in OPTIONAL_RETENTION}
    for name, typed in given.items():
        if not (typed.isascii() and typed.isdigit()):
            raise BadInput(f"{name.replace('_', ' ')}: {typed!r} is not a number")
    with api_context(request).store.write() as connection:
        write_retention(connection, Retention(**{name: int(typed) for name, typed in given.items()}))


webhook_settings_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_ADMIN])


MAX_WEBHOOK_FIELD = 2_001


@webhook_settings_router.post("/settings/webhooks")
async def add_webhook_page(request: Request) -> Response:
    """Add a webhook. A reload submits again and is refused as a duplicate."""
    form = await read_form(request)
    try:
        added = await anyio.to_thread.run_sync(lambda: _added(request, form))
    except (ValidationError, BadInput) as error:
        refusal = FormRefusal("The webhook was not added", _why(error), form)
        return await anyio.to_thread.run_sync(lambda: render_settings(request, refusal=refusal))
    revealed = NewSecret("webhook", added.url, added.secret)
    return await anyio.to_thread.run_sync(lambda: render_settings(request, revealed=revealed))


def _why(error: ValidationError | BadInput) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return as_sentence(f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}")
    return as_sentence(str(error))


def _added(request: Request, form: PostedForm) -> WebhookRecord:
    """Add webhook of a form. Raises ValidationError, BadInput or BlockedAddress."""
    entry = webhook_entry(WebhookRequest.model_validate(_question(form)))
    with api_context(request).store.write() as connection:
        if any(_entry(one) == entry for one in list_webhooks(connection)):
            raise BadInput("a webhook with this address and these filters already exists")
        return add_webhook(connection, entry, secret=new_webhook_secret(), now=database_time(connection))


def _question(form: PostedForm) -> dict[str, Any]:
    lines = {name: form.line(name, most=MAX_WEBHOOK_FIELD) for name in ("url", "form", "outlet", "language")}
    asked = {**lines, "watch_id": form.line("watch", most=20), "kinds": form.all("kind")}
    return {name: value for name, value in asked.items() if value or name == "url"}


def _entry(hook: WebhookRecord) -> WebhookEntry:
    return WebhookEntry(**{name: getattr(hook, name) for name in WebhookEntry.__slots__})


@webhook_settings_router.post("/settings/webhooks/{number}/test")
def send_test_webhook_page(request: Request, number: WebhookNumber) -> Response:
    try:
        with api_context(request).store.write() as connection:
            add_test_message(connection, number, now=database_time(connection))
    except BadInput as error:
        return render_settings(
            request, refusal=FormRefusal("The test message was not sent", as_sentence(str(error)), PostedForm({}))
        )
    return _back(f"?tested={number}")


@webhook_settings_router.post("/settings/webhooks/{number}/enable")
def enable_webhook_page(request: Request, number: WebhookNumber) -> Response:
    with api_context(request).store.write() as connection:
        enable_webhook(connection, number)
    return _back()


@webhook_settings_router.post("/settings/webhooks/{number}/remove")
def remove_webhook_page(request: Request, number: WebhookNumber) -> Response:
    with api_context(request).store.write() as connection:
        remove_webhook(connection, number)
    return _back()


def _back(query: str = "") -> Response:
    return see_other(f"/settings{query}#webhooks")

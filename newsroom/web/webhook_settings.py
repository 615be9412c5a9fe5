"""What the page of settings does with webhooks."""

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from newsroom.api.callers import ADMIN
from newsroom.api.desk import desk_of
from newsroom.api.event_shapes import WebhookQuestion
from newsroom.api.problems import told
from newsroom.api.webhooks import Number, entry_of
from newsroom.web.forms import Form, read_form
from newsroom.web.settings import Refusal, Revealed, settings_shown
from newsroom.webhook_call import new_secret
from store.errors import BadInput
from store.hosts import database_time
from store.webhook_messages import trial_message
from store.webhooks import Webhook, WebhookEntry, add_webhook, enable_webhook, list_webhooks, remove_webhook

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[ADMIN])

MOST_FIELD = 2_001


@router.post("/settings/webhooks")
async def add_page(request: Request) -> Response:
    """Sent again, by a reload, it is refused: there would be two that tell the same program the same."""
    form = await read_form(request)
    try:
        added = await anyio.to_thread.run_sync(lambda: _added(request, form))
    except (ValidationError, BadInput) as error:
        refusal = Refusal("No webhook was added", _why(error), form)
        return await anyio.to_thread.run_sync(lambda: settings_shown(request, refusal=refusal))
    revealed = Revealed("webhook", added.url, added.secret)
    return await anyio.to_thread.run_sync(lambda: settings_shown(request, revealed=revealed))


def _why(error: ValidationError | BadInput) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return told(f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}")
    return told(str(error))


def _added(request: Request, form: Form) -> Webhook:
    """Raises ValidationError, BadInput, Refused."""
    entry = entry_of(WebhookQuestion.model_validate(_question(form)))
    with desk_of(request).store.write() as connection:
        if any(_entry(one) == entry for one in list_webhooks(connection)):
            raise BadInput("there is a webhook with this address and these filters already")
        return add_webhook(connection, entry, secret=new_secret(), now=database_time(connection))


def _question(form: Form) -> dict[str, Any]:
    lines = {name: form.line(name, most=MOST_FIELD) for name in ("url", "form", "outlet", "language")}
    asked = {**lines, "watch_id": form.line("watch", most=20), "kinds": form.all("kind")}
    return {name: value for name, value in asked.items() if value or name == "url"}


def _entry(hook: Webhook) -> WebhookEntry:
    return WebhookEntry(**{name: getattr(hook, name) for name in WebhookEntry.__slots__})


@router.post("/settings/webhooks/{number}/test")
def test_page(request: Request, number: Number) -> Response:
    try:
        with desk_of(request).store.write() as connection:
            trial_message(connection, number, now=database_time(connection))
    except BadInput as error:
        return settings_shown(request, refusal=Refusal("No test was sent", told(str(error)), Form({})))
    return _back(f"?tested={number}")


@router.post("/settings/webhooks/{number}/enable")
def enable_page(request: Request, number: Number) -> Response:
    with desk_of(request).store.write() as connection:
        enable_webhook(connection, number)
    return _back()


@router.post("/settings/webhooks/{number}/remove")
def remove_page(request: Request, number: Number) -> Response:
    with desk_of(request).store.write() as connection:
        remove_webhook(connection, number)
    return _back()


def _back(query: str = "") -> Response:
    return RedirectResponse(f"/settings{query}#webhooks", 303, {"Cache-Control": "no-store"})

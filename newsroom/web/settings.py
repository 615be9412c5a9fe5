"""The page of settings: keys and webhooks. What is secret is shown once, in the answer that made it."""

from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from newsroom.api.callers import ADMIN
from newsroom.api.desk import desk_of
from newsroom.api.keyring import Keyring
from newsroom.api.keys import KeyNumber
from newsroom.api.problems import told
from newsroom.web.forms import Form, read_form
from newsroom.web.render import page
from store.errors import BadInput
from store.events import KINDS
from store.keys import MOST_NAME, SCOPES, NewKey, add_key, list_keys, revoke_spare_key
from store.watches import active_watches
from store.webhooks import FORMS, list_webhooks

__all__ = ["Refusal", "Revealed", "router", "settings_shown"]

router = APIRouter(include_in_schema=False, dependencies=[ADMIN])

MOST_WATCHES = 200
MOST_TYPED = 2_000
FIELDS = ("name", "scope", "url", "form", "watch", "outlet", "language")


@dataclass(frozen=True, slots=True)
class Revealed:
    """What was just made: a key or a webhook, how it is called, and its secret."""

    kind: str
    name: str
    secret: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not done and why; `form` has what was typed in vain."""

    what: str
    why: str
    form: Form


@router.get("/settings")
def settings_page(request: Request) -> Response:
    return settings_shown(request)


def settings_shown(request: Request, *, revealed: Revealed | None = None, refusal: Refusal | None = None) -> Response:
    desk = desk_of(request)
    with desk.store.read() as connection:
        keys, webhooks = list_keys(connection), list_webhooks(connection)
        watches = active_watches(connection, now=desk.clock())[-MOST_WATCHES:]
    answer = page(
        request,
        "settings.html",
        status=422 if refusal else 201 if revealed else 200,
        here="/settings",
        is_open=request.app.state.is_open,
        keys=sorted(keys, key=lambda one: (one.revoked is not None, one.id)),
        scopes=SCOPES,
        webhooks=webhooks,
        kinds=KINDS,
        forms=FORMS,
        watches=watches,
        revealed=revealed,
        refusal=refusal,
        typed=_typed(refusal),
        tested=request.query_params.get("tested"),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _typed(refusal: Refusal | None) -> dict[str, Any]:
    """Of the form that was refused; one form's fields are no other's."""
    form = refusal.form if refusal else Form({})
    return {**{name: form.line(name, most=MOST_TYPED) for name in FIELDS}, "kinds": form.all("kind")}


@router.post("/settings/keys")
async def add_page(request: Request) -> Response:
    """Sent again, by a reload, it is refused, as the name is taken: no key is shown twice, and there are no two."""
    form = await read_form(request)
    try:
        made = await anyio.to_thread.run_sync(lambda: _made(request, form))
    except BadInput as error:
        refusal = Refusal("No key was made", told(str(error)), form)
        return await anyio.to_thread.run_sync(lambda: settings_shown(request, refusal=refusal))
    revealed = Revealed("key", made.record.name, made.secret)
    return await anyio.to_thread.run_sync(lambda: settings_shown(request, revealed=revealed))


def _made(request: Request, form: Form) -> NewKey:
    desk = desk_of(request)
    name, scope = form.line("name", most=MOST_NAME + 1), form.line("scope", most=20)
    with desk.store.write() as connection:
        return add_key(connection, name, scope, now=desk.clock())


@router.post("/settings/keys/{number}/revoke")
def revoke_page(request: Request, number: KeyNumber) -> Response:
    desk = desk_of(request)
    try:
        with desk.store.write() as connection:
            revoke_spare_key(connection, number, now=desk.clock())
    except BadInput as error:
        return settings_shown(request, refusal=Refusal("No key was revoked", told(str(error)), Form({})))
    keyring: Keyring = request.app.state.keyring
    keyring.forget()
    return RedirectResponse("/settings#keys", 303, {"Cache-Control": "no-store"})

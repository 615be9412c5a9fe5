"""Watches by e-mail: who gets a mail when a watch matches, or a story of it is corrected or withdrawn."""

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from onestory.errors import BadInput, NotFound
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import ApiModel
from onestory.newsroom.pages.forms import read_form
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.watches.api import WatchId
from onestory.newsroom.watches.web import show_watch
from onestory.newsroom.webhooks.delivery import new_webhook_secret
from onestory.newsroom.webhooks.mail import MAIL_PREFIX, mail_address
from onestory.store.frontier.hosts import database_time
from onestory.store.watches.watches import load_watch
from onestory.store.webhooks.webhooks import WebhookEntry, WebhookRecord, add_webhook, remove_webhook, webhooks_of_watch

__all__ = ["page_router", "router"]

router = APIRouter(prefix="/v1", tags=["watches"], dependencies=[REQUIRE_READ])
page_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_EDIT])

KINDS = ("watch.matched", "story.corrected", "story.withdrawn")
MAX_ADDRESSES = 50
MailNumber = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The id of a recipient.", examples=[3])]
NO_MAIL = "no mail server is set up: ask your administrator to set ONESTORY_SMTP_URL"


class NewRecipient(BaseModel):
    """Who gets mails of a watch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, Field(max_length=300, examples=["desk@newsroom.example"])]


class Recipient(ApiModel):
    """Who gets mails of a watch."""

    id: Annotated[int, Field(examples=[3])]
    address: Annotated[str, Field(examples=["desk@newsroom.example"])]
    why: Annotated[str | None, Field(description="The error of the last mail.")]


class RecipientList(ApiModel):
    recipients: list[Recipient]


@router.get(
    "/watches/{watch_id}/recipients",
    response_model=RecipientList,
    summary="List who gets mails of a watch",
    operation_id="listRecipients",
    dependencies=[REQUIRE_EDIT],
    responses={404: {"description": "There is no such watch."}},
)
def get_recipients(request: Request, watch_id: WatchId) -> Response:
    """Addresses that get a mail when the watch matches, or a story of it is corrected or withdrawn."""
    with api_context(request).store.read() as connection:
        load_watch(connection, watch_id)
        found = webhooks_of_watch(connection, watch_id, form="email")
    return json_response(request, RecipientList(recipients=[_recipient(one) for one in found]))


def _recipient(hook: WebhookRecord) -> Recipient:
    return Recipient(id=hook.id, address=hook.url.removeprefix(MAIL_PREFIX), why=hook.why)


@router.post(
    "/watches/{watch_id}/recipients",
    status_code=201,
    response_model=Recipient,
    summary="Send mails of a watch",
    operation_id="addRecipient",
    dependencies=[REQUIRE_EDIT],
    responses={404: {"description": "There is no such watch."}},
)
def post_recipient(request: Request, watch_id: WatchId, wanted: NewRecipient) -> Response:
    """Send mails of a watch to an address from now on. The operator has to name a mail server."""
    return uncached_json(_recipient(_add(request, watch_id, wanted.address)), status=201)


@router.delete(
    "/watches/{watch_id}/recipients/{number}",
    status_code=204,
    response_class=Response,
    summary="End mails of a watch",
    operation_id="removeRecipient",
    dependencies=[REQUIRE_EDIT],
    responses={404: {"description": "There is no such watch, or no such recipient."}},
)
def delete_recipient(request: Request, watch_id: WatchId, number: MailNumber) -> Response:
    """Send no more mails of the watch to this address."""
    _remove(request, watch_id, number)
    return Response(status_code=204)


def _add(request: Request, watch_id: int, typed: str) -> WebhookRecord:
    if not request.app.state.sends_mail:
        raise BadInput(NO_MAIL)
    entry = WebhookEntry(MAIL_PREFIX + mail_address(typed), "email", KINDS, watch_id)
    with api_context(request).store.write() as connection:
        load_watch(connection, watch_id)
        known = webhooks_of_watch(connection, watch_id, form="email")
        if any(one.url == entry.url for one in known):
            raise BadInput("this address already gets the mails of this watch")
        if len(known) >= MAX_ADDRESSES:
            raise BadInput(f"a watch has at most {MAX_ADDRESSES} addresses: use a mailing list")
        return add_webhook(connection, entry, secret=new_webhook_secret(), now=database_time(connection))


def _remove(request: Request, watch_id: int, number: int) -> None:
    with api_context(request).store.write() as connection:
        _check_is_recipient(connection, watch_id, number)
        remove_webhook(connection, number)


def _check_is_recipient(connection: Connection, watch_id: int, number: int) -> None:
    if number not in {one.id for one in webhooks_of_watch(connection, watch_id, form="email")}:
        raise NotFound(f"watch {watch_id} has no recipient {number}")


@page_router.post("/watches/{watch_id}/recipients")
async def add_recipient_page(request: Request, watch_id: WatchId) -> Response:
    typed = (await read_form(request)).line("address", most=301)
    try:
        await anyio.to_thread.run_sync(lambda: _add(request, watch_id, typed))
    except BadInput as error:
        reason = as_sentence(str(error))
        return await anyio.to_thread.run_sync(lambda: show_watch(request, watch_id, refusal=reason, typed=typed))
    return see_other(f"/watches/{watch_id}#mail")


@page_router.post("/watches/{watch_id}/recipients/{number}/remove")
def remove_recipient_page(request: Request, watch_id: WatchId, number: MailNumber) -> Response:
    _remove(request, watch_id, number)
    return see_other(f"/watches/{watch_id}#mail")

"""/v1/webhooks: who is told of events, and what was sent to them."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from newsroom.api.answers import json_answer
from newsroom.api.callers import ADMIN
from newsroom.api.desk import desk_of
from newsroom.api.event_shapes import (
    MOST_ID,
    NewWebhook,
    Replay,
    Replayed,
    Webhook,
    WebhookList,
    WebhookMessage,
    WebhookMessageList,
    WebhookQuestion,
)
from newsroom.api.moments import read_moment
from newsroom.webhook_call import checked_target, new_secret
from store.errors import BadInput
from store.hosts import database_time
from store.webhook_messages import messages_of, replay_messages, trial_message
from store.webhooks import WebhookEntry, add_webhook, enable_webhook, list_webhooks, remove_webhook, webhook

__all__ = ["Number", "entry_of", "router"]

router = APIRouter(prefix="/v1", tags=["webhooks"], dependencies=[ADMIN])

Number = Annotated[int, Path(ge=1, le=MOST_ID, examples=[3])]
NONE_SUCH: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such webhook."}}


@router.get("/webhooks", response_model=WebhookList, summary="List webhooks", operation_id="listWebhooks")
def list_them(request: Request) -> Response:
    """All of them, without their secrets."""
    with desk_of(request).store.read() as connection:
        found = list_webhooks(connection)
    return json_answer(request, WebhookList(webhooks=[Webhook.model_validate(one) for one in found]))


@router.post(
    "/webhooks", response_model=NewWebhook, status_code=201, summary="Add a webhook", operation_id="addWebhook"
)
def add_one(request: Request, response: Response, question: WebhookQuestion) -> NewWebhook:
    """It is told of what happens from now on, one message a story. The answer has its secret, this once."""
    entry = entry_of(question)
    with desk_of(request).store.write() as connection:
        added = add_webhook(connection, entry, secret=new_secret(), now=database_time(connection))
    response.headers["Cache-Control"] = "no-store"
    return NewWebhook.model_validate(added)


def entry_of(question: WebhookQuestion) -> WebhookEntry:
    """Raises Refused, BadInput for an address where no webhook may be."""
    told = question.model_dump()
    return WebhookEntry(**{**told, "url": checked_target(question.url), "kinds": tuple(question.kinds)})


@router.get(
    "/webhooks/{number}",
    response_model=Webhook,
    summary="One webhook",
    operation_id="getWebhook",
    responses=NONE_SUCH,
)
def one_webhook(request: Request, number: Number) -> Response:
    """What it is told of, and how it does."""
    with desk_of(request).store.read() as connection:
        return json_answer(request, Webhook.model_validate(webhook(connection, number)))


@router.delete(
    "/webhooks/{number}",
    status_code=204,
    summary="Remove a webhook",
    operation_id="removeWebhook",
    responses=NONE_SUCH,
)
def remove_one(request: Request, number: Number) -> None:
    """With all its messages."""
    with desk_of(request).store.write() as connection:
        remove_webhook(connection, number)


@router.post(
    "/webhooks/{number}/enable",
    response_model=Webhook,
    summary="Enable a webhook again",
    operation_id="enableWebhook",
    responses=NONE_SUCH,
)
def enable_one(request: Request, number: Number) -> Webhook:
    """It is told of what happens from now on; what happened meanwhile is in /v1/events."""
    with desk_of(request).store.write() as connection:
        return Webhook.model_validate(enable_webhook(connection, number))


@router.post(
    "/webhooks/{number}/test",
    response_model=WebhookMessage,
    status_code=202,
    summary="Send a test",
    operation_id="testWebhook",
    responses=NONE_SUCH,
)
def test_one(request: Request, number: Number) -> WebhookMessage:
    """A message of type `webhook.test`, within seconds; its `message_id` tells what became of it."""
    with desk_of(request).store.write() as connection:
        return WebhookMessage.model_validate(trial_message(connection, number, now=database_time(connection)))


@router.get(
    "/webhooks/{number}/messages",
    response_model=WebhookMessageList,
    summary="What was sent to a webhook",
    operation_id="listWebhookMessages",
    responses=NONE_SUCH,
)
def list_messages(
    request: Request, number: Number, limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100
) -> Response:
    """And what waits to be sent. Kept for 30 days."""
    with desk_of(request).store.read() as connection:
        found = messages_of(connection, number, limit=limit)
    return json_answer(request, WebhookMessageList(messages=[WebhookMessage.model_validate(one) for one in found]))


@router.post(
    "/webhooks/{number}/replay",
    response_model=Replayed,
    status_code=202,
    summary="Send messages again",
    operation_id="replayWebhook",
    responses=NONE_SUCH,
)
def replay(request: Request, number: Number, question: Replay) -> Replayed:
    """One message, or all that were made since a time; under the same `webhook-id`."""
    if (question.message_id is None) == (question.since is None):
        raise BadInput("give either message_id or since")
    with desk_of(request).store.write() as connection:
        now = database_time(connection)
        since = None if question.since is None else _moment(question.since, now=now)
        count = replay_messages(connection, number, message_id=question.message_id, since=since, now=now)
    return Replayed(messages=count)


def _moment(value: str, *, now: datetime) -> datetime:
    try:
        return read_moment(value, now=now).astimezone(UTC)
    except ValueError as error:
        raise BadInput(f"since: {error}") from error

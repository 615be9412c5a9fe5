"""API of webhooks and their messages."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from onestory.errors import BadInput
from onestory.newsroom.events.schemas import (
    NewWebhook,
    ReplayRequest,
    ReplayResult,
    Webhook,
    WebhookList,
    WebhookMessage,
    WebhookMessageList,
    WebhookRequest,
)
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.webhooks.delivery import new_webhook_secret
from onestory.newsroom.webhooks.mail import check_target
from onestory.store.frontier.hosts import database_time
from onestory.store.webhooks.outbox import add_test_message, messages_of_webhook, replay_messages
from onestory.store.webhooks.webhooks import (
    WebhookEntry,
    add_webhook,
    enable_webhook,
    list_webhooks,
    load_webhook,
    remove_webhook,
)
from onestory.times import parse_time

__all__ = ["WebhookNumber", "router", "webhook_entry"]

router = APIRouter(prefix="/v1", tags=["webhooks"], dependencies=[REQUIRE_ADMIN])

WebhookNumber = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, examples=[3])]
WEBHOOK_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such webhook."}}


@router.get(
    "/webhooks",
    response_model=WebhookList,
    responses=CSV_RESPONSE,
    summary="List webhooks",
    operation_id="listWebhooks",
)
def get_webhooks(request: Request, shown_as: ListFormat = None) -> Response:
    """All webhooks, without their secrets."""
    with api_context(request).store.read() as connection:
        found = list_webhooks(connection)
    return list_response(
        request, WebhookList(webhooks=[Webhook.model_validate(one) for one in found]), shown_as=shown_as
    )


@router.post(
    "/webhooks", response_model=NewWebhook, status_code=201, summary="Add a webhook", operation_id="addWebhook"
)
def post_webhook(request: Request, response: Response, question: WebhookRequest) -> NewWebhook:
    """Add a webhook for events from now on, one message per story. The response contains its secret, this once."""
    entry = webhook_entry(question)
    with api_context(request).store.write() as connection:
        added = add_webhook(connection, entry, secret=new_webhook_secret(), now=database_time(connection))
    response.headers["Cache-Control"] = "no-store"
    return NewWebhook.model_validate(added)


def webhook_entry(question: WebhookRequest) -> WebhookEntry:
    """The settings of a new webhook. Raises BlockedAddress or BadInput for an unsuitable address."""
    result = question.model_dump()
    url = check_target(question.url, question.form)
    return WebhookEntry(**{**result, "url": url, "kinds": tuple(question.kinds)})


@router.get(
    "/webhooks/{number}",
    response_model=Webhook,
    summary="Get a webhook",
    operation_id="getWebhook",
    responses=WEBHOOK_NOT_FOUND,
)
def get_webhook(request: Request, number: WebhookNumber) -> Response:
    """The settings of a webhook and its delivery state."""
    with api_context(request).store.read() as connection:
        return json_response(request, Webhook.model_validate(load_webhook(connection, number)))


@router.delete(
    "/webhooks/{number}",
    status_code=204,
    summary="Remove a webhook",
    operation_id="removeWebhook",
    responses=WEBHOOK_NOT_FOUND,
)
def delete_webhook(request: Request, number: WebhookNumber) -> None:
    """Remove a webhook with all its messages."""
    with api_context(request).store.write() as connection:
        remove_webhook(connection, number)


@router.post(
    "/webhooks/{number}/enable",
    response_model=Webhook,
    summary="Enable a webhook",
    operation_id="enableWebhook",
    responses=WEBHOOK_NOT_FOUND,
)
def post_webhook_enable(request: Request, number: WebhookNumber) -> Webhook:
    """Enable a webhook for events from now on. Events missed meanwhile are in /v1/events."""
    with api_context(request).store.write() as connection:
        return Webhook.model_validate(enable_webhook(connection, number))


@router.post(
    "/webhooks/{number}/test",
    response_model=WebhookMessage,
    status_code=202,
    summary="Send a test message",
    operation_id="testWebhook",
    responses=WEBHOOK_NOT_FOUND,
)
def post_webhook_test(request: Request, number: WebhookNumber) -> WebhookMessage:
    """Send a message of type `webhook.test` within seconds. Its `message_id` identifies it among the messages."""
    with api_context(request).store.write() as connection:
        return WebhookMessage.model_validate(add_test_message(connection, number, now=database_time(connection)))


@router.get(
    "/webhooks/{number}/messages",
    response_model=WebhookMessageList,
    summary="List messages of a webhook",
    operation_id="listWebhookMessages",
    responses=WEBHOOK_NOT_FOUND,
)
def get_webhook_messages(
    request: Request,
    number: WebhookNumber,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results.")] = 100,
) -> Response:
    """Messages sent and waiting, kept for 30 days."""
    with api_context(request).store.read() as connection:
        found = messages_of_webhook(connection, number, limit=limit)
    return json_response(request, WebhookMessageList(messages=[WebhookMessage.model_validate(one) for one in found]))


@router.post(
    "/webhooks/{number}/replay",
    response_model=ReplayResult,
    status_code=202,
    summary="Send messages again",
    operation_id="replayWebhook",
    responses=WEBHOOK_NOT_FOUND,
)
def post_webhook_replay(request: Request, number: WebhookNumber, question: ReplayRequest) -> ReplayResult:
    """Send again one message, or all made since a time, under the same `webhook-id`."""
    if (question.message_id is None) == (question.since is None):
        raise BadInput("give either message_id or since")
    with api_context(request).store.write() as connection:
        now = database_time(connection)
        since = None if question.since is None else _moment(question.since, now=now)
        count = replay_messages(connection, number, message_id=question.message_id, since=since, now=now)
    return ReplayResult(messages=count)


def _moment(value: str, *, now: datetime) -> datetime:
    try:
        return parse_time(value, now=now).astimezone(UTC)
    except ValueError as error:
        raise BadInput(f"since: {error}") from error

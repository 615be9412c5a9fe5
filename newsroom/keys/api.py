"""/v1/keys: who may ask, and for how much."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.key_cache import KeyCache
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import ApiModel
from onestory.store.access.api_keys import MAX_KEY_NAME, KeyScope, add_key, list_keys, revoke_key_unless_last

__all__ = ["KeyNumber", "router"]

router = APIRouter(prefix="/v1", tags=["keys"], dependencies=[REQUIRE_ADMIN])

KeyNumber = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, examples=[2])]
KEY_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such key."}}


class Key(ApiModel):
    """A key, without itself."""

    id: Annotated[int, Field(examples=[2])]
    name: Annotated[str, Field(description="Who or what uses it.", examples=["news desk"])]
    scope: Annotated[KeyScope, Field(description="Each includes those before it.")]
    begins: Annotated[
        str, Field(description="How it begins; empty for the one of the environment.", examples=["onestory_1f0c93ab"])
    ]
    is_given: Annotated[bool, Field(description="Whether ONESTORY_ADMIN_KEY gave it.")]
    created: datetime
    last_used: Annotated[datetime | None, Field(description="Give or take five minutes.")]
    revoked: Annotated[datetime | None, Field(description="Since when it is good for nothing.")]


class NewKey(Key):
    key: Annotated[str, Field(description="Shown this once.", examples=["onestory_1f0c93ab_" + 48 * "0"])]


class KeyList(ApiModel):
    keys: list[Key]


class KeyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_KEY_NAME, examples=["news desk"])]
    scope: Annotated[KeyScope, Field(description="read, edit (with decisions and watches), or admin.")]


@router.get("/keys", response_model=KeyList, summary="List keys", operation_id="listKeys")
def get_keys(request: Request) -> Response:
    """All of them, also those that were revoked; none is shown itself."""
    with api_context(request).store.read() as connection:
        found = list_keys(connection)
    return json_response(request, KeyList(keys=[Key.model_validate(one) for one in found]))


@router.post("/keys", response_model=NewKey, status_code=201, summary="Add a key", operation_id="addKey")
def post_key(request: Request, response: Response, question: KeyRequest) -> NewKey:
    """The answer has the key, this once: only a digest of it is kept."""
    desk = api_context(request)
    with desk.store.write() as connection:
        made = add_key(connection, question.name, question.scope, now=desk.clock())
    response.headers["Cache-Control"] = "no-store"
    return NewKey(**Key.model_validate(made.record).model_dump(), key=made.secret)


@router.delete(
    "/keys/{number}",
    status_code=204,
    summary="Revoke a key",
    operation_id="revokeKey",
    responses={**KEY_NOT_FOUND, 422: {"description": "It is the last admin key."}},
)
def delete_key(request: Request, number: KeyNumber) -> None:
    """For good, with the sessions that began with it. The last admin key stays."""
    desk = api_context(request)
    with desk.store.write() as connection:
        revoke_key_unless_last(connection, number, now=desk.clock())
    keyring: KeyCache = request.app.state.keyring
    keyring.forget()

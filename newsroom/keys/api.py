"""API of keys: /v1/keys."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, computed_field

from onestory.newsroom.access.key_cache import KeyCache
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.schemas import DEPRECATED, ApiModel
from onestory.store.access.api_keys import MAX_KEY_NAME, KeyScope, add_key, list_keys, revoke_key_unless_last

__all__ = ["KeyNumber", "router"]

router = APIRouter(prefix="/v1", tags=["keys"], dependencies=[REQUIRE_ADMIN])

KeyNumber = Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, examples=[2])]
KEY_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such key."}}


class Key(ApiModel):
    """A key without its secret."""

    id: Annotated[int, Field(examples=[2])]
    name: Annotated[str, Field(description="Name (person or program).", examples=["news desk"])]
    scope: Annotated[KeyScope, Field(description="Each scope includes those before it.")]
    prefix: Annotated[
        str,
        Field(
            description="The visible prefix; empty for the key from the environment.", examples=["onestory_1f0c93ab"]
        ),
    ]
    from_environment: Annotated[bool, Field(description="Whether the key comes from ONESTORY_ADMIN_KEY.")]
    created: datetime
    last_used: Annotated[datetime | None, Field(description="To within five minutes.")]
    revoked: Annotated[datetime | None, Field(description="When the key was revoked.")]

    @computed_field(  # type: ignore[prop-decorator]
        description="The former name of `prefix`.", json_schema_extra=DEPRECATED, examples=["onestory_1f0c93ab"]
    )
    @property
    def begins(self) -> str:
        return self.prefix

    @computed_field(  # type: ignore[prop-decorator]
        description="The former name of `from_environment`.", json_schema_extra=DEPRECATED, examples=[False]
    )
    @property
    def is_given(self) -> bool:
        return self.from_environment


class NewKey(Key):
    key: Annotated[str, Field(description="The key, shown only once.", examples=["onestory_1f0c93ab_" + 48 * "0"])]


class KeyList(ApiModel):
    keys: list[Key]


class KeyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_KEY_NAME, examples=["news desk"])]
    scope: Annotated[KeyScope, Field(description="read, edit (with decisions and watches), or admin.")]


@router.get("/keys", response_model=KeyList, responses=CSV_RESPONSE, summary="List keys", operation_id="listKeys")
def get_keys(request: Request, shown_as: ListFormat = None) -> Response:
    """All keys, including revoked ones, without their secrets."""
    with api_context(request).store.read() as connection:
        found = list_keys(connection)
    return list_response(request, KeyList(keys=[Key.model_validate(one) for one in found]), shown_as=shown_as)


@router.post("/keys", response_model=NewKey, status_code=201, summary="Add a key", operation_id="addKey")
def post_key(request: Request, response: Response, question: KeyRequest) -> NewKey:
    """The response contains the key, this once: the store keeps only a digest."""
    desk = api_context(request)
    with desk.store.write() as connection:
        made = add_key(connection, question.name, question.scope, now=desk.clock())
    response.headers["Cache-Control"] = "no-store"
    return NewKey(**asdict(made.record), key=made.secret)


@router.delete(
    "/keys/{number}",
    status_code=204,
    summary="Revoke a key",
    operation_id="revokeKey",
    responses={**KEY_NOT_FOUND, 422: {"description": "It is the last admin key."}},
)
def delete_key(request: Request, number: KeyNumber) -> None:
    """Revoke a key and its sessions for good. The last admin key cannot be revoked."""
    desk = api_context(request)
    with desk.store.write() as connection:
        revoke_key_unless_last(connection, number, now=desk.clock())
    keyring: KeyCache = request.app.state.keyring
    keyring.forget()

"""/v1/keys: who may ask, and for how much."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from newsroom.api.answers import json_answer
from newsroom.api.callers import ADMIN
from newsroom.api.desk import desk_of
from newsroom.api.keyring import Keyring
from newsroom.api.shapes import Shape
from store.keys import MOST_NAME, KeyScope, add_key, list_keys, revoke_spare_key

__all__ = ["KeyNumber", "router"]

router = APIRouter(prefix="/v1", tags=["keys"], dependencies=[ADMIN])

KeyNumber = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[2])]
NONE_SUCH: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such key."}}


class Key(Shape):
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


class KeyList(Shape):
    keys: list[Key]


class KeyQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME, examples=["news desk"])]
    scope: Annotated[KeyScope, Field(description="read, edit (with decisions and watches), or admin.")]


@router.get("/keys", response_model=KeyList, summary="List keys", operation_id="listKeys")
def list_them(request: Request) -> Response:
    """All of them, also those that were revoked; none is shown itself."""
    with desk_of(request).store.read() as connection:
        found = list_keys(connection)
    return json_answer(request, KeyList(keys=[Key.model_validate(one) for one in found]))


@router.post("/keys", response_model=NewKey, status_code=201, summary="Add a key", operation_id="addKey")
def add_one(request: Request, response: Response, question: KeyQuestion) -> NewKey:
    """The answer has the key, this once: only a digest of it is kept."""
    desk = desk_of(request)
    with desk.store.write() as connection:
        made = add_key(connection, question.name, question.scope, now=desk.clock())
    response.headers["Cache-Control"] = "no-store"
    return NewKey(**Key.model_validate(made.record).model_dump(), key=made.secret)


@router.delete(
    "/keys/{number}",
    status_code=204,
    summary="Revoke a key",
    operation_id="revokeKey",
    responses={**NONE_SUCH, 422: {"description": "It is the last admin key."}},
)
def revoke_one(request: Request, number: KeyNumber) -> None:
    """For good, with the sessions that began with it. The last admin key stays."""
    desk = desk_of(request)
    with desk.store.write() as connection:
        revoke_spare_key(connection, number, now=desk.clock())
    keyring: Keyring = request.app.state.keyring
    keyring.forget()

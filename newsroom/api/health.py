"""GET /livez and /readyz: for whoever watches the process, and whoever sends it traffic."""

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text

from newsroom.api.answers import json_answer
from newsroom.api.callers import ANYONE
from newsroom.api.desk import desk_of
from newsroom.api.problems import Problem
from newsroom.api.shapes import Readiness
from store.database import Store
from store.errors import OnestoryError

__all__ = ["router"]

router = APIRouter(tags=["health"], dependencies=[ANYONE])

PATIENCE_SECONDS = 5


@router.get("/livez", response_class=PlainTextResponse, summary="Does the process answer", operation_id="isAlive")
async def is_alive() -> Response:
    """Asks nothing of anyone: when this fails, restart the process."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


@router.get(
    "/readyz",
    response_model=Readiness,
    summary="Do database and index answer",
    operation_id="isReady",
    responses={503: {"description": "The database or Redis does not answer; `checks` says which."}},
)
async def is_ready(request: Request) -> Response:
    """Ready while the index is being rebuilt, too: then lookups say so, and find exact copies only."""
    desk = desk_of(request)
    faults: dict[str, str] = {}
    whole = False
    try:
        await anyio.to_thread.run_sync(lambda: _ask(desk.store))
    except OnestoryError as error:
        faults["database"] = str(error)
    try:
        with anyio.fail_after(PATIENCE_SECONDS):
            whole = await desk.index_is_whole()
    except TimeoutError:
        faults["redis"] = f"no answer within {PATIENCE_SECONDS} s"
    except OnestoryError as error:
        # The index is compared with the database: one fault is told once.
        if error.reason not in ("database_unavailable", "home_unusable"):
            faults["redis"] = str(error)
    if faults:
        detail = "; ".join(f"{name}: {why}" for name, why in faults.items())
        return Problem(503, "not_ready", detail, {"checks": faults}).response(request.url.path)
    state = Readiness(status="ready", database="ok", redis="ok", index="ready" if whole else "rebuilding")
    return json_answer(request, state, headers={"Cache-Control": "no-store"})


def _ask(store: Store) -> None:
    with store.read() as connection:
        connection.execute(text("SELECT 1"))

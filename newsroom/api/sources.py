"""GET /v1/sources."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from newsroom.api.answers import json_answer
from newsroom.api.desk import desk_of
from newsroom.api.shapes import Source, SourceList
from store.source_records import source_records

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["sources"])


@router.get("/sources", response_model=SourceList, summary="List what is polled", operation_id="listSources")
def list_sources(request: Request) -> Response:
    """All sources with their state, the worst first; `why` says in plain words what is wrong."""
    with desk_of(request).store.read() as connection:
        found = source_records(connection)
    return json_answer(request, SourceList(sources=[Source.model_validate(one) for one in found]))

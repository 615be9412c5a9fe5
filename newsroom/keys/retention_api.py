"""API of the retention: how long events, removed lines, earlier texts, WARC files and old pages are kept."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_ADMIN
from onestory.newsroom.http.responses import uncached_json
from onestory.store.settings import MAX_RETENTION_DAYS, Retention, read_retention, write_retention

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["settings"], dependencies=[REQUIRE_ADMIN])

DEFAULT = Retention()
Days = Annotated[int, Field(ge=1, le=MAX_RETENTION_DAYS, examples=[30])]


class RetentionSettings(BaseModel):
    """Days for which data besides articles and stories is kept."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    events_days: Annotated[Days, Field(description="Events, and messages of webhooks.")]
    removed_lines_days: Annotated[Days, Field(description="Lines removed from pages as clutter.")]
    earlier_texts_days: Annotated[
        Days | None, Field(description="Texts of versions that are no longer in force; null keeps them for good.")
    ] = None
    warcs_days: Annotated[
        Days | None, Field(description="WARC files of ONESTORY_WARC_DIR; null keeps them for good.")
    ] = None
    pages_days: Annotated[
        Days,
        Field(description="URLs that a crawl has visited, will not visit again, and finds in no listing any more."),
    ] = DEFAULT.pages_days


@router.get(
    "/settings/retention", response_model=RetentionSettings, summary="Get the retention", operation_id="getRetention"
)
def get_retention(request: Request) -> Response:
    """How long things are kept. Articles and stories are kept until they are taken down."""
    with api_context(request).store.read() as connection:
        return uncached_json(RetentionSettings.model_validate(read_retention(connection)))


@router.put(
    "/settings/retention", response_model=RetentionSettings, summary="Set the retention", operation_id="setRetention"
)
def put_retention(request: Request, wanted: RetentionSettings) -> Response:
    """Set all of them; what ONESTORY_RETENTION names is set by it. Older data is deleted within the hour."""
    with api_context(request).store.write() as connection:
        write_retention(connection, Retention(**wanted.model_dump()))
    return uncached_json(wanted)

"""GET /v1/desk: what happened since a time, and which stories ask to be acted on; as the front page shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_TIME, ApiModel, Story
from onestory.pipelines.versions.freshness import FreshnessCache, OutdatedCopies
from onestory.store.stories.front_page import StoryChange, activity_since, changed_stories, resolve_stories
from onestory.store.stories.records import StoryRecord
from onestory.times import TIME_FORMS, parse_time

__all__ = ["MAX_ACTION_CANDIDATES", "MAX_CHANGED_STORIES", "ActionItem", "action_items_since", "router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])

MAX_ACTION_ITEMS = 6
# How many changed originals are looked at for those.
MAX_ACTION_CANDIDATES = 24
MAX_CHANGED_STORIES = 100


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A story whose original changed, and who runs the old text."""

    story: StoryRecord
    at: datetime
    outdated: OutdatedCopies


def action_items_since(connection: Connection, standings: FreshnessCache, since: datetime) -> list[ActionItem]:
    """Stories whose original changed while ours, or most of the others, run the old text; what is ours first."""
    changes = [one for one in changed_stories(connection, since=since, limit=MAX_CHANGED_STORIES) if one.is_original]
    by_story: dict[str, StoryChange] = {}
    records = resolve_stories(connection, {one.story_id for one in changes[:MAX_ACTION_CANDIDATES]})
    for one in changes[:MAX_ACTION_CANDIDATES]:
        if one.story_id in records:
            by_story.setdefault(records[one.story_id].id, one)
    stories = {record.id: record for record in records.values()}
    found = [
        ActionItem(stories[home], one.at, standings.of(connection, stories[home])) for home, one in by_story.items()
    ]
    asking = [act for act in found if act.outdated.needs_action]
    return sorted(asking, key=lambda act: (act.outdated.old_ours == 0, -act.outdated.old_outlets))[:MAX_ACTION_ITEMS]


class DeskCounts(ApiModel):
    """Counts of stories, and of the sources that are missed now."""

    wide: Annotated[int, Field(description="With a new copy, in three or more outlets.", examples=[12])]
    corrected: Annotated[int, Field(examples=[3])]
    withdrawn: Annotated[int, Field(examples=[1])]
    silent: Annotated[int, Field(examples=[2])]
    blocked: Annotated[int, Field(examples=[0])]


class StoryActionItem(ApiModel):
    story: Story
    at: Annotated[datetime, Field(description="When the original changed last.", examples=[EXAMPLE_TIME])]
    reason: Annotated[Literal["changed", "withdrawn"], Field(examples=["changed"])]
    old_outlets: Annotated[int, Field(description="Outlets that run the old text.", examples=[14])]
    old_ours: Annotated[int, Field(description="Of these, ours.", examples=[2])]


class DeskSummary(ApiModel):
    since: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    happened: DeskCounts
    acts: Annotated[list[StoryActionItem], Field(description=f"At most {MAX_ACTION_ITEMS}; what is ours first.")]


@router.get(
    "/desk", response_model=DeskSummary, summary="What happened since, and what to act on", operation_id="getDesk"
)
def get_desk(
    request: Request,
    since: Annotated[str, Query(max_length=40, description=TIME_FORMS, examples=["2026-11-23T20:00Z"])] = "24h",
) -> Response:
    """As the front page begins. `/v1/stories/{id}/standing` tells copy by copy who runs the old text of a story."""
    desk = api_context(request)
    try:
        moment = parse_time(since, now=desk.clock())
    except ValueError as error:
        raise BadInput(f"since: {error}") from error
    with desk.store.read() as connection:
        happened = activity_since(connection, moment)
        acts = action_items_since(connection, request.app.state.remembered.standings, moment)
    told = [
        StoryActionItem(
            story=Story.model_validate(act.story),
            at=act.at,
            reason="withdrawn" if act.outdated.reason == "withdrawn" else "changed",
            old_outlets=act.outdated.old_outlets,
            old_ours=act.outdated.old_ours,
        )
        for act in acts
    ]
    return json_response(request, DeskSummary(since=moment, happened=DeskCounts.model_validate(happened), acts=told))

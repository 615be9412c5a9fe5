"""GET /v1/desk: recent activity and stories that need action, as on the front page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, computed_field
from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import DEPRECATED, EXAMPLE_TIME, ApiModel, Story
from onestory.pipelines.versions.freshness import FreshnessCache, OutdatedCopies
from onestory.store.stories.front_page import (
    ActivitySummary,
    StoryChange,
    activity_since,
    changed_stories,
    resolve_stories,
)
from onestory.store.stories.records import StoryRecord
from onestory.times import TIME_FORMS, parse_time

__all__ = ["MAX_ACTION_CANDIDATES", "MAX_CHANGED_STORIES", "ActionItem", "action_items_since", "router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])

MAX_ACTION_ITEMS = 6
# Corrected originals considered for the list.
MAX_ACTION_CANDIDATES = 24
MAX_CHANGED_STORIES = 100


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A story whose original changed, with the outlets that run the old text."""

    story: StoryRecord
    at: datetime
    outdated: OutdatedCopies


def action_items_since(connection: Connection, standings: FreshnessCache, since: datetime) -> list[ActionItem]:
    """Stories whose original changed while your own outlets, or most others, run the old text. Your own come first."""
    changes = [one for one in changed_stories(connection, since=since, limit=MAX_CHANGED_STORIES) if one.is_original]
    by_story: dict[str, StoryChange] = {}
    records = resolve_stories(connection, {one.story_id for one in changes[:MAX_ACTION_CANDIDATES]})
    for one in changes[:MAX_ACTION_CANDIDATES]:
        if one.story_id in records:
            by_story.setdefault(records[one.story_id].id, one)
    stories = {record.id: record for record in records.values()}
    outdated = standings.of_all(connection, [stories[home] for home in by_story])
    found = [ActionItem(stories[home], one.at, outdated[home]) for home, one in by_story.items()]
    asking = [act for act in found if act.outdated.needs_action]
    return sorted(asking, key=lambda act: (act.outdated.old_ours == 0, -act.outdated.old_outlets))[:MAX_ACTION_ITEMS]


class DeskCounts(ApiModel):
    """Counts of stories, and of sources that bring nothing they should now."""

    widespread: Annotated[int, Field(description="With a new copy, in three or more outlets.", examples=[12])]
    corrected: Annotated[int, Field(examples=[3])]
    withdrawn: Annotated[int, Field(examples=[1])]
    silent: Annotated[int, Field(description="Sources that respond with nothing new.", examples=[2])]
    blocked: Annotated[int, Field(examples=[0])]
    failing: Annotated[
        int,
        Field(
            description="All sources that bring nothing they should, silent and blocked ones included.", examples=[3]
        ),
    ]
    sources: Annotated[int, Field(description="Enabled sources that were polled.", examples=[70])]
    most_sources_fail: Annotated[
        bool, Field(description="Most sources fail at once: the network or this server may be at fault.")
    ]

    @computed_field(  # type: ignore[prop-decorator]
        description="The former name of `widespread`.", json_schema_extra=DEPRECATED, examples=[12]
    )
    @property
    def wide(self) -> int:
        return self.widespread


class StoryActionItem(ApiModel):
    story: Story
    at: Annotated[datetime, Field(description="The latest change of the original.", examples=[EXAMPLE_TIME])]
    reason: Annotated[Literal["changed", "withdrawn"], Field(examples=["changed"])]
    old_outlets: Annotated[int, Field(description="Outlets that run the old text.", examples=[14])]
    old_ours: Annotated[int, Field(description="Those of them that are yours.", examples=[2])]


class DeskSummary(ApiModel):
    since: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    happened: DeskCounts
    actions: Annotated[list[StoryActionItem], Field(description=f"At most {MAX_ACTION_ITEMS}, your own outlets first.")]

    @computed_field(  # type: ignore[prop-decorator]
        description="The former name of `actions`.", json_schema_extra=DEPRECATED
    )
    @property
    def acts(self) -> list[StoryActionItem]:
        return self.actions


@router.get(
    "/desk",
    response_model=DeskSummary,
    summary="Summarize activity, and list stories that need action",
    operation_id="getDesk",
)
def get_desk(
    request: Request,
    since: Annotated[str, Query(max_length=40, description=TIME_FORMS, examples=["2026-11-23T20:00Z"])] = "24h",
) -> Response:
    """The summary at the top of the front page. `/v1/stories/{id}/standing` lists which copies of a story run the old
    text.
    """
    desk = api_context(request)
    try:
        moment = parse_time(since, now=desk.clock())
    except ValueError as error:
        raise BadInput(f"since: {error}") from error
    with desk.store.read() as connection:
        happened = activity_since(connection, moment)
        acts = action_items_since(connection, request.app.state.remembered.standings, moment)
    result = [
        StoryActionItem(
            story=Story.model_validate(act.story),
            at=act.at,
            reason="withdrawn" if act.outdated.reason == "withdrawn" else "changed",
            old_outlets=act.outdated.old_outlets,
            old_ours=act.outdated.old_ours,
        )
        for act in acts
    ]
    return json_response(request, DeskSummary(since=moment, happened=_counts(happened), actions=result))


def _counts(happened: ActivitySummary) -> DeskCounts:
    found = happened.sources
    return DeskCounts(
        widespread=happened.widespread,
        corrected=happened.corrected,
        withdrawn=happened.withdrawn,
        silent=found.by_status.get("silent", 0),
        blocked=found.by_status.get("blocked", 0),
        failing=found.total,
        sources=found.polled,
        most_sources_fail=found.is_alarm,
    )

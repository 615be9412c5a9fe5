"""GET /v1/desk: what happened since a time, and which stories ask to be acted on; as the front page shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection

from newsroom.api.answers import json_answer
from newsroom.api.callers import READ
from newsroom.api.desk import desk_of
from newsroom.api.moments import MOMENT, read_moment
from newsroom.api.shapes import TIME, Shape, Story
from store.desk import StoryChange, changed_stories, happened_since, live_stories
from store.errors import BadInput
from store.records import StoryRecord

__all__ = ["MOST_CANDIDATES", "MOST_CHANGED", "Act", "acts_since", "router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[READ])

MOST_ACTS = 6
# How many changed originals are looked at for those.
MOST_CANDIDATES = 24
MOST_CHANGED = 100


class Outdated(Protocol):
    """Who runs what the original of a story has taken back: `newsroom.web.standings.Outdated`."""

    @property
    def reason(self) -> str: ...
    @property
    def old_outlets(self) -> int: ...
    @property
    def old_ours(self) -> int: ...
    @property
    def asks_to_act(self) -> bool: ...


class Standings(Protocol):
    def of(self, connection: Connection, story: StoryRecord) -> Outdated: ...


@dataclass(frozen=True, slots=True)
class Act:
    """A story whose original changed, and who runs the old text."""

    story: StoryRecord
    at: datetime
    outdated: Outdated


def acts_since(connection: Connection, standings: Standings, since: datetime) -> list[Act]:
    """Stories whose original changed while ours, or most of the others, run the old text; what is ours first."""
    changes = [one for one in changed_stories(connection, since=since, limit=MOST_CHANGED) if one.is_original]
    by_story: dict[str, StoryChange] = {}
    records = live_stories(connection, {one.story_id for one in changes[:MOST_CANDIDATES]})
    for one in changes[:MOST_CANDIDATES]:
        if one.story_id in records:
            by_story.setdefault(records[one.story_id].id, one)
    stories = {record.id: record for record in records.values()}
    found = [Act(stories[home], one.at, standings.of(connection, stories[home])) for home, one in by_story.items()]
    asking = [act for act in found if act.outdated.asks_to_act]
    return sorted(asking, key=lambda act: (act.outdated.old_ours == 0, -act.outdated.old_outlets))[:MOST_ACTS]


class Happenings(Shape):
    """Counts of stories, and of the sources that are missed now."""

    wide: Annotated[int, Field(description="With a new copy, in three or more outlets.", examples=[12])]
    corrected: Annotated[int, Field(examples=[3])]
    withdrawn: Annotated[int, Field(examples=[1])]
    silent: Annotated[int, Field(examples=[2])]
    blocked: Annotated[int, Field(examples=[0])]


class StoryAct(Shape):
    story: Story
    at: Annotated[datetime, Field(description="When the original changed last.", examples=[TIME])]
    reason: Annotated[Literal["changed", "withdrawn"], Field(examples=["changed"])]
    old_outlets: Annotated[int, Field(description="Outlets that run the old text.", examples=[14])]
    old_ours: Annotated[int, Field(description="Of these, ours.", examples=[2])]


class DeskAnswer(Shape):
    since: Annotated[datetime, Field(examples=[TIME])]
    happened: Happenings
    acts: Annotated[list[StoryAct], Field(description=f"At most {MOST_ACTS}; what is ours first.")]


@router.get(
    "/desk", response_model=DeskAnswer, summary="What happened since, and what to act on", operation_id="getDesk"
)
def get_desk(
    request: Request,
    since: Annotated[str, Query(max_length=40, description=MOMENT, examples=["2026-11-23T20:00Z"])] = "24h",
) -> Response:
    """As the front page begins. `/v1/stories/{id}/standing` tells copy by copy who runs the old text of a story."""
    desk = desk_of(request)
    try:
        moment = read_moment(since, now=desk.clock())
    except ValueError as error:
        raise BadInput(f"since: {error}") from error
    with desk.store.read() as connection:
        happened = happened_since(connection, moment)
        acts = acts_since(connection, request.app.state.remembered.standings, moment)
    told = [
        StoryAct(
            story=Story.model_validate(act.story),
            at=act.at,
            reason="withdrawn" if act.outdated.reason == "withdrawn" else "changed",
            old_outlets=act.outdated.old_outlets,
            old_ours=act.outdated.old_ours,
        )
        for act in acts
    ]
    return json_answer(request, DeskAnswer(since=moment, happened=Happenings.model_validate(happened), acts=told))

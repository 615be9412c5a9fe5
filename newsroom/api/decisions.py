"""What editors decide, by the API: merge, split, pin, undo, and the log of it."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from newsroom.api.answers import json_answer
from newsroom.api.callers import EDIT, READ, caller_of
from newsroom.api.decision_shapes import Decided, Decision, DecisionList
from newsroom.api.desk import desk_of
from newsroom.api.stories import StoryId, checked_id
from pipelines import decide
from pipelines.decide import Word
from store.decisions import decision_log
from store.errors import BadInput
from store.records import copies, story
from store.stories import stories_of_articles

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["decisions"], dependencies=[READ])

UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
MOST_ARTICLES = 1_000
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such story, article or decision."}}


def _one_line(value: str) -> str:
    """No database takes a NUL, or half of a surrogate pair. Raises ValueError for what is empty then."""
    if not (said := UNSTORABLE.sub(" ", value).strip()):
        raise ValueError("says nothing")
    return said


Who = Annotated[
    str,
    AfterValidator(_one_line),
    Field(
        max_length=100,
        description="Who decides. The log keeps it, and the name of your key.",
        examples=["Ada"],
    ),
]
Why = Annotated[
    str, AfterValidator(_one_line), Field(max_length=500, description="For the log.", examples=["the same ferry"])
]
Named = Annotated[
    str,
    AfterValidator(_one_line),
    Field(
        max_length=2048, description="An id, or the URL of a copy.", examples=["https://www.harbourpost.example/ferry"]
    ),
]


class MergeOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    other: Named
    who: Who
    why: Why


class SplitOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    articles: Annotated[
        list[Named], Field(min_length=1, max_length=MOST_ARTICLES, description="The copies that leave the story.")
    ]
    who: Who
    why: Why


class PinOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    article: Named
    who: Who
    why: Why


class UndoOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Who


def _word(request: Request, who: str, why: str) -> Word:
    return Word(caller_of(request).signs_as(who), why, desk_of(request).clock())


def _told(decided: decide.Decided) -> Response:
    body = Decided.model_validate(decided).model_dump_json()
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")


@router.post(
    "/stories/{story_id}/merge",
    response_model=Decided,
    summary="Two stories are one",
    operation_id="mergeStories",
    dependencies=[EDIT],
    responses=NOT_FOUND,
)
def merge_stories(request: Request, story_id: StoryId, order: MergeOrder) -> Response:
    """Holds in every evaluation to come, until it is undone. The older id stays, the other one leads to it."""
    desk = desk_of(request)
    checked = checked_id(story_id, of="story")
    return _told(decide.merge(desk.store, [checked, order.other], _word(request, order.who, order.why)))


@router.post(
    "/stories/{story_id}/split",
    response_model=Decided,
    summary="Copies leave their story",
    operation_id="splitStory",
    dependencies=[EDIT],
    responses=NOT_FOUND,
)
def split_story(request: Request, story_id: StoryId, order: SplitOrder) -> Response:
    """They become one story of their own. All of them must stand in this one."""
    desk = desk_of(request)
    _check_members(request, story_id, order.articles)
    return _told(decide.split(desk.store, order.articles, _word(request, order.who, order.why)))


@router.post(
    "/stories/{story_id}/pin",
    response_model=Decided,
    summary="A copy is the original",
    operation_id="pinOriginal",
    dependencies=[EDIT],
    responses=NOT_FOUND,
)
def pin_original(request: Request, story_id: StoryId, order: PinOrder) -> Response:
    """Whatever times and credits say. The last pin of a story counts."""
    desk = desk_of(request)
    _check_members(request, story_id, [order.article])
    return _told(decide.pin(desk.store, order.article, _word(request, order.who, order.why)))


def _check_members(request: Request, story_id: str, names: list[str]) -> None:
    """Raises BadInput for an article that stands in another story, NotFound, TakenDown."""
    with desk_of(request).store.read() as connection:
        home = story(connection, checked_id(story_id, of="story")).id
        for name in names:
            [own] = stories_of_articles(connection, [decide.article_named(connection, name)]).values()
            if own != home:
                raise BadInput(f"{name[:200]} is no copy of this story: it stands in {own}")


@router.post(
    "/decisions/{number}/undo",
    response_model=Decided,
    summary="Undo a decision",
    operation_id="undoDecision",
    dependencies=[EDIT],
    responses=NOT_FOUND,
)
def undo_decision(
    request: Request,
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of a decision.", examples=[7])],
    order: UndoOrder,
) -> Response:
    """It holds no longer; the log keeps it, and who undid it. What is undone already is refused."""
    desk = desk_of(request)
    return _told(decide.undo(desk.store, number, _word(request, order.who, "")))


@router.get(
    "/decisions",
    response_model=DecisionList,
    summary="What was decided",
    operation_id="listDecisions",
    responses=NOT_FOUND,
)
def list_decisions(
    request: Request,
    story_id: Annotated[
        str | None,
        Query(alias="story", description="Only on copies of this story.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"]),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.", examples=[100])] = 100,
) -> Response:
    """The newest first; those that were undone, too."""
    with desk_of(request).store.read() as connection:
        named = None
        if story_id is not None:
            named = [copy.id for copy in copies(connection, story(connection, checked_id(story_id, of="story")).id)]
        found = decision_log(connection, named, limit=limit)
    told = [Decision.model_validate(one) for one in found]
    return json_answer(request, DecisionList(decisions=told))

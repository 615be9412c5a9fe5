"""Decisions as the API shows them."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, StoryId, validate_id
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, caller_of
from onestory.newsroom.http.responses import json_response, uncached_json
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel
from onestory.pipelines.stories import decisions
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.store.editorial.decisions import decision_records
from onestory.store.stories.components import stories_of_articles
from onestory.store.stories.records import copies_of_story, load_story
from onestory.store.stories.references import article_named

__all__ = ["Decision", "DecisionList", "DecisionOutcome", "router"]


class DecisionOutcome(ApiModel):
    number: Annotated[int, Field(description="By which it can be undone.", examples=[7])]
    stories: Annotated[
        list[str], Field(description="Where the articles that it names stand now.", examples=[[EXAMPLE_ID]])
    ]


class Decision(ApiModel):
    """An editor's word. It holds in every evaluation until it is undone."""

    id: Annotated[int, Field(examples=[7])]
    kind: Annotated[
        str,
        Field(
            description="together: these are one story; split: these leave it; original: this one is it.",
            examples=["split"],
        ),
    ]
    who: Annotated[str, Field(examples=["Ada"])]
    why: Annotated[str, Field(examples=["another ferry"])]
    decided: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    undone: Annotated[datetime | None, Field(description="Since when it holds no longer.", examples=[None])]
    undone_by: Annotated[str | None, Field(examples=[None])]
    articles: Annotated[list[str], Field(description="What it names.", examples=[[EXAMPLE_ID]])]
    against: Annotated[list[str], Field(description="Of a split, the copies that stayed.", examples=[[EXAMPLE_ID]])]


class DecisionList(ApiModel):
    decisions: Annotated[list[Decision], Field(description="The newest first.")]


router = APIRouter(prefix="/v1", tags=["decisions"], dependencies=[REQUIRE_READ])


UNSTORABLE_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")

MAX_SPLIT_ARTICLES = 1_000

DECISION_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such story, article or decision."}
}


def _one_line(value: str) -> str:
    """No database takes a NUL, or half of a surrogate pair. Raises ValueError for what is empty then."""
    if not (said := UNSTORABLE_CHARACTERS.sub(" ", value).strip()):
        raise ValueError("says nothing")
    return said


DeciderName = Annotated[
    str,
    AfterValidator(_one_line),
    Field(
        max_length=100,
        description="Who decides. The log keeps it, and the name of your key.",
        examples=["Ada"],
    ),
]

DecisionReason = Annotated[
    str, AfterValidator(_one_line), Field(max_length=500, description="For the log.", examples=["the same ferry"])
]

ArticleReference = Annotated[
    str,
    AfterValidator(_one_line),
    Field(
        max_length=2048, description="An id, or the URL of a copy.", examples=["https://www.harbourpost.example/ferry"]
    ),
]


class MergeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    other: ArticleReference
    who: DeciderName
    why: DecisionReason


class SplitRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    articles: Annotated[
        list[ArticleReference],
        Field(min_length=1, max_length=MAX_SPLIT_ARTICLES, description="The copies that leave the story."),
    ]
    who: DeciderName
    why: DecisionReason


class PinRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    article: ArticleReference
    who: DeciderName
    why: DecisionReason


class UndoRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    who: DeciderName


def _word(request: Request, who: str, why: str) -> DecisionNote:
    return DecisionNote(caller_of(request).signature_for(who), why, api_context(request).clock())


def _told(decided: decisions.DecisionResult) -> Response:
    return uncached_json(DecisionOutcome.model_validate(decided))


@router.post(
    "/stories/{story_id}/merge",
    response_model=DecisionOutcome,
    summary="Two stories are one",
    operation_id="mergeStories",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_merge(request: Request, story_id: StoryId, order: MergeRequest) -> Response:
    """Holds in every evaluation to come, until it is undone. The older id stays, the other one leads to it."""
    desk = api_context(request)
    checked = validate_id(story_id, of="story")
    return _told(decisions.merge_stories(desk.store, [checked, order.other], _word(request, order.who, order.why)))


@router.post(
    "/stories/{story_id}/split",
    response_model=DecisionOutcome,
    summary="Copies leave their story",
    operation_id="splitStory",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_split(request: Request, story_id: StoryId, order: SplitRequest) -> Response:
    """They become one story of their own. All of them must stand in this one."""
    desk = api_context(request)
    _check_members(request, story_id, order.articles)
    return _told(decisions.split_story(desk.store, order.articles, _word(request, order.who, order.why)))


@router.post(
    "/stories/{story_id}/pin",
    response_model=DecisionOutcome,
    summary="A copy is the original",
    operation_id="pinOriginal",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_pin(request: Request, story_id: StoryId, order: PinRequest) -> Response:
    """Whatever times and credits say. The last pin of a story counts."""
    desk = api_context(request)
    _check_members(request, story_id, [order.article])
    return _told(decisions.pin_original(desk.store, order.article, _word(request, order.who, order.why)))


def _check_members(request: Request, story_id: str, names: list[str]) -> None:
    """Raises BadInput for an article that stands in another story, NotFound, TakenDown."""
    with api_context(request).store.read() as connection:
        home = load_story(connection, validate_id(story_id, of="story")).id
        for name in names:
            [own] = stories_of_articles(connection, [article_named(connection, name)]).values()
            if own != home:
                raise BadInput(f"{name[:200]} is no copy of this story: it stands in {own}")


@router.post(
    "/decisions/{number}/undo",
    response_model=DecisionOutcome,
    summary="Undo a decision",
    operation_id="undoDecision",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_undo(
    request: Request,
    number: Annotated[int, Path(ge=1, le=MAX_DATABASE_ID, description="The number of a decision.", examples=[7])],
    order: UndoRequest,
) -> Response:
    """It holds no longer; the log keeps it, and who undid it. What is undone already is refused."""
    desk = api_context(request)
    return _told(decisions.undo_decision(desk.store, number, _word(request, order.who, "")))


@router.get(
    "/decisions",
    response_model=DecisionList,
    summary="What was decided",
    operation_id="listDecisions",
    responses=DECISION_NOT_FOUND,
)
def get_decisions(
    request: Request,
    story_id: Annotated[
        str | None,
        Query(alias="story", description="Only on copies of this story.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"]),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.", examples=[100])] = 100,
) -> Response:
    """The newest first; those that were undone, too."""
    with api_context(request).store.read() as connection:
        named = None
        if story_id is not None:
            named = [
                copy.id
                for copy in copies_of_story(connection, load_story(connection, validate_id(story_id, of="story")).id)
            ]
        found = decision_records(connection, named, limit=limit)
    told = [Decision.model_validate(one) for one in found]
    return json_response(request, DecisionList(decisions=told))

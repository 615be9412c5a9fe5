"""API of editorial decisions."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from onestory.errors import BadInput
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, StoryId, validate_id
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, caller_of
from onestory.newsroom.http.responses import uncached_json
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel
from onestory.pipelines.stories import decisions
from onestory.pipelines.stories.decisions import APPLY, PREVIEW, DecisionMode, DecisionNote
from onestory.store.editorial.decisions import decision_records
from onestory.store.stories.components import stories_of_articles
from onestory.store.stories.records import copies_of_story, load_story
from onestory.store.stories.references import article_named

__all__ = ["Decision", "DecisionEffect", "DecisionList", "DecisionOutcome", "router"]


class StoryBeforeDecision(ApiModel):
    id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    original: Annotated[str, Field(description="The id of an article.", examples=[EXAMPLE_ID])]
    copies: Annotated[int, Field(description="The number of copies.", examples=[5])]


class CopyAfterDecision(ApiModel):
    article_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    title: Annotated[str | None, Field(examples=["Bridge shuts for repairs"])]
    story_before: Annotated[str, Field(description="The story it was in before.", examples=[EXAMPLE_ID])]


class StoryAfterDecision(ApiModel):
    id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    original: Annotated[str, Field(description="The id of an article.", examples=[EXAMPLE_ID])]
    copies: Annotated[list[CopyAfterDecision], Field(description="All its copies, in the order they were seen.")]


class DecisionEffect(ApiModel):
    """Every story that the decision touches, before and after it."""

    before: list[StoryBeforeDecision]
    after: Annotated[list[StoryAfterDecision], Field(description="Most copies first.")]


class DecisionOutcome(ApiModel):
    number: Annotated[int | None, Field(description="Used to undo the decision; null for a preview.", examples=[7])]
    stories: Annotated[
        list[str], Field(description="The stories that the named articles belong to now.", examples=[[EXAMPLE_ID]])
    ]
    effect: DecisionEffect


class Decision(ApiModel):
    """An editorial decision. It holds in every evaluation until it is undone."""

    id: Annotated[int, Field(examples=[7])]
    kind: Annotated[
        str,
        Field(
            description="together: the articles are one story; split: they leave it; original: it is the original.",
            examples=["split"],
        ),
    ]
    who: Annotated[str, Field(examples=["Ada"])]
    why: Annotated[str, Field(examples=["another ferry"])]
    decided: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    undone: Annotated[datetime | None, Field(description="When the decision was undone.", examples=[None])]
    undone_by: Annotated[str | None, Field(examples=[None])]
    articles: Annotated[list[str], Field(description="The articles named by the decision.", examples=[[EXAMPLE_ID]])]
    against: Annotated[list[str], Field(description="For a split, the copies that stayed.", examples=[[EXAMPLE_ID]])]


class DecisionList(ApiModel):
    decisions: Annotated[list[Decision], Field(description="Newest first.")]


router = APIRouter(prefix="/v1", tags=["decisions"], dependencies=[REQUIRE_READ])


UNSTORABLE_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")

MAX_SPLIT_ARTICLES = 1_000

DECISION_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such story, article or decision."}
}


def _one_line(value: str) -> str:
    """The value on one line, without characters that no database stores. Raises ValueError if nothing is left."""
    if not (said := UNSTORABLE_CHARACTERS.sub(" ", value).strip()):
        raise ValueError("is empty")
    return said


DeciderName = Annotated[
    str,
    AfterValidator(_one_line),
    Field(
        max_length=100,
        description="Your name. The log keeps it with the name of your key.",
        examples=["Ada"],
    ),
]

DecisionReason = Annotated[
    str,
    AfterValidator(_one_line),
    Field(max_length=500, description="The reason, for the log.", examples=["the same ferry"]),
]

ArticleReference = Annotated[
    str,
    AfterValidator(_one_line),
    Field(
        max_length=2048,
        description="A story id, or the URL of a copy.",
        examples=["https://www.harbourpost.example/ferry"],
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
        Field(min_length=1, max_length=MAX_SPLIT_ARTICLES, description="The copies to split off."),
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


Preview = Annotated[
    bool, Query(description="Only return the effect; nothing is changed, and `number` is null.", examples=[True])
]


def _mode(preview: bool) -> DecisionMode:
    return PREVIEW if preview else APPLY


def _note(request: Request, who: str, why: str) -> DecisionNote:
    return DecisionNote(caller_of(request).signature_for(who), why, api_context(request).clock())


def _outcome_response(decided: decisions.DecisionResult) -> Response:
    return uncached_json(DecisionOutcome.model_validate(decided))


@router.post(
    "/stories/{story_id}/merge",
    response_model=DecisionOutcome,
    summary="Merge two stories",
    operation_id="mergeStories",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_merge(request: Request, story_id: StoryId, order: MergeRequest, preview: Preview = False) -> Response:
    """Merge two stories until the decision is undone. The older id stays, and the other one leads to it."""
    desk = api_context(request)
    checked = validate_id(story_id, of="story")
    return _outcome_response(
        decisions.merge_stories(
            desk.store, [checked, order.other], _note(request, order.who, order.why), _mode(preview)
        )
    )


@router.post(
    "/stories/{story_id}/split",
    response_model=DecisionOutcome,
    summary="Split copies off a story",
    operation_id="splitStory",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_split(request: Request, story_id: StoryId, order: SplitRequest, preview: Preview = False) -> Response:
    """Make the copies a story of their own; the others stay one story. All of them must belong to this story."""
    desk = api_context(request)
    _check_members(request, story_id, order.articles)
    return _outcome_response(
        decisions.split_story(desk.store, order.articles, _note(request, order.who, order.why), _mode(preview))
    )


@router.post(
    "/stories/{story_id}/pin",
    response_model=DecisionOutcome,
    summary="Mark a copy as the original",
    operation_id="pinOriginal",
    dependencies=[REQUIRE_EDIT],
    responses=DECISION_NOT_FOUND,
)
def post_pin(request: Request, story_id: StoryId, order: PinRequest, preview: Preview = False) -> Response:
    """Mark a copy as the original, whatever times and credits indicate. The latest decision of a story applies."""
    desk = api_context(request)
    _check_members(request, story_id, [order.article])
    return _outcome_response(
        decisions.pin_original(desk.store, order.article, _note(request, order.who, order.why), _mode(preview))
    )


def _check_members(request: Request, story_id: str, names: list[str]) -> None:
    """Check that all articles belong to the story. Raises BadInput, NotFound or TakenDown."""
    with api_context(request).store.read() as connection:
        home = load_story(connection, validate_id(story_id, of="story")).id
        for name in names:
            [own] = stories_of_articles(connection, [article_named(connection, name)]).values()
            if own != home:
                raise BadInput(f"{name[:200]} is not a copy of this story: it belongs to {own}")


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
    preview: Preview = False,
) -> Response:
    """Undo a decision. The log keeps it, with the author of the undo. A decision cannot be undone twice."""
    desk = api_context(request)
    return _outcome_response(decisions.undo_decision(desk.store, number, _note(request, order.who, ""), _mode(preview)))


@router.get(
    "/decisions",
    response_model=DecisionList,
    summary="List decisions",
    operation_id="listDecisions",
    responses=DECISION_NOT_FOUND | CSV_RESPONSE,
)
def get_decisions(
    request: Request,
    story_id: Annotated[
        str | None,
        Query(
            alias="story", description="Only decisions on copies of this story.", examples=["5f0c6b7a9d2e4c1b8a3f7e60"]
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Maximum number of results.", examples=[100])] = 100,
    shown_as: ListFormat = None,
) -> Response:
    """Decisions, newest first, including undone ones."""
    with api_context(request).store.read() as connection:
        named = None
        if story_id is not None:
            named = [
                copy.id
                for copy in copies_of_story(connection, load_story(connection, validate_id(story_id, of="story")).id)
            ]
        found = decision_records(connection, named, limit=limit)
    result = [Decision.model_validate(one) for one in found]
    return list_response(request, DecisionList(decisions=result), shown_as=shown_as)

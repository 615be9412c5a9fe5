"""The versions of an article, two texts compared, and who still runs what the original of a story has changed."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from newsroom.api.answers import json_answer
from newsroom.api.callers import READ
from newsroom.api.comparing_shapes import (
    Comparison,
    CopyStanding,
    Side,
    StoryStanding,
    Stretch,
    Version,
    VersionList,
    Withdrawal,
)
from newsroom.api.desk import desk_of
from newsroom.api.stories import StoryId, checked_id
from pipelines.changes import changes_of
from store.errors import NotFound
from store.history import version_records, withdrawals_of
from store.records import article, copies, story
from store.removed import lines_of
from store.story_copies import VersionText, our_outlets, version_texts

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[READ])

Number = Annotated[int, Query(ge=1, le=2**31 - 1, description="The number of a version.", examples=[17])]


@router.get(
    "/articles/{article_id}/versions",
    response_model=VersionList,
    summary="The texts that an article has had",
    operation_id="listVersions",
    responses={404: {"description": "There is no such article."}, 410: {"description": "It was taken down."}},
)
def list_versions(request: Request, article_id: StoryId) -> Response:
    """Each with what it changed of the one before, and when the article was not to be seen."""
    with desk_of(request).store.read() as connection:
        record = article(connection, checked_id(article_id, of="article"))
        versions = version_records(connection, record.copy.id)
        withdrawals = withdrawals_of(connection, record.copy.id)
    told = VersionList(
        versions=[Version.model_validate(one) for one in versions],
        withdrawals=[Withdrawal.model_validate(one) for one in withdrawals],
    )
    return json_answer(request, told)


@router.get(
    "/compare",
    response_model=Comparison,
    summary="Compare two texts word by word",
    operation_id="compareVersions",
    responses={404: {"description": "There is no such version."}},
)
def compare_versions(request: Request, a: Number, b: Number) -> Response:
    """Two versions of one article, or of two. A paragraph that only stands elsewhere is `moved`."""
    with desk_of(request).store.read() as connection:
        found = version_texts(connection, {a, b})
        for number in (a, b):
            if number not in found:
                raise NotFound(f"there is no version {number}")
        removed = lines_of(connection, {a, b})
    changes = changes_of(found[a].text, found[b].text)
    told = Comparison(
        a=_side(found[a], [one.line for one in removed.get(a, ())]),
        b=_side(found[b], [one.line for one in removed.get(b, ())]),
        kept=changes.kept,
        removed=changes.removed,
        added=changes.added,
        moved=changes.moved,
        stretches=[Stretch.model_validate(one) for one in changes.spans],
    )
    return json_answer(request, told)


def _side(version: VersionText, furniture: list[str]) -> Side:
    return Side.model_validate({**asdict(version), "furniture": furniture})


@router.get(
    "/stories/{story_id}/standing",
    response_model=StoryStanding,
    summary="Who still runs what the original has changed",
    operation_id="getStanding",
    responses={
        307: {"description": "The story was absorbed: Location names the one that it is now part of."},
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def get_standing(request: Request, story_id: StoryId) -> Response:
    """Copy by copy, ours first: the old text, the new one, or neither, as an excerpt of another passage has."""
    with desk_of(request).store.read() as connection:
        record = story(connection, checked_id(story_id, of="story"))
        outdated = request.app.state.remembered.standings.of(connection, record)
        members = copies(connection, record.id)
        ours = our_outlets(connection, {copy.outlet for copy in members})
    told = [
        CopyStanding(
            article_id=copy.id,
            outlet=copy.outlet,
            url=copy.url,
            ours=copy.outlet in ours,
            standing=outdated.standings[copy.id],
        )
        for copy in sorted(members, key=lambda copy: copy.outlet not in ours)
        if copy.id in outdated.standings
    ]
    answer = StoryStanding(
        reason=outdated.reason or None,
        outlets=outdated.outlets,
        old_outlets=outdated.old_outlets,
        old_ours=outdated.old_ours,
        copies=told,
    )
    return json_answer(request, answer)

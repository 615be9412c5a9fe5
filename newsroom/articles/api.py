"""Versions, comparisons and standings as the API shows them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from onestory.errors import NotFound
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, StoryId, validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel
from onestory.pipelines.versions.word_diff import word_diff
from onestory.store.articles.history import version_records, withdrawals_of
from onestory.store.boilerplate import removed_lines_of
from onestory.store.stories.copies import ComparableVersion, comparable_versions, own_outlets_among
from onestory.store.stories.records import copies_of_story, load_article, load_story

__all__ = [
    "ComparedVersion",
    "Comparison",
    "CopyFreshness",
    "DiffSpan",
    "StoryFreshness",
    "Version",
    "VersionChanges",
    "VersionList",
    "Withdrawal",
    "router",
]


Span = tuple[int, int]


class VersionChanges(ApiModel):
    """How much a version changed of the one before it, in words."""

    of: Annotated[int, Field(description="The number of the one before.", examples=[17])]
    title_changed: Annotated[bool, Field(examples=[False])]
    kept: Annotated[int, Field(examples=[133])]
    added: Annotated[int, Field(examples=[3])]
    removed: Annotated[int, Field(examples=[3])]
    moved: Annotated[int, Field(examples=[0])]


class Version(ApiModel):
    """A text that an article has had."""

    number: Annotated[int, Field(description="Which `/v1/compare` takes.", examples=[23])]
    observed: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    words: Annotated[int, Field(examples=[136])]
    content_digest: Annotated[str, Field(description="SHA-256 of title and text, in hex.", examples=["9f" * 32])]
    changes: Annotated[VersionChanges | None, Field(description="Null for the first.")]
    is_current: Annotated[bool, Field(examples=[True])]


class Withdrawal(ApiModel):
    """A time in which the article was not to be seen."""

    withdrawn: Annotated[datetime, Field(description="The first look that did not find it.", examples=[EXAMPLE_TIME])]
    confirmed: Annotated[datetime, Field(description="The look that settled it.", examples=[EXAMPLE_TIME])]
    reason: Annotated[str, Field(examples=["gone"])]
    http_status: Annotated[int | None, Field(examples=[410])]
    location: Annotated[str | None, Field(description="Where it led instead.", examples=[None])]
    returned: Annotated[datetime | None, Field(description="Null while it has not.", examples=[None])]


class VersionList(ApiModel):
    versions: Annotated[list[Version], Field(description="The first observed first.")]
    withdrawals: list[Withdrawal]


class ComparedVersion(ApiModel):
    """One of the two texts."""

    number: Annotated[int, Field(examples=[17])]
    article_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    story_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    language: Annotated[str, Field(examples=["en"])]
    observed: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    text: Annotated[str, Field(description="One paragraph a line.", examples=["The harbour bridge will close."])]
    is_current: Annotated[bool, Field(examples=[True])]
    furniture: Annotated[
        list[str],
        Field(description="Lines that were taken out of its page; kept for 30 days.", examples=[["Sign up for news"]]),
    ]


class DiffSpan(ApiModel):
    """Spans are in Unicode characters of the texts: from, up to; null where a text does not have it."""

    kind: Annotated[Literal["kept", "added", "removed", "moved"], Field(examples=["kept"])]
    before: Annotated[Span | None, Field(examples=[[0, 30]])]
    after: Annotated[Span | None, Field(examples=[[0, 30]])]


class Comparison(ApiModel):
    a: ComparedVersion
    b: ComparedVersion
    kept: Annotated[int, Field(description="In words, as the next three.", examples=[133])]
    removed: Annotated[int, Field(examples=[3])]
    added: Annotated[int, Field(examples=[3])]
    moved: Annotated[int, Field(examples=[0])]
    stretches: Annotated[list[DiffSpan], Field(description="In the order of the second text.")]


class CopyFreshness(ApiModel):
    article_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/bridge-to-close"])]
    ours: Annotated[bool, Field(examples=[True])]
    standing: Annotated[Literal["old", "new", "unconcerned"], Field(examples=["old"])]


class StoryFreshness(ApiModel):
    reason: Annotated[
        Literal["changed", "withdrawn"] | None,
        Field(description="What became of the original; null for neither.", examples=["changed"]),
    ]
    outlets: Annotated[int, Field(description="Outlets beside the original's that run it.", examples=[17])]
    old_outlets: Annotated[int, Field(description="Of these, with the old text.", examples=[14])]
    old_ours: Annotated[int, Field(description="Of these, ours.", examples=[2])]
    copies: Annotated[list[CopyFreshness], Field(description="Those that were compared, ours first.")]


router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


VersionNumber = Annotated[int, Query(ge=1, le=MAX_DATABASE_ID, description="The number of a version.", examples=[17])]


@router.get(
    "/articles/{article_id}/versions",
    response_model=VersionList,
    summary="The texts that an article has had",
    operation_id="listVersions",
    responses={404: {"description": "There is no such article."}, 410: {"description": "It was taken down."}},
)
def get_versions(request: Request, article_id: StoryId) -> Response:
    """Each with what it changed of the one before, and when the article was not to be seen."""
    with api_context(request).store.read() as connection:
        record = load_article(connection, validate_id(article_id, of="article"))
        versions = version_records(connection, record.copy.id)
        withdrawals = withdrawals_of(connection, record.copy.id)
    told = VersionList(
        versions=[Version.model_validate(one) for one in versions],
        withdrawals=[Withdrawal.model_validate(one) for one in withdrawals],
    )
    return json_response(request, told)


@router.get(
    "/compare",
    response_model=Comparison,
    summary="Compare two texts word by word",
    operation_id="compareVersions",
    responses={404: {"description": "There is no such version."}},
)
def get_comparison(request: Request, a: VersionNumber, b: VersionNumber) -> Response:
    """Two versions of one article, or of two. A paragraph that only stands elsewhere is `moved`."""
    with api_context(request).store.read() as connection:
        found = comparable_versions(connection, {a, b})
        for number in (a, b):
            if number not in found:
                raise NotFound(f"there is no version {number}")
        removed = removed_lines_of(connection, {a, b})
    changes = word_diff(found[a].text, found[b].text)
    told = Comparison(
        a=_side(found[a], [one.line for one in removed.get(a, ())]),
        b=_side(found[b], [one.line for one in removed.get(b, ())]),
        kept=changes.kept,
        removed=changes.removed,
        added=changes.added,
        moved=changes.moved,
        stretches=[DiffSpan.model_validate(one) for one in changes.spans],
    )
    return json_response(request, told)


def _side(version: ComparableVersion, furniture: list[str]) -> ComparedVersion:
    return ComparedVersion.model_validate({**asdict(version), "furniture": furniture})


@router.get(
    "/stories/{story_id}/standing",
    response_model=StoryFreshness,
    summary="Who still runs what the original has changed",
    operation_id="getStanding",
    responses={
        307: {"description": "The story was absorbed: Location names the one that it is now part of."},
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def get_freshness(request: Request, story_id: StoryId) -> Response:
    """Copy by copy, ours first: the old text, the new one, or neither, as an excerpt of another passage has."""
    with api_context(request).store.read() as connection:
        record = load_story(connection, validate_id(story_id, of="story"))
        outdated = request.app.state.remembered.standings.of(connection, record)
        members = copies_of_story(connection, record.id)
        ours = own_outlets_among(connection, {copy.outlet for copy in members})
    told = [
        CopyFreshness(
            article_id=copy.id,
            outlet=copy.outlet,
            url=copy.url,
            ours=copy.outlet in ours,
            standing=outdated.standings[copy.id],
        )
        for copy in sorted(members, key=lambda copy: copy.outlet not in ours)
        if copy.id in outdated.standings
    ]
    answer = StoryFreshness(
        reason=outdated.reason or None,
        outlets=outdated.outlets,
        old_outlets=outdated.old_outlets,
        old_ours=outdated.old_ours,
        copies=told,
    )
    return json_response(request, answer)

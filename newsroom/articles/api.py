"""API of versions, comparisons and outdated copies."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, computed_field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.csv_lists import CSV_RESPONSE, ListFormat, list_response
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, StoryId, validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import DEPRECATED, EXAMPLE_ID, EXAMPLE_TIME, ApiModel
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
    """The changes from the version before, in words."""

    of: Annotated[int, Field(description="The number of the version before.", examples=[17])]
    title_changed: Annotated[bool, Field(examples=[False])]
    kept: Annotated[int, Field(examples=[133])]
    added: Annotated[int, Field(examples=[3])]
    removed: Annotated[int, Field(examples=[3])]
    moved: Annotated[int, Field(examples=[0])]


class Version(ApiModel):
    """A version of an article's text."""

    number: Annotated[int, Field(description="The number that `/v1/compare` takes.", examples=[23])]
    observed: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    words: Annotated[int, Field(examples=[136])]
    content_digest: Annotated[str, Field(description="SHA-256 of title and text, in hex.", examples=["9f" * 32])]
    changes: Annotated[VersionChanges | None, Field(description="Null for the first version.")]
    is_current: Annotated[bool, Field(examples=[True])]
    text_dropped: Annotated[
        datetime | None, Field(description="Since when the text is no longer kept.", examples=[None])
    ] = None


class Withdrawal(ApiModel):
    """A period in which the article was unavailable."""

    withdrawn: Annotated[
        datetime, Field(description="The first revisit that did not find the article.", examples=[EXAMPLE_TIME])
    ]
    confirmed: Annotated[
        datetime, Field(description="The revisit that settled the withdrawal.", examples=[EXAMPLE_TIME])
    ]
    reason: Annotated[str, Field(examples=["gone"])]
    http_status: Annotated[int | None, Field(examples=[410])]
    location: Annotated[str | None, Field(description="Where the page redirected to.", examples=[None])]
    returned: Annotated[datetime | None, Field(description="Null while the article is unavailable.", examples=[None])]


class VersionList(ApiModel):
    versions: Annotated[list[Version], Field(description="In the order in which they were observed.")]
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
    text: Annotated[str, Field(description="One paragraph per line.", examples=["The harbour bridge will close."])]
    is_current: Annotated[bool, Field(examples=[True])]
    boilerplate: Annotated[
        list[str],
        Field(
            description="Lines removed from its page as boilerplate; kept for 30 days.", examples=[["Sign up for news"]]
        ),
    ]

    @computed_field(  # type: ignore[prop-decorator]
        description="The former name of `boilerplate`.",
        json_schema_extra=DEPRECATED,
        examples=[["Sign up for news"]],
    )
    @property
    def furniture(self) -> list[str]:
        return self.boilerplate


class DiffSpan(ApiModel):
    """Spans in Unicode characters (from, up to), null where a text does not contain the passage."""

    kind: Annotated[Literal["kept", "added", "removed", "moved"], Field(examples=["kept"])]
    before: Annotated[Span | None, Field(examples=[[0, 30]])]
    after: Annotated[Span | None, Field(examples=[[0, 30]])]


class Comparison(ApiModel):
    a: ComparedVersion
    b: ComparedVersion
    kept: Annotated[int, Field(description="In words, like the next three.", examples=[133])]
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
        Field(description="What happened to the original; null if nothing did.", examples=["changed"]),
    ]
    outlets: Annotated[int, Field(description="Outlets other than the original's that run the story.", examples=[17])]
    old_outlets: Annotated[int, Field(description="Those of them with the old text.", examples=[14])]
    old_ours: Annotated[int, Field(description="Those of them that are yours.", examples=[2])]
    copies: Annotated[list[CopyFreshness], Field(description="The compared copies, your own first.")]


router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])


VersionNumber = Annotated[int, Query(ge=1, le=MAX_DATABASE_ID, description="The number of a version.", examples=[17])]


@router.get(
    "/articles/{article_id}/versions",
    response_model=VersionList,
    summary="List the versions of an article",
    operation_id="listVersions",
    responses={
        **CSV_RESPONSE,
        404: {"description": "There is no such article."},
        410: {"description": "The article was taken down."},
    },
)
def get_versions(request: Request, article_id: StoryId, shown_as: ListFormat = None) -> Response:
    """Each version with its changes from the one before, and the periods in which the article was unavailable."""
    with api_context(request).store.read() as connection:
        record = load_article(connection, validate_id(article_id, of="article"))
        versions = version_records(connection, record.copy.id)
        withdrawals = withdrawals_of(connection, record.copy.id)
    result = VersionList(
        versions=[Version.model_validate(one) for one in versions],
        withdrawals=[Withdrawal.model_validate(one) for one in withdrawals],
    )
    return list_response(request, result, shown_as=shown_as)


@router.get(
    "/compare",
    response_model=Comparison,
    summary="Compare two texts word by word",
    operation_id="compareVersions",
    responses={404: {"description": "There is no such version, or its text is no longer kept."}},
)
def get_comparison(request: Request, a: VersionNumber, b: VersionNumber) -> Response:
    """Two versions of one article, or of two articles. A paragraph that only changed its place is `moved`."""
    with api_context(request).store.read() as connection:
        found = comparable_versions(connection, {a, b})
        removed = removed_lines_of(connection, {a, b})
    changes = word_diff(found[a].text, found[b].text)
    result = Comparison(
        a=_side(found[a], [one.line for one in removed.get(a, ())]),
        b=_side(found[b], [one.line for one in removed.get(b, ())]),
        kept=changes.kept,
        removed=changes.removed,
        added=changes.added,
        moved=changes.moved,
        stretches=[DiffSpan.model_validate(one) for one in changes.spans],
    )
    return json_response(request, result)


def _side(version: ComparableVersion, boilerplate: list[str]) -> ComparedVersion:
    return ComparedVersion.model_validate({**asdict(version), "boilerplate": boilerplate})


@router.get(
    "/stories/{story_id}/standing",
    response_model=StoryFreshness,
    summary="List copies that run an outdated text",
    operation_id="getStanding",
    responses={
        307: {"description": "The story was absorbed: Location is that of its successor."},
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def get_freshness(request: Request, story_id: StoryId) -> Response:
    """The state of each copy, your own first: the old text, the new one, or neither, as for an excerpt of another
    passage.
    """
    with api_context(request).store.read() as connection:
        record = load_story(connection, validate_id(story_id, of="story"))
        outdated = request.app.state.remembered.standings.of(connection, record)
        members = copies_of_story(connection, record.id)
        ours = own_outlets_among(connection, {copy.outlet for copy in members})
    result = [
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
        copies=result,
    )
    return json_response(request, answer)

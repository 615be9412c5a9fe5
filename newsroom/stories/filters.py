"""The filters of story lists, as query parameters."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from onestory.languages import language_code
from onestory.newsroom.http.csv_lists import ListFormatField
from onestory.newsroom.http.pagination import filters_digest
from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.store.search.query import BadQuery, parse_query
from onestory.store.stories.listing import StoryFilter
from onestory.times import TIME_FORMS, parse_time, utc_now

__all__ = ["FieldNames", "ListQuery", "SearchQuery", "SortedQuery", "StoryQuery"]

UNSEARCHABLE_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


NOT_FILTERS = {"limit", "cursor", "fields", "format"}
FieldNames = Annotated[
    str | None,
    Field(
        max_length=1000,
        pattern=r"^[a-z_]+( *, *[a-z_]+)*$",
        description="Comma-separated members to include; `id` always is.",
        examples=["id,title,copies"],
    ),
]


class StoryQuery(BaseModel):
    """The filters. All are optional; all that are given must match."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str | None,
        Field(description=f"A copy was seen at or after this time. {TIME_FORMS}", examples=["2026-11-23T06:30Z"]),
    ] = None
    until: Annotated[
        str | None,
        Field(description=f"The first copy was seen before this time. {TIME_FORMS}", examples=["2026-11-24"]),
    ] = None
    published_since: Annotated[
        str | None,
        Field(description=f"The earliest stated publication is at or after this time. {TIME_FORMS}", examples=["24h"]),
    ] = None
    updated_since: Annotated[
        str | None,
        Field(
            description=f"The record changed at or after this time. For mirrors, read `/v1/changes`. {TIME_FORMS}",
            examples=["2026-11-23T06:30Z"],
        ),
    ] = None
    min_copies: Annotated[int, Field(ge=1, le=1_000_000, description="Minimum number of copies.", examples=[3])] = 1
    min_outlets: Annotated[int, Field(ge=1, le=1_000_000, description="Minimum number of outlets.", examples=[3])] = 1
    min_owners: Annotated[int, Field(ge=1, le=1_000_000, description="Minimum number of owners.", examples=[2])] = 1
    outlet: Annotated[
        str | None,
        Field(max_length=300, description="An outlet that runs it, by its exact name.", examples=["Harbour Post"]),
    ] = None
    owner: Annotated[
        str | None,
        Field(
            max_length=300, description="An owner whose outlets run it, by its exact name.", examples=["Coast Media"]
        ),
    ] = None
    credit: Annotated[
        str | None,
        Field(
            max_length=300,
            description="An agency or outlet that a copy credits, by its exact name.",
            examples=["Reuters"],
        ),
    ] = None
    language: Annotated[
        str | None,
        Field(description="The language of the original: a code of ISO 639, or an English name.", examples=["en"]),
    ] = None
    ours: Annotated[
        bool | None, Field(description="Whether one of your own outlets runs it (`ours = true` in the sources).")
    ] = None
    watch: Annotated[
        int | None,
        Field(ge=1, le=MAX_DATABASE_ID, description="The id of a watch with a matching copy.", examples=[4]),
    ] = None
    q: Annotated[
        str | None,
        Field(
            max_length=1000,
            description='Words that one copy contains in its headline or text; `"a phrase"`, `-exclude`.',
            examples=['"harbour bridge" -ferry'],
        ),
    ] = None
    query: Annotated[
        str | None,
        Field(
            max_length=1000,
            description="The former name of `q`; give only one of them.",
            examples=["harbour bridge"],
            json_schema_extra={"deprecated": True},
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Maximum number of stories.")] = 50
    cursor: Annotated[
        str | None,
        Field(
            description="`next` of the previous page, given with the same filters.",
            examples=["WzE3OTU0MTQ3MjAwMDAwMDAsIjVmMGM2YjdhOWQyZTRjMWI4YTNmN2U2MCJd"],
        ),
    ] = None

    @field_validator("outlet", "owner", "credit", "q", "query", mode="after")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        """The value on one line, without characters that no database stores."""
        return UNSEARCHABLE_CHARACTERS.sub(" ", value).strip() or None if value else None

    @field_validator("q", "query", mode="after")
    @classmethod
    def _words(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                parse_query(value)
        except BadQuery as refused:
            raise ValueError(str(refused)) from refused
        return value

    @field_validator("language", mode="after")
    @classmethod
    def _code(cls, value: str | None) -> str | None:
        return language_code(value) if value and value.strip() else None

    @field_validator("since", "until", "published_since", "updated_since", mode="after")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if not (value or "").strip():
            return None
        parse_time(value or "", now=utc_now())
        return value

    @property
    def list_name(self) -> str:
        return filters_digest(self.filters())

    def filters(self) -> dict[str, Any]:
        """The filters that are set, without position and presentation."""
        return self.model_dump(exclude=NOT_FILTERS, exclude_defaults=True)

    def to_filter(self, *, now: datetime) -> StoryFilter:
        """The filters for the store."""

        def moment(value: str | None) -> datetime | None:
            return None if value is None else parse_time(value, now=now)

        return StoryFilter(
            since=moment(self.since),
            until=moment(self.until),
            published_since=moment(self.published_since),
            updated_since=moment(self.updated_since),
            min_copies=self.min_copies,
            min_outlets=self.min_outlets,
            min_owners=self.min_owners,
            outlet=self.outlet,
            owner=self.owner,
            credit=self.credit,
            language=self.language,
            ours=self.ours,
            watch=self.watch,
            query=self.q or self.query,
        )


class SortedQuery(StoryQuery):
    """The filters, with a sort order."""

    sort: Annotated[
        Literal["newest", "outlets", "owners", "copies", "growth"],
        Field(
            description="newest: the latest seen first, stable while stories grow. outlets, owners, copies: most "
            "first; growth: most copies of the last hour first. There a story that grows between two pages may move."
        ),
    ] = "newest"


class ListQuery(SortedQuery):
    """Parameters of a list as JSON or CSV, with optional partial records."""

    fields: FieldNames = None
    format: ListFormatField = None


class SearchQuery(StoryQuery):
    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1000,
            description='Words that one copy contains in its headline or text; `"a phrase"`, `-exclude`.',
            examples=['"harbour bridge" -ferry'],
        ),
    ]
    order: Annotated[
        Literal["relevance", "time"], Field(description="Sorted by time, the latest seen stories come first.")
    ] = "relevance"
    limit: Annotated[int, Field(ge=1, le=100, description="Maximum number of stories.")] = 20
    format: ListFormatField = None

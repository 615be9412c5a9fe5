"""API schemas of news events."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from onestory.languages import language_code
from onestory.newsroom.editorial.api import ArticleReference, DeciderName, DecisionReason
from onestory.newsroom.http.csv_lists import ListFormatField
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel, Story
from onestory.store.news_events.records import NewsEventFilter
from onestory.times import TIME_FORMS, parse_time, utc_now

__all__ = [
    "LabelRequest",
    "MergeEventsRequest",
    "MoveStoryRequest",
    "NewsEvent",
    "NewsEventDecisionList",
    "NewsEventDecisionOutcome",
    "NewsEventList",
    "NewsEventQuery",
    "NewsEventWithStories",
    "SplitEventRequest",
]


class NewsEvent(ApiModel):
    """One happening: the stories that report it, each with its copies folded."""

    id: Annotated[str, Field(description="24 hex digits: the id of its first story.", examples=[EXAMPLE_ID])]
    label: Annotated[
        str | None,
        Field(description="The most typical headline, or the one pinned by an editor.", examples=["Bridge closes"]),
    ]
    label_story: Annotated[str, Field(description="The story of that headline.", examples=[EXAMPLE_ID])]
    is_label_pinned: Annotated[bool, Field(description="Whether an editor chose the headline.")]
    language: Annotated[str, Field(description="The language of the label.", examples=["en"])]
    languages: Annotated[
        list[str], Field(description="The languages of its stories, the most frequent first.", examples=[["en", "de"]])
    ]
    first_seen: Annotated[datetime, Field(description="When its first copy was seen.", examples=[EXAMPLE_TIME])]
    last_seen: Annotated[datetime, Field(description="When its newest copy was seen.", examples=[EXAMPLE_TIME])]
    stories: Annotated[int, Field(description="Texts that were written independently.", examples=[3])]
    copies: Annotated[int, Field(description="Articles, copies included.", examples=[12])]
    outlets: Annotated[int, Field(description="Outlets that cover it, with their own text or a copy.", examples=[9])]
    owners: Annotated[int, Field(description="Owners of these outlets.", examples=[6])]
    updated: Annotated[datetime, Field(description="When this record was last changed.", examples=[EXAMPLE_TIME])]


class NewsEventList(ApiModel):
    news_events: list[NewsEvent]
    next: Annotated[
        str | None, Field(description="Pass it as `cursor`, with the same filters; null at the end of the list.")
    ]


class NewsEventWithStories(NewsEvent):
    is_ended: Annotated[bool, Field(description="Whether it is too old for new stories to join.")]
    members: Annotated[list[Story], Field(description="Its stories, the first seen first.")]


class NewsEventQuery(BaseModel):
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
    min_stories: Annotated[int, Field(ge=1, le=1_000_000, description="Minimum number of stories.", examples=[2])] = 1
    min_outlets: Annotated[int, Field(ge=1, le=1_000_000, description="Minimum number of outlets.", examples=[3])] = 1
    language: Annotated[
        str | None,
        Field(description="With a story in this language: a code of ISO 639, or an English name.", examples=["en"]),
    ] = None
    sort: Annotated[
        str,
        Field(pattern="^(newest|stories|outlets|owners|copies)$", description="newest: the latest seen first."),
    ] = "newest"
    limit: Annotated[int, Field(ge=1, le=200, description="Maximum number of news events.")] = 50
    cursor: Annotated[
        str | None, Field(description="`next` of the previous page, given with the same filters.", examples=["WzE3"])
    ] = None
    format: ListFormatField = None

    @field_validator("language", mode="after")
    @classmethod
    def _code(cls, value: str | None) -> str | None:
        return language_code(value) if value and value.strip() else None

    @field_validator("since", "until", mode="after")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if not (value or "").strip():
            return None
        parse_time(value or "", now=utc_now())
        return value

    def to_filter(self, *, now: datetime) -> NewsEventFilter:
        """The filters for the store."""
        return NewsEventFilter(
            since=None if self.since is None else parse_time(self.since, now=now),
            until=None if self.until is None else parse_time(self.until, now=now),
            min_stories=self.min_stories,
            min_outlets=self.min_outlets,
            language=self.language,
        )


class MergeEventsRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    other: Annotated[
        ArticleReference, Field(description="Another news event, or a story in it.", examples=[EXAMPLE_ID])
    ]
    who: DeciderName
    why: DecisionReason


class SplitEventRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stories: Annotated[
        list[ArticleReference], Field(min_length=1, max_length=1_000, description="The stories that leave it.")
    ]
    who: DeciderName
    why: DecisionReason


class MoveStoryRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    story: ArticleReference
    who: DeciderName
    why: DecisionReason


class LabelRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    story: Annotated[ArticleReference, Field(description="The story whose headline names the news event.")]
    who: DeciderName
    why: DecisionReason


class NewsEventDecisionOutcome(ApiModel):
    number: Annotated[int, Field(description="Used to undo the decision.", examples=[7])]
    events: Annotated[
        list[str], Field(description="The news events that the named stories are in now.", examples=[[EXAMPLE_ID]])
    ]


class NewsEventDecisionRecord(ApiModel):
    """A decision about news events. It holds in every grouping until it is undone."""

    id: Annotated[int, Field(examples=[7])]
    kind: Annotated[
        str,
        Field(
            description="together: the stories are in one news event; apart: they are in none with those of `against`; "
            "label: the headline of this story names its news event.",
            examples=["together"],
        ),
    ]
    who: Annotated[str, Field(examples=["Ada"])]
    why: Annotated[str, Field(examples=["one summit"])]
    decided: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    undone: Annotated[datetime | None, Field(description="When the decision was undone.", examples=[None])]
    undone_by: Annotated[str | None, Field(examples=[None])]
    stories: Annotated[list[str], Field(examples=[[EXAMPLE_ID]])]
    against: Annotated[list[str], Field(examples=[[EXAMPLE_ID]])]


class NewsEventDecisionList(ApiModel):
    decisions: Annotated[list[NewsEventDecisionRecord], Field(description="Newest first.")]

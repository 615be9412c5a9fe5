"""API schemas shared by several rooms. They validate the responses and make the OpenAPI document."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from onestory.store.stories.records import ArticleRecord

__all__ = [
    "DEPRECATED",
    "EXAMPLE_ID",
    "Article",
    "Copy",
    "CopyEvidence",
    "Link",
    "PartialRecord",
    "PartialStoryList",
    "ProblemDetails",
    "Story",
    "StoryCopy",
    "StoryList",
    "StoryWithCopies",
    "article_of",
]

EXAMPLE_ID = "5f0c6b7a9d2e4c1b8a3f7e60"
EXAMPLE_TIME = "2026-11-23T06:12:00Z"


# The schema of a member that answers to its former name for one release.
DEPRECATED: dict[str, JsonValue] = {"deprecated": True}


class ApiModel(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class Story(ApiModel):
    """A story without its copies."""

    id: Annotated[str, Field(description="24 hex digits: the id of its first article.", examples=[EXAMPLE_ID])]
    title: Annotated[
        str | None, Field(description="The headline of the original.", examples=["Harbour bridge to close"])
    ]
    language: Annotated[str | None, Field(examples=["en"])]
    credit: Annotated[
        str | None,
        Field(
            description="The agency or outlet credited by the original, else by the copies that agree.",
            examples=["Reuters"],
        ),
    ]
    original: Annotated[str, Field(description="The article shown for the story.", examples=[EXAMPLE_ID])]
    original_outlet: Annotated[
        str,
        Field(
            description="The outlet of the original; `published` is the time that it states.", examples=["Harbour Post"]
        ),
    ]
    original_reason: Annotated[
        str,
        Field(
            description="The reason for the original: pinned (by an editor), only (the only copy), canonical, agency, "
            "claimed (time), first_seen, unsupported (seen first; an earlier stated time is not believed), "
            "credited (by the earliest copy), fullest, or alike (nothing distinguishes the copies).",
            examples=["claimed"],
        ),
    ]
    first_seen: Annotated[
        datetime,
        Field(
            description="When a copy was first seen, or first stored if it was imported without a time: never claimed.",
            examples=[EXAMPLE_TIME],
        ),
    ]
    last_seen: Annotated[datetime, Field(description="When the newest copy was first seen.", examples=[EXAMPLE_TIME])]
    published: Annotated[
        datetime | None, Field(description="The publication time that the original states.", examples=[EXAMPLE_TIME])
    ]
    first_outlet: Annotated[str, Field(description="The outlet where it was first seen.", examples=["Harbour Post"])]
    copies: Annotated[int, Field(examples=[5])]
    outlets: Annotated[int, Field(description="The number of outlets that run it.", examples=[4])]
    owners: Annotated[
        int, Field(description="The number of owners of these outlets: one chain's push counts once.", examples=[3])
    ]
    updated: Annotated[datetime, Field(description="When this record was last changed.", examples=[EXAMPLE_TIME])]


class StoryList(ApiModel):
    stories: list[Story]
    next: Annotated[
        str | None,
        Field(description="Pass it as `cursor`, with the same filters; null at the end of the list."),
    ]


class PartialRecord(BaseModel):
    """The members requested in `fields`, and the id."""

    model_config = ConfigDict(extra="allow")

    id: Annotated[str, Field(examples=[EXAMPLE_ID])]


class PartialStoryList(ApiModel):
    """The list with only the members requested in `fields`."""

    stories: list[PartialRecord]
    next: str | None


class Copy(ApiModel):
    """An article as a copy of its story."""

    id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    story_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    relation: Annotated[str, Field(description="original, verbatim, edited, excerpt or fuller.", examples=["edited"])]
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/bridge-to-close"])]
    host: Annotated[str, Field(examples=["www.harbourpost.example"])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    owner: Annotated[str | None, Field(examples=["Coast Media"])]
    title: Annotated[str | None, Field(examples=["Bridge shuts for repairs"])]
    language: Annotated[str, Field(examples=["en"])]
    credit: Annotated[str | None, Field(examples=["Reuters"])]
    published: Annotated[
        datetime | None, Field(description="The publication time stated on the page.", examples=[EXAMPLE_TIME])
    ]
    first_seen: Annotated[
        datetime,
        Field(
            description="When the copy was first seen, or first stored: see `is_observed`.",
            examples=[EXAMPLE_TIME],
        ),
    ]
    is_observed: Annotated[
        bool, Field(description="Whether `first_seen` is the time of a fetch. Else it was imported without one.")
    ]
    updated: Annotated[datetime, Field(description="When its current text was first seen.", examples=[EXAMPLE_TIME])]
    words: Annotated[int, Field(examples=[412])]
    withdrawn: Annotated[
        datetime | None,
        Field(description="Since when its page no longer shows it; null while it does.", examples=[None]),
    ]
    withdrawn_reason: Annotated[
        str | None,
        Field(
            description="gone (410), missing (404), redirect (to a front or section page), removal_notice, "
            "not_found (a page that merely says so), or killed or withheld (of a dispatch).",
            examples=[None],
        ),
    ]


class CopyEvidence(ApiModel):
    """What the current texts of two copies have in common. `evidence` holds measures such as `jaccard` and
    `containment_a`.
    """

    a: Annotated[int, Field(description="The number of the version of `a_article`, as in /v1/compare.", examples=[17])]
    b: Annotated[int, Field(description="The number of the version of `b_article`.", examples=[21])]
    a_article: Annotated[str, Field(examples=[EXAMPLE_ID])]
    b_article: Annotated[str, Field(examples=[EXAMPLE_ID])]
    kind: Annotated[str, Field(examples=["copy"])]
    evidence: Annotated[
        dict[str, Any],
        Field(
            examples=[
                {
                    "a_is": "fuller",
                    "b_is": "excerpt",
                    "jaccard": 0.41,
                    "containment_a": 0.42,
                    "containment_b": 0.97,
                    "shared_words": 168,
                }
            ]
        ),
    ]


class EarlierVersion(ApiModel):
    """The version of the original that a copy runs word by word, although the original was changed since."""

    version: Annotated[int, Field(description="1 is the first.", examples=[1])]
    versions: Annotated[int, Field(description="How many the original has.", examples=[2])]
    number: Annotated[int, Field(description="Its number, as in /v1/compare.", examples=[17])]


class Lead(ApiModel):
    """The form of a dispatch that a copy runs, where its agency filed several."""

    number: Annotated[int, Field(description="1 is the first.", examples=[2])]
    count: Annotated[int, Field(description="How many leads the copies of the story run.", examples=[4])]
    behind: Annotated[int, Field(description="How many leads followed.", examples=[2])]
    since: Annotated[datetime, Field(description="When a copy of this lead was first seen.", examples=[EXAMPLE_TIME])]


class StoryCopy(Copy):
    """A copy in its story."""

    runs_earlier: Annotated[
        EarlierVersion | None,
        Field(description="Set if it is a verbatim copy of an earlier version of the original.", examples=[None]),
    ]
    lead: Annotated[
        Lead | None, Field(description="Set if the copies show several leads of one dispatch.", examples=[None])
    ]


class Link(ApiModel):
    """A different story that shares words with this one. Both stories have the link."""

    kind: Annotated[str, Field(description="contains, develops, or quotes.", examples=["develops"])]
    story_id: Annotated[str, Field(examples=[EXAMPLE_ID])]
    title: Annotated[str | None, Field(examples=["Bridge reopens early"])]
    first_seen: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    first_outlet: Annotated[str, Field(examples=["Harbour Post"])]
    copies: Annotated[int, Field(examples=[5])]
    article_id: Annotated[str, Field(description="The article of this story.", examples=[EXAMPLE_ID])]
    other_article_id: Annotated[str, Field(description="The article of the other story.", examples=[EXAMPLE_ID])]
    share: Annotated[
        float, Field(description="The part of this story's article contained in the other, 0 to 1.", examples=[0.4])
    ]
    share_of_other: Annotated[
        float, Field(description="The part of the other story's article contained in this one, 0 to 1.", examples=[0.3])
    ]


class StoryWithCopies(Story):
    articles: Annotated[list[StoryCopy], Field(description="The copies in the order they were seen; at most `limit`.")]
    evidence: Annotated[
        list[CopyEvidence],
        Field(description="Why these copies match: the pairs with one of them as `a_article`, each once."),
    ]
    links: Annotated[
        list[Link], Field(description="Stories that these copies develop or quote, or that develop or quote them.")
    ]
    next: Annotated[str | None, Field(description="Pass it as `cursor` for the next copies; null after the last.")]


class Article(Copy):
    """An article with its current text."""

    source: Annotated[str, Field(description="How the article arrived.", examples=["import"])]
    number: Annotated[int, Field(description="The number of its current version.", examples=[17])]
    text: Annotated[
        str, Field(description="One paragraph per line.", examples=["The harbour bridge will close for six weeks."])
    ]
    facts: Annotated[dict[str, Any], Field(description="Statements of its page about it, without empty ones.")]
    observed: Annotated[datetime, Field(description="When this version was first seen.", examples=[EXAMPLE_TIME])]
    content_digest: Annotated[str, Field(description="SHA-256 of title and text, in hex.", examples=["9f" * 32])]
    extractor: Annotated[str, Field(description="The program that extracted the text.", examples=["trafilatura 2.3.1"])]


def article_of(record: ArticleRecord) -> Article:
    """The schema of a stored article."""
    return Article(
        **Copy.model_validate(record.copy).__dict__,
        source=record.source,
        number=record.number,
        text=record.text,
        facts=record.facts,
        observed=record.observed,
        content_digest=record.content_digest,
        extractor=record.extractor,
    )


class ProblemDetails(BaseModel):
    """RFC 9457. `reason` is a stable word for programs, `detail` a sentence for people."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(examples=["about:blank"])]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["There is no story '5f0c'."])]
    instance: Annotated[str, Field(examples=["/v1/stories/5f0c"])]
    reason: Annotated[str, Field(examples=["not_found"])]

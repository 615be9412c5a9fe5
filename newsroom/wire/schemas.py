"""API schemas of dispatches and their uses."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel
from onestory.newsroom.wire.report import Standing, Use

__all__ = [
    "EXAMPLE_URI",
    "ClientMonthList",
    "ClientMonthRow",
    "DispatchReceipt",
    "ImportedDispatches",
    "Provider",
    "ProviderList",
    "UseList",
    "UseRow",
    "use_row",
]

EXAMPLE_URI = "urn:newsml:coastwire.example:20261123:bridge"


class DispatchReceipt(BaseModel):
    """What became of a dispatch."""

    uri: Annotated[str, Field(examples=[EXAMPLE_URI])]
    provider: Annotated[str, Field(examples=["Coast Wire"])]
    version: Annotated[str | None, Field(examples=["2"])]
    article: Annotated[str, Field(description="The article that the dispatch is.", examples=[EXAMPLE_ID])]
    result: Annotated[
        Literal["stored", "known", "withdrawn", "taken_down"],
        Field(
            description="stored as a new version; known already; withdrawn, as its status says; or kept out, because "
            "it was taken down."
        ),
    ]


class ImportedDispatches(BaseModel):
    """The result of an import."""

    dispatches: list[DispatchReceipt]
    faults: Annotated[
        list[str],
        Field(description="Items that were not used, each with its place and the remedy.", examples=[[]]),
    ]
    left_out: Annotated[int, Field(description="Items that are no text: pictures, packages.", examples=[0])]


class Provider(ApiModel):
    """Who files dispatches."""

    provider: Annotated[str, Field(examples=["Coast Wire"])]
    dispatches: Annotated[int, Field(examples=[1200])]
    latest: Annotated[datetime | None, Field(description="When the latest was issued.", examples=[EXAMPLE_TIME])]


class ProviderList(ApiModel):
    providers: Annotated[list[Provider], Field(description="By name.")]


class UseRow(BaseModel):
    """A copy as the use of a dispatch."""

    first_seen: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    outlet: Annotated[str, Field(description="The client.", examples=["Harbour Post"])]
    owner: Annotated[str | None, Field(examples=["Coast Media"])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/bridge-to-close"])]
    article: Annotated[str, Field(examples=[EXAMPLE_ID])]
    story: Annotated[str, Field(examples=[EXAMPLE_ID])]
    provider: Annotated[str, Field(examples=["Coast Wire"])]
    dispatch: Annotated[str, Field(description="The `uri` of the dispatch.", examples=[EXAMPLE_URI])]
    dispatch_article: Annotated[str, Field(examples=[EXAMPLE_ID])]
    dispatch_title: Annotated[str | None, Field(examples=["Port Ellery bridge to close for six weeks"])]
    relation: Annotated[str, Field(description="verbatim, edited or excerpt.", examples=["edited"])]
    share: Annotated[
        float | None, Field(description="The part of the dispatch's current text that it keeps.", examples=[0.82])
    ]
    version: Annotated[
        int | None,
        Field(description="The version of the dispatch that it has most of, from 1; null if unknown.", examples=[1]),
    ]
    versions: Annotated[int, Field(description="The versions that the dispatch has.", examples=[2])]
    lead: Annotated[int, Field(description="Which of the dispatches on this story it runs, from 1.", examples=[1])]
    leads: Annotated[int, Field(description="The dispatches on this story.", examples=[1])]
    credited: Annotated[bool, Field(description="Whether the credit that the copy states names the provider.")]
    credit: Annotated[str | None, Field(description="Whom the copy credits.", examples=["Coast Wire"])]
    credit_words: Annotated[str | None, Field(description="The words of its credit.", examples=["(Coast Wire)"])]
    standing: Annotated[
        Standing,
        Field(
            description="unchanged: the dispatch has one version. corrected: the copy has what the last version "
            "changed. old_text: it has what was changed. unaffected: it has neither. still_online: the dispatch was "
            "killed or withheld. taken_down: the copy is gone."
        ),
    ]


class UseList(BaseModel):
    uses: Annotated[list[UseRow], Field(description="The last to be seen first.")]
    next: Annotated[str | None, Field(description="Pass it as `cursor` for the next page; null at the end.")]


class ClientMonthRow(ApiModel):
    """What an outlet made of a provider's dispatches in a month."""

    month: Annotated[str, Field(description="In UTC.", examples=["2026-11"])]
    outlet: Annotated[str, Field(description="The client.", examples=["Harbour Post"])]
    provider: Annotated[str, Field(examples=["Coast Wire"])]
    dispatches: Annotated[int, Field(description="Dispatches that it used.", examples=[40])]
    uses: Annotated[int, Field(description="Copies that it ran.", examples=[43])]
    verbatim: Annotated[int, Field(examples=[21])]
    edited: Annotated[int, Field(examples=[18])]
    excerpt: Annotated[int, Field(examples=[4])]
    credited: Annotated[int, Field(description="Copies that name the provider.", examples=[39])]
    uncredited: Annotated[int, Field(examples=[4])]
    corrected: Annotated[int, Field(description="Copies that followed a correction or a kill.", examples=[3])]
    old_text: Annotated[int, Field(description="Copies that still run a corrected or killed text.", examples=[1])]


class ClientMonthList(ApiModel):
    clients: Annotated[list[ClientMonthRow], Field(description="The latest month first, then by name.")]


def use_row(use: Use) -> UseRow:
    copy, record = use.copy, use.dispatch.record
    return UseRow(
        first_seen=copy.first_seen,
        outlet=copy.outlet,
        owner=copy.owner,
        title=copy.title,
        url=copy.url,
        article=copy.id,
        story=copy.story_id,
        provider=record.provider,
        dispatch=record.uri,
        dispatch_article=record.article_id,
        dispatch_title=use.dispatch.title,
        relation=use.relation,
        share=None if use.share is None else round(use.share, 4),
        version=use.version,
        versions=use.versions,
        lead=use.lead,
        leads=use.leads,
        credited=use.is_credited,
        credit=copy.credit,
        credit_words=copy.credit_words,
        standing=use.standing,
    )

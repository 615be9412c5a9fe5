"""Versions, comparisons and standings as the API shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from newsroom.api.shapes import ID, TIME, Shape

__all__ = [
    "Comparison",
    "CopyStanding",
    "Side",
    "StoryStanding",
    "Stretch",
    "Version",
    "VersionChanges",
    "VersionList",
    "Withdrawal",
]

Span = tuple[int, int]


class VersionChanges(Shape):
    """How much a version changed of the one before it, in words."""

    of: Annotated[int, Field(description="The number of the one before.", examples=[17])]
    title_changed: Annotated[bool, Field(examples=[False])]
    kept: Annotated[int, Field(examples=[133])]
    added: Annotated[int, Field(examples=[3])]
    removed: Annotated[int, Field(examples=[3])]
    moved: Annotated[int, Field(examples=[0])]


class Version(Shape):
    """A text that an article has had."""

    number: Annotated[int, Field(description="Which `/v1/compare` takes.", examples=[23])]
    observed: Annotated[datetime, Field(examples=[TIME])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    words: Annotated[int, Field(examples=[136])]
    content_digest: Annotated[str, Field(description="SHA-256 of title and text, in hex.", examples=["9f" * 32])]
    changes: Annotated[VersionChanges | None, Field(description="Null for the first.")]
    is_current: Annotated[bool, Field(examples=[True])]


class Withdrawal(Shape):
    """A time in which the article was not to be seen."""

    withdrawn: Annotated[datetime, Field(description="The first look that did not find it.", examples=[TIME])]
    confirmed: Annotated[datetime, Field(description="The look that settled it.", examples=[TIME])]
    reason: Annotated[str, Field(examples=["gone"])]
    http_status: Annotated[int | None, Field(examples=[410])]
    location: Annotated[str | None, Field(description="Where it led instead.", examples=[None])]
    returned: Annotated[datetime | None, Field(description="Null while it has not.", examples=[None])]


class VersionList(Shape):
    versions: Annotated[list[Version], Field(description="The first observed first.")]
    withdrawals: list[Withdrawal]


class Side(Shape):
    """One of the two texts."""

    number: Annotated[int, Field(examples=[17])]
    article_id: Annotated[str, Field(examples=[ID])]
    story_id: Annotated[str, Field(examples=[ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    language: Annotated[str, Field(examples=["en"])]
    observed: Annotated[datetime, Field(examples=[TIME])]
    title: Annotated[str | None, Field(examples=["Harbour bridge to close"])]
    text: Annotated[str, Field(description="One paragraph a line.", examples=["The harbour bridge will close."])]
    is_current: Annotated[bool, Field(examples=[True])]
    furniture: Annotated[
        list[str],
        Field(description="Lines that were taken out of its page; kept for 30 days.", examples=[["Sign up for news"]]),
    ]


class Stretch(Shape):
    """Spans are in Unicode characters of the texts: from, up to; null where a text does not have it."""

    kind: Annotated[Literal["kept", "added", "removed", "moved"], Field(examples=["kept"])]
    before: Annotated[Span | None, Field(examples=[[0, 30]])]
    after: Annotated[Span | None, Field(examples=[[0, 30]])]


class Comparison(Shape):
    a: Side
    b: Side
    kept: Annotated[int, Field(description="In words, as the next three.", examples=[133])]
    removed: Annotated[int, Field(examples=[3])]
    added: Annotated[int, Field(examples=[3])]
    moved: Annotated[int, Field(examples=[0])]
    stretches: Annotated[list[Stretch], Field(description="In the order of the second text.")]


class CopyStanding(Shape):
    article_id: Annotated[str, Field(examples=[ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    url: Annotated[str, Field(examples=["https://www.harbourpost.example/bridge-to-close"])]
    ours: Annotated[bool, Field(examples=[True])]
    standing: Annotated[Literal["old", "new", "unconcerned"], Field(examples=["old"])]


class StoryStanding(Shape):
    reason: Annotated[
        Literal["changed", "withdrawn"] | None,
        Field(description="What became of the original; null for neither.", examples=["changed"]),
    ]
    outlets: Annotated[int, Field(description="Outlets beside the original's that run it.", examples=[17])]
    old_outlets: Annotated[int, Field(description="Of these, with the old text.", examples=[14])]
    old_ours: Annotated[int, Field(description="Of these, ours.", examples=[2])]
    copies: Annotated[list[CopyStanding], Field(description="Those that were compared, ours first.")]

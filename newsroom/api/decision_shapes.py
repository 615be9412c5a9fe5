"""Decisions as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from newsroom.api.shapes import ID, TIME, Shape

__all__ = ["Decided", "Decision", "DecisionList"]


class Decided(Shape):
    number: Annotated[int, Field(description="By which it can be undone.", examples=[7])]
    stories: Annotated[list[str], Field(description="Where the articles that it names stand now.", examples=[[ID]])]


class Decision(Shape):
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
    decided: Annotated[datetime, Field(examples=[TIME])]
    undone: Annotated[datetime | None, Field(description="Since when it holds no longer.", examples=[None])]
    undone_by: Annotated[str | None, Field(examples=[None])]
    articles: Annotated[list[str], Field(description="What it names.", examples=[[ID]])]
    against: Annotated[list[str], Field(description="Of a split, the copies that stayed.", examples=[[ID]])]


class DecisionList(Shape):
    decisions: Annotated[list[Decision], Field(description="The newest first.")]

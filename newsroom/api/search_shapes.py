"""What a search answers."""

from typing import Annotated

from pydantic import Field

from newsroom.api.shapes import ID, Shape, Story

__all__ = ["SearchAnswer", "SearchHit", "WhereFound"]


class WhereFound(Shape):
    """The copy that has the words, and where it has them. Nothing in it is markup."""

    article_id: Annotated[str, Field(examples=[ID])]
    outlet: Annotated[str, Field(examples=["Harbour Post"])]
    title: Annotated[str | None, Field(description="The headline of this copy.", examples=["Bridge shuts for repairs"])]
    title_spans: Annotated[
        list[tuple[int, int]],
        Field(description="Where, in Unicode characters of the headline: from, up to.", examples=[[[0, 6]]]),
    ]
    excerpt: Annotated[
        str, Field(description="A piece of its text.", examples=["The harbour bridge will close for six weeks"])
    ]
    excerpt_spans: Annotated[
        list[tuple[int, int]],
        Field(description="Where, in Unicode characters of the excerpt: from, up to.", examples=[[[4, 18]]]),
    ]


class SearchHit(Shape):
    story: Story
    where: Annotated[WhereFound | None, Field(description="The closest copy by relevance, the newest one by time.")]


class SearchAnswer(Shape):
    found: list[SearchHit]
    next: Annotated[
        str | None,
        Field(description="Give it as `cursor`, with the same filters; null at the end, and by relevance."),
    ]
    waiting: Annotated[int, Field(description="Changes of articles that search has still to take in.", examples=[0])]

"""What changed, as mirrors are told it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from newsroom.api.shapes import ID, TIME, Shape, Story

__all__ = ["Change", "ChangeList"]


class Change(Shape):
    """One story's latest change."""

    kind: Annotated[
        Literal["story", "absorbed", "removed"],
        Field(description="story: here it is; absorbed: its id leads to another; removed: taken down."),
    ]
    at: Annotated[datetime, Field(examples=[TIME])]
    key: Annotated[
        str,
        Field(
            description="The id of the story; of what was taken down, the SHA-256 of `article:` and the id of the "
            "article, which a story has that began with it.",
            examples=[ID],
        ),
    ]
    into: Annotated[str | None, Field(description="The story that an absorbed id leads to.", examples=[ID])] = None
    story: Story | None = None


class ChangeList(Shape):
    changes: Annotated[list[Change], Field(description="The oldest first; each story once, at its latest change.")]
    next: Annotated[
        str,
        Field(
            description="Give it as `cursor`, now or tomorrow: the changes behind these.",
            examples=["WzE3OTU0MTQ3MjAwMDAwMDAsIiJd"],
        ),
    ]
    more: Annotated[bool, Field(description="Whether there are more already.")]

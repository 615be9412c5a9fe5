"""The filters of a list of stories, as an address gives them."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from newsroom.api.cursors import list_name
from newsroom.api.moments import read_moment
from store.records import StoryFilter

__all__ = ["StoryQuery"]

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,4})?")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
MOMENT = "ISO 8601 (UTC where it names no zone), or how long ago: `90m`, `24h`, `7d`, `2w`."


class StoryQuery(BaseModel):
    """Every part is optional; all that are given must hold."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str | None,
        Field(description=f"A copy was seen at or after this time. {MOMENT}", examples=["2026-11-23T06:30Z"]),
    ] = None
    until: Annotated[
        str | None,
        Field(description=f"The first copy was seen before this time. {MOMENT}", examples=["2026-11-24"]),
    ] = None
    published_since: Annotated[
        str | None,
        Field(description=f"The earliest time that a copy claims is at or after this. {MOMENT}"),
    ] = None
    min_copies: Annotated[int, Field(ge=1, le=1_000_000, description="At least so many copies.", examples=[3])] = 1
    outlet: Annotated[
        str | None,
        Field(max_length=300, description="An outlet that runs it, by its exact name.", examples=["Harbour Post"]),
    ] = None
    language: Annotated[
        str | None, Field(description="The language of the original, as a code of ISO 639.", examples=["en"])
    ] = None
    query: Annotated[
        str | None,
        Field(max_length=300, description="Words that all stand in the headline or text of one copy."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="At most so many stories.")] = 50
    cursor: Annotated[
        str | None,
        Field(description="`next` of the list before, given together with that list's filters."),
    ] = None

    @field_validator("outlet", "query", mode="after")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        """No database takes a NUL, and nobody looks for the others."""
        return CONTROL.sub(" ", value).strip() or None if value else None

    @field_validator("language", mode="after")
    @classmethod
    def _code(cls, value: str | None) -> str | None:
        code = (value or "").strip().lower()
        if code and not LANGUAGE.fullmatch(code):
            raise ValueError(f"{code[:40]!r} is not a language code; it reads like en")
        return code or None

    @field_validator("since", "until", "published_since", mode="after")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if not (value or "").strip():
            return None
        read_moment(value or "", now=datetime.now().astimezone())
        return value

    @property
    def list_name(self) -> str:
        return list_name(self.filters())

    def filters(self) -> dict[str, Any]:
        """What was asked for, without where in the list."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_defaults=True)

    def wanted(self, *, now: datetime) -> StoryFilter:
        """The same for the store."""

        def moment(value: str | None) -> datetime | None:
            return None if value is None else read_moment(value, now=now)

        return StoryFilter(
            since=moment(self.since),
            until=moment(self.until),
            published_since=moment(self.published_since),
            min_copies=self.min_copies,
            outlet=self.outlet,
            language=self.language,
            query=self.query,
        )

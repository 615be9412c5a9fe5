"""Which paragraphs of its original each copy of a story keeps."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.pagination import decode_cursor, encode_cursor, next_link_of_request
from onestory.newsroom.http.parameters import StoryId, validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.responses import json_response
from onestory.newsroom.http.schemas import EXAMPLE_ID
from onestory.newsroom.stories.word_counts import MAX_PARAGRAPHS, paragraph_table
from onestory.store.stories.copies import copies_after_cursor, current_texts
from onestory.store.stories.listing import StoryCursor
from onestory.store.stories.records import load_article, load_story

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["stories"], dependencies=[REQUIRE_READ])

MAX_COPIES = 50


class Paragraph(BaseModel):
    """A paragraph of the original."""

    number: int = Field(description="From 1.", examples=[1])
    start: str = Field(description="How it begins.", examples=["The harbour bridge will close"])
    kept_by: int = Field(description="Copies of this response that keep it whole.")


class ParagraphsOfCopy(BaseModel):
    """What a copy keeps."""

    article: str = Field(examples=[EXAMPLE_ID])
    outlet: str = Field(examples=["Harbour Post"])
    kept: list[float] = Field(description="The share of each paragraph, 0 to 1.", examples=[[1.0, 0.42]])


class StoryParagraphs(BaseModel):
    """The paragraphs of the original by copy."""

    original: str = Field(description="Id of the original.", examples=[EXAMPLE_ID])
    paragraphs: list[Paragraph] = Field(description=f"At most {MAX_PARAGRAPHS}.")
    left_out: int = Field(description="Paragraphs after these.", examples=[0])
    copies: list[ParagraphsOfCopy] = Field(description="In the order first seen, without the original.")
    next: str | None = Field(description="Cursor of the next page, null on the last one.")


@router.get(
    "/stories/{story_id}/paragraphs",
    response_model=StoryParagraphs,
    summary="Get the paragraphs that each copy keeps",
    operation_id="getStoryParagraphs",
    responses={
        307: {"description": "The story was absorbed: Location is that of its successor."},
        400: {"description": "The cursor is malformed, or belongs to another list."},
        404: {"description": "There is no such story."},
        410: {"description": "The story was taken down."},
    },
)
def get_story_paragraphs(
    request: Request,
    story_id: StoryId,
    *,
    limit: Annotated[int, Query(ge=1, le=MAX_COPIES, description="Maximum number of copies.")] = MAX_COPIES,
    cursor: Annotated[str | None, Query(description="`next` of the previous page of the same story.")] = None,
) -> Response:
    """The share of each paragraph of the original that each copy keeps, as the page of the story shows it.

    Texts are compared word by word. Without a second paragraph or another copy the lists are empty.
    """
    with api_context(request).store.read() as connection:
        record = load_story(connection, validate_id(story_id, of="story"))
        after = None if cursor is None else decode_cursor(cursor, of=record.id)
        place = None if after is None else (after.last_seen, after.id)
        found = copies_after_cursor(connection, record.id, after=place, limit=limit + 1)
        original = load_article(connection, record.original)
        texts = current_texts(connection, [record.original, *(copy.id for copy in found[:limit])])
    others = [text for one, text in texts.items() if one != record.original]
    counts = request.app.state.story_memory.differences.between(texts[record.original], others, most=limit)
    table = paragraph_table(original.text, record.original, found[:limit], counts)
    last = found[limit - 1] if len(found) > limit else None
    following = None if last is None else encode_cursor(StoryCursor(last.first_seen, last.id, up_to=0), of=record.id)
    columns = table.columns if table else ()
    result = StoryParagraphs(
        original=record.original,
        paragraphs=[Paragraph.model_validate(column, from_attributes=True) for column in columns],
        left_out=table.left_out if table else 0,
        copies=[
            ParagraphsOfCopy(article=row.copy.id, outlet=row.copy.outlet, kept=[round(one, 4) for one in row.shares])
            for row in (table.rows if table else ())
            if row.shares is not None
        ],
        next=following,
    )
    return json_response(request, result, headers=next_link_of_request(request, following))

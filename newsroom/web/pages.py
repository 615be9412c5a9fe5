"""The page of one article, and what all pages are drawn with."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from newsroom.api.callers import ANYONE, READ
from newsroom.api.desk import desk_of
from newsroom.api.stories import checked_id
from newsroom.web.render import STATIC, page
from store.history import version_records, withdrawals_of
from store.records import article, story

__all__ = ["router", "static_router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])
# What the page to sign in is drawn with, too.
static_router = APIRouter(include_in_schema=False, dependencies=[ANYONE])

MOST_VERSIONS = 100


@router.get("/articles/{article_id}")
def article_page(request: Request, article_id: str) -> Response:
    with desk_of(request).store.read() as connection:
        record = article(connection, checked_id(article_id, of="article"))
        home = story(connection, record.copy.story_id)
        versions = version_records(connection, record.copy.id)
        withdrawals = withdrawals_of(connection, record.copy.id)
    return page(
        request,
        "article.html",
        here=None,
        article=record,
        story=home,
        versions=versions[-MOST_VERSIONS:],
        withdrawals=withdrawals,
    )


@static_router.get("/static/{name}")
async def static_file(request: Request, name: str) -> Response:
    if name not in STATIC:
        raise HTTPException(404)
    content, media_type = STATIC[name]
    kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    return Response(content, media_type=media_type, headers={"Cache-Control": kept})


@static_router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    return await static_file(request, "icon.svg")

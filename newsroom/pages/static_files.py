"""Static files of the pages, served to anyone since the sign-in page needs them."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from onestory.newsroom.http.permissions import ALLOW_ANYONE
from onestory.newsroom.pages.render import STATIC_FILES

__all__ = ["static_router"]


# The sign-in page needs these.
static_router = APIRouter(include_in_schema=False, dependencies=[ALLOW_ANYONE])


@static_router.get("/static/{name}")
async def static_file(request: Request, name: str) -> Response:
    if name not in STATIC_FILES:
        raise HTTPException(404)
    content, media_type = STATIC_FILES[name]
    kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    return Response(content, media_type=media_type, headers={"Cache-Control": kept})


@static_router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    return await static_file(request, "icon.svg")

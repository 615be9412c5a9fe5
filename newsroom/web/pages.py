"""The pages: stories, one story, one article, sources, and what they are drawn with."""

import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from newsroom.api.desk import Desk, desk_of
from newsroom.api.filters import StoryQuery
from newsroom.api.stories import checked_id, page_of_stories
from newsroom.web.render import STATIC, page
from newsroom.web.views import copy_rows, evidence_rows
from store.facets import has_sources, has_stories, languages
from store.links import links_of
from store.records import article, copies, matches_of, story
from store.source_records import source_records

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

FILTERS = ("query", "since", "until", "published_since", "min_copies", "outlet", "language")
MOST_EVIDENCE = 100
LANGUAGES_SECONDS = 60.0


@dataclass(slots=True)
class Remembered:
    """The languages to choose from, looked up once in a while: that reads the whole table."""

    languages: list[str] = field(default_factory=list)
    until: float = 0.0

    def of(self, desk: Desk) -> list[str]:
        if time.monotonic() >= self.until:
            with desk.store.read() as connection:
                self.languages = languages(connection)
            # An empty store fills up: ask again at once.
            self.until = time.monotonic() + LANGUAGES_SECONDS if self.languages else 0.0
        return self.languages


@router.get("/")
def stories_page(request: Request) -> Response:
    desk = desk_of(request)
    given = {name: value for name in (*FILTERS, "cursor") if (value := _given(request, name))}
    chosen = {name: value for name, value in given.items() if name != "cursor"}
    try:
        query = StoryQuery.model_validate(given)
    except ValidationError as error:
        return _refused(request, chosen, error)
    found, cursor = page_of_stories(desk, query)
    return page(
        request,
        "stories.html",
        here="/",
        chosen=_form(chosen),
        stories=found,
        languages=request.app.state.remembered.of(desk),
        older=f"/?{urlencode({**chosen, 'cursor': cursor})}" if cursor else None,
        newest=f"/?{urlencode(chosen)}" if "cursor" in given else None,
        refusals=[],
        empty=None if found else _emptiness(desk),
    )


def _given(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()


def _form(chosen: dict[str, str]) -> dict[str, str]:
    """A value for each field."""
    return {name: chosen.get(name, "") for name in FILTERS}


def _refused(request: Request, chosen: dict[str, str], error: ValidationError) -> Response:
    refusals = [
        f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}".replace("_", " ", 1)
        for fault in error.errors()
    ]
    return page(
        request,
        "stories.html",
        status=422,
        here="/",
        chosen=_form(chosen),
        stories=[],
        languages=request.app.state.remembered.of(desk_of(request)),
        older=None,
        newest=None,
        refusals=refusals,
        empty=None,
    )


def _emptiness(desk: Desk) -> str:
    with desk.store.read() as connection:
        if has_stories(connection):
            return "filtered"
        return "polling" if has_sources(connection) else "new"


@router.get("/stories/{story_id}")
def story_page(request: Request, story_id: str) -> Response:
    with desk_of(request).store.read() as connection:
        record = story(connection, checked_id(story_id, of="story"))
        members = copies(connection, record.id)
        matches = matches_of(connection, [copy.id for copy in members])
        links = links_of(connection, [copy.id for copy in members])
        original = article(connection, record.original)
    return page(
        request,
        "story.html",
        here=None,
        story=record,
        rows=copy_rows(record, members, matches),
        original=original,
        links=links,
        evidence=evidence_rows(record, members, matches, most=MOST_EVIDENCE),
        more_evidence=max(0, len(matches) - MOST_EVIDENCE),
    )


@router.get("/articles/{article_id}")
def article_page(request: Request, article_id: str) -> Response:
    with desk_of(request).store.read() as connection:
        record = article(connection, checked_id(article_id, of="article"))
        home = story(connection, record.copy.story_id)
    return page(request, "article.html", here=None, article=record, story=home)


@router.get("/sources")
def sources_page(request: Request) -> Response:
    with desk_of(request).store.read() as connection:
        found = source_records(connection)
    ill = sum(source.enabled and not source.is_well for source in found)
    return page(request, "sources.html", here="/sources", sources=found, ill=ill)


@router.get("/static/{name}")
async def static_file(request: Request, name: str) -> Response:
    if name not in STATIC:
        raise HTTPException(404)
    content, media_type = STATIC[name]
    kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    return Response(content, media_type=media_type, headers={"Cache-Control": kept})


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    return await static_file(request, "icon.svg")

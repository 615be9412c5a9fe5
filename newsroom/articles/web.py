"""The page that compares two versions side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.newsroom.articles.pieces import Paragraph, inline_paragraphs, side_paragraphs
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.pages.render import render_page
from onestory.pipelines.versions.word_diff import word_diff
from onestory.store.articles.captures import RemovedLine
from onestory.store.articles.history import version_records, withdrawals_of
from onestory.store.boilerplate import removed_lines_of
from onestory.store.stories.copies import ComparableVersion, VersionChoice, comparable_versions, version_choices
from onestory.store.stories.records import load_article, load_story, resolve_story
from onestory.store.wire.dispatches import dispatches_by_id

__all__ = ["article_router", "compare_router"]


compare_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])


MAX_VERSION_CHOICES = 300


MAX_BOILERPLATE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """One of the two texts in paragraphs, with the boilerplate removed from its page."""

    version: ComparableVersion
    paragraphs: Sequence[Paragraph]
    boilerplate: Sequence[RemovedLine]


@compare_router.get("/compare")
def compare_page(request: Request) -> Response:
    """Show two versions, given by their numbers: the older one left, unless `swapped`. Raises BadInput or NotFound."""
    a, b = (_number(request, name) for name in ("a", "b"))
    is_swapped = request.query_params.get("swapped") == "1"
    with api_context(request).store.read() as connection:
        found = comparable_versions(connection, {a, b})
        left, right = sorted(
            (found[number] for number in (a, b)),
            key=lambda one: (one.observed, one.number),
            reverse=is_swapped,
        )
        removed = removed_lines_of(connection, {a, b})
        record = resolve_story(connection, right.story_id)
        choices = _choices(connection, left, right)
    changes = word_diff(left.text, right.text)
    before, after = side_paragraphs(left.text, right.text, changes)
    return render_page(
        request,
        "compare.html",
        here=None,
        story=record,
        is_swapped=is_swapped,
        left=ComparedSide(left, before, removed.get(left.number, [])[:MAX_BOILERPLATE_SHOWN]),
        right=ComparedSide(right, after, removed.get(right.number, [])[:MAX_BOILERPLATE_SHOWN]),
        inline=inline_paragraphs(left.text, right.text, changes.spans),
        is_inline=request.query_params.get("view") == "inline",
        changes=changes,
        choices=choices,
    )


def _number(request: Request, name: str) -> int:
    typed = request.query_params.get(name, "").strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) < 11 and 0 < int(typed) <= MAX_DATABASE_ID):
        raise BadInput("Choose two copies to compare on the page of a story.")
    return int(typed)


def _choices(
    connection: Connection, left: ComparableVersion, right: ComparableVersion
) -> list[tuple[str, list[VersionChoice]]]:
    """The versions to choose from, by outlet: all versions of the copies of both stories."""
    found = version_choices(connection, {left.story_id, right.story_id}, limit=MAX_VERSION_CHOICES)
    found.sort(key=lambda one: (one.outlet.casefold(), one.article_id, one.observed, one.number))
    return [(outlet, list(of_outlet)) for outlet, of_outlet in groupby(found, key=lambda one: one.outlet)]


article_router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])


MAX_VERSIONS_SHOWN = 100


@article_router.get("/articles/{article_id}")
def article_page(request: Request, article_id: str) -> Response:
    with api_context(request).store.read() as connection:
        record = load_article(connection, validate_id(article_id, of="article"))
        home = load_story(connection, record.copy.story_id)
        versions = version_records(connection, record.copy.id)
        withdrawals = withdrawals_of(connection, record.copy.id)
        dispatch = dispatches_by_id(connection, [record.copy.id]).get(record.copy.id)
    return render_page(
        request,
        "article.html",
        dispatch=dispatch,
        here=None,
        article=record,
        story=home,
        versions=versions[-MAX_VERSIONS_SHOWN:],
        withdrawals=withdrawals,
    )

"""The page of counts: coverage as a chart and its table."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from onestory.errors import BadInput, NotFound
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import REQUIRE_READ
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.news_events.counts_api import CountsQuery, counts_of, shown_rows
from onestory.newsroom.pages.render import render_page
from onestory.store.news_events.counts import COUNT_DIMENSIONS

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

COUNT_FILTERS = ("q", "since", "until", "outlet", "owner", "credit", "language", "news_event")


@router.get("/counts")
def counts_page(request: Request) -> Response:
    """Counts of coverage, as a chart and its table."""
    chosen = {name: value for name in (*COUNT_FILTERS, "by") if (value := request.query_params.get(name, "").strip())}
    context = api_context(request)
    refusal: str | None = None
    found: Any = None
    try:
        query = CountsQuery.model_validate(chosen)
        found = counts_of(context, query)
    except ValidationError as error:
        refusal = "; ".join(
            f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        )
    except (BadInput, NotFound) as error:
        refusal = str(error)
    rows = [] if found is None else shown_rows(found, query)
    return render_page(
        request,
        "counts.html",
        status=422 if refusal else 200,
        here="/counts",
        chosen={name: chosen.get(name, "") for name in COUNT_FILTERS},
        by=chosen.get("by", "day"),
        dimensions=COUNT_DIMENSIONS,
        counts=found,
        rows=rows,
        most=max((row.articles for row in rows), default=0),
        refusal=refusal and as_sentence(refusal),
        query=urlencode(chosen),
        languages=request.app.state.remembered.of(context),
    )

"""Errors as problem details (RFC 9457): JSON for programs, a page for people."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from onestory.errors import BadInput, HomeUnusable, NotFound, OnestoryError, TakenDown, Unavailable
from onestory.newsroom.http.pagination import BadCursor
from onestory.store.stories.records import StoryAbsorbed

__all__ = ["Problem", "ProblemRenderer", "as_sentence", "handle_problems", "problem_of", "problem_renderer"]

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
# The first match applies.
ERROR_STATUSES: tuple[tuple[type[OnestoryError], int], ...] = (
    (BadCursor, 400),
    (BadInput, 422),
    (TakenDown, 410),
    (NotFound, 404),
    (Unavailable, 503),
    (HomeUnusable, 503),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem. `reason` is a stable word for programs, `detail` a sentence for people, `more` further members."""

    status: int
    reason: str
    detail: str
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def response(self, path: str) -> Response:
        members = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": path,
            "reason": self.reason,
            **self.more,
        }
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(orjson.dumps(members), self.status, headers, PROBLEM_TYPE)


ProblemRenderer = Callable[[Request, Problem], Response]


def is_api_path(path: str) -> bool:
    """Whether clients of this path expect JSON. Other paths are pages."""
    return path.startswith("/v1/") or path in ("/v1", "/mcp", "/livez", "/readyz", "/metrics", "/openapi.json")


def problem_renderer(page: ProblemRenderer) -> ProblemRenderer:
    """Render a problem as JSON for API paths, with `page` for others."""

    def show(request: Request, problem: Problem) -> Response:
        path = request.url.path
        return problem.response(path) if is_api_path(path) else page(request, problem)

    return show


def handle_problems(app: FastAPI, show: ProblemRenderer) -> None:
    """Render all known errors with `show`. The request guard answers the others."""

    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, StoryAbsorbed):
            return redirect_to_survivor(request, error)
        return show(request, problem_of(error))

    handler: Callable[[Request, Exception], Awaitable[Response]] = handle
    for kind in (OnestoryError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, handler)


def redirect_to_survivor(request: Request, error: StoryAbsorbed) -> Response:
    """Redirect to the survivor. Not cached, since a split can bring the id back."""
    place = request.url.path.replace(error.story_id, error.survivor, 1)
    return RedirectResponse(place, 307, {"Cache-Control": "no-store"})


def problem_of(error: Exception) -> Problem:
    if isinstance(error, OnestoryError):
        return _of_ours(error)
    if isinstance(error, RequestValidationError):
        return _of_parameters(error.errors())
    if isinstance(error, HTTPException):
        return _of_http(error)
    logger.error("a request failed", exc_info=error)
    return Problem(500, "error", "Something went wrong. The server's log has the details.")


def _of_ours(error: OnestoryError) -> Problem:
    status = next((status for kind, status in ERROR_STATUSES if isinstance(error, kind)), 500)
    headers = {"Retry-After": RETRY_SECONDS} if status == 503 else {}
    return Problem(status, error.reason, as_sentence(str(error)), headers=headers)


def _of_http(error: HTTPException) -> Problem:
    reason = HTTPStatus(error.status_code).name.lower()
    detail = str(error.detail)
    if detail == HTTPStatus(error.status_code).phrase:
        detail = STATUS_DETAILS.get(error.status_code, f"{detail}.")
    return Problem(error.status_code, reason, detail, headers=dict(error.headers or {}))


STATUS_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not support that method; the Allow header lists those it does.",
}


def _of_parameters(errors: Sequence[Any]) -> Problem:
    found = [{"parameter": _place(error["loc"]), "detail": _sentence(error)} for error in errors]
    detail = "; ".join(f"{one['parameter']}: {one['detail']}" for one in found)
    return Problem(422, "bad_input", as_sentence(detail), {"errors": found})


def _place(location: Sequence[Any]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "is not a parameter of this address"
    return str(error["msg"]).removeprefix("Value error, ")


def as_sentence(message: str) -> str:
    """The text with a capital at the start and a full stop at the end."""
    message = message[:1].upper() + message[1:]
    return message if message.endswith((".", "!", "?")) else f"{message}."

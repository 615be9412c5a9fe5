"""Which list a reader's front page has: stories, or news events. The choice is kept in a cookie."""

from typing import Literal

from fastapi import Request
from fastapi.responses import Response

__all__ = ["chosen_view", "remember_view"]

View = Literal["stories", "events"]
VIEW_COOKIE = "onestory_view"
YEAR_SECONDS = 365 * 86_400


def chosen_view(request: Request) -> View:
    """The remembered view; `?view=` takes precedence."""
    view = request.query_params.get("view") or request.cookies.get(VIEW_COOKIE)
    return "events" if view == "events" else "stories"


def remember_view(request: Request, response: Response, view: View) -> None:
    if request.cookies.get(VIEW_COOKIE, "stories") != view:
        response.set_cookie(VIEW_COOKIE, view, max_age=YEAR_SECONDS, httponly=True, samesite="lax")

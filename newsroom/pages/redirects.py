"""Redirects within the site, after sign-in and after forms."""

import re

from fastapi import Request
from fastapi.responses import RedirectResponse

__all__ = ["MAX_RETURN_PATH", "return_path", "safe_return_path", "see_other"]

MAX_RETURN_PATH = 2_048
# A path and query in printable ASCII. Browsers take `//host` and `/\host` for other hosts.
OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
NOT_RETURNED_TO = ("/sign-in", "/sign-out")


def see_other(path: str) -> RedirectResponse:
    """A redirect to the page that shows the result of a form."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def safe_return_path(way: str) -> str:
    """The path, if it is one of this site's, else that of the front page."""
    if len(way) > MAX_RETURN_PATH or not OWN_PATH.fullmatch(way) or way.partition("?")[0] in NOT_RETURNED_TO:
        return "/"
    return way


def return_path(request: Request) -> str:
    """The path to return to after sign-in, for requests that only read."""
    if request.method != "GET":
        return "/"
    raw: bytes = request.scope.get("raw_path") or b"/"
    query: bytes = request.scope.get("query_string") or b""
    return safe_return_path((raw + (b"?" + query if query else b"")).decode("latin-1"))

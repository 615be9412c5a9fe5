"""Where somebody goes on once they have signed in: a page of ours, never an address of somebody else's making."""

import re

from fastapi import Request

__all__ = ["MOST_WAY", "back_to", "checked_way"]

MOST_WAY = 2_048
# A path and a query in printable ASCII. `//host` and `/\host` are other hosts to a browser.
OWN = re.compile(r"/(?![/\\])[!-\[\]-~]*")
NOT_BACK = ("/sign-in", "/sign-out")


def checked_way(way: str) -> str:
    """The same, if it is one of our own paths; else the front page."""
    if len(way) > MOST_WAY or not OWN.fullmatch(way) or way.partition("?")[0] in NOT_BACK:
        return "/"
    return way


def back_to(request: Request) -> str:
    """Where this request wanted to go, if it only wanted to see something."""
    if request.method != "GET":
        return "/"
    raw: bytes = request.scope.get("raw_path") or b"/"
    query: bytes = request.scope.get("query_string") or b""
    return checked_way((raw + (b"?" + query if query else b"")).decode("latin-1"))

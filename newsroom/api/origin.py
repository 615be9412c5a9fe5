"""Who may change something: our own pages, and programs; never a page of another site in somebody's browser.

Browsers say where a request comes from: `Sec-Fetch-Site` (Fetch Metadata) on addresses that they trust, `Origin`
(RFC 6454) on all others. What says neither is no browser's doing, and has no one's cookies to abuse.
"""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException

__all__ = ["refuse_other_sites"]

OURS = ("same-origin", "none")


def refuse_other_sites(request: Request) -> None:
    """For `Depends`. Raises HTTPException 403."""
    told = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if told is not None:
        is_ours = told in OURS
    else:
        is_ours = origin is None or _authority(origin) == request.headers.get("host", "").lower()
    if not is_ours:
        raise HTTPException(403, "This can be asked for by our own pages and by programs, and by no other site's page.")


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None

"""Who may change something: our own pages, and programs; never a page of another site in somebody's browser.

Browsers say where a request comes from: `Sec-Fetch-Site` (Fetch Metadata) on addresses that they trust, `Origin`
(RFC 6454) on all others. What says neither is no browser's doing, and has no one's cookies to abuse.
"""

from urllib.parse import urlsplit

from fastapi import Request

__all__ = ["is_of_other_site"]

OURS = ("same-origin", "none")


def is_of_other_site(request: Request) -> bool:
    """Whether a page of another site asks."""
    told = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if told is not None:
        return told not in OURS
    return origin is not None and _authority(origin) != request.headers.get("host", "").lower()


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None

"""Protection against cross-site request forgery: only this site's own pages and programs may make changes.

Browsers report where a request comes from: in `Sec-Fetch-Site` (Fetch Metadata) for trusted addresses, in `Origin` (RFC
6454) otherwise. A request with neither is not from a browser, and carries no user's cookies.
"""

import hashlib
import hmac
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope

from onestory.newsroom.http.body_budget import MAX_BODY_BYTES

__all__ = [
    "CSRF_FIELD_NAME",
    "CSRF_HEADER",
    "MAX_FORM_FIELDS",
    "MAX_FORM_FILES",
    "csrf_token",
    "is_cross_site",
    "is_embedded_elsewhere",
    "lacks_csrf_token",
    "read_body",
]


SAME_SITE = ("same-origin", "none")


def is_cross_site(request: Request) -> bool:
    """Whether a page of another site sent the request."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        return site not in SAME_SITE
    return origin is not None and _authority(origin) != request.headers.get("host", "").lower()


def is_embedded_elsewhere(request: Request, allowed: Collection[str] = ()) -> bool:
    """Whether a page of another site asked for this as a part of itself, instead of leading the reader here.

    Pages of the `allowed` origins may.
    """
    if request.headers.get("sec-fetch-site", "none") in SAME_SITE:
        return False
    leads_here = request.headers.get("sec-fetch-mode") == "navigate"
    if leads_here and request.headers.get("sec-fetch-dest", "document") == "document":
        return False
    return request.headers.get("origin", "").lower() not in allowed


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


CSRF_FIELD_NAME = "form_token"

CSRF_HEADER = "x-form-token"

MAX_FORM_FIELDS = 1_100

MAX_FORM_FILES = 1


def csrf_token(session: str) -> str:
    """The token for all forms of a session. It does not reveal the session."""
    return hmac.digest(session.encode(), b"onestory form", hashlib.sha256).hex()


async def lacks_csrf_token(scope: Scope, receive: Receive, session: str) -> bool:
    """Whether a request with this session's cookie lacks the token, both in its form and in the header."""
    request = Request(scope, receive)
    sent = request.headers.get(CSRF_HEADER) or await _field(request)
    return not hmac.compare_digest(sent.encode("utf-8", "replace"), csrf_token(session).encode())


async def _field(request: Request) -> str:
    try:
        form = await request.form(max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_BODY_BYTES)
    except HTTPException:
        return ""
    value = form.get(CSRF_FIELD_NAME)
    await form.close()
    return value if isinstance(value, str) else ""


async def read_body(receive: Receive) -> bytes:
    """The body, which the request guard has already read."""
    body: bytes = (await receive()).get("body", b"")
    return body

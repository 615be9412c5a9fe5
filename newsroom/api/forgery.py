"""That a form is our own page's: with the cookie of its session it sends a token that no other site can know."""

import hashlib
import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope

from newsroom.api.guard import MAX_BODY_BYTES

__all__ = ["FIELD", "HEADER", "form_token", "is_forged", "read_whole"]

FIELD = "form_token"
HEADER = "x-form-token"
MOST_FIELDS = 1_100


def form_token(session: str) -> str:
    """The same for all forms of a session; from it there is no way back to the session."""
    return hmac.digest(session.encode(), b"onestory form", hashlib.sha256).hex()


async def is_forged(scope: Scope, receive: Receive, session: str) -> bool:
    """Whether a request with this session's cookie lacks the token, in a field of its form or in a header."""
    request = Request(scope, receive)
    sent = request.headers.get(HEADER) or await _field(request)
    return not hmac.compare_digest(sent.encode("utf-8", "replace"), form_token(session).encode())


async def _field(request: Request) -> str:
    try:
        form = await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=MAX_BODY_BYTES)
    except HTTPException:
        return ""
    value = form.get(FIELD)
    return value if isinstance(value, str) else ""


async def read_whole(receive: Receive) -> bytes:
    """The body, which the guard has read already."""
    body: bytes = (await receive()).get("body", b"")
    return body

"""The credential of a request: a key (RFC 6750, RFC 7617), or a session cookie."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal

from fastapi import Request
from fastapi.responses import Response

from onestory.store.access.sessions import SESSION_LIFETIME

__all__ = ["Credential", "clear_session_cookie", "credential_of", "session_token", "set_session_cookie"]

MAX_CREDENTIAL = 512
SESSION_COOKIE = "onestory_session"
# Browsers accept this prefix only from the host itself over TLS, so no other host of the domain can set one.
SECURE_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"


@dataclass(frozen=True, slots=True)
class Credential:
    """A key and its scheme. Browsers repeat `basic` credentials by themselves, so these are accepted for feeds only."""

    scheme: Literal["bearer", "basic"]
    key: str = field(repr=False)


def credential_of(request: Request) -> Credential | None:
    """The credential of a request: None without one, an empty one if it cannot be a key."""
    headers = request.headers.getlist("authorization")
    if not headers:
        return None
    scheme, _, value = headers[0].strip().partition(" ")
    key = value.strip() if len(headers) == 1 and len(value) <= 2 * MAX_CREDENTIAL else ""
    if scheme.lower() == "basic":
        return Credential("basic", _password(key))
    return Credential("bearer", key if scheme.lower() == "bearer" else "")


def _password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def session_token(request: Request) -> str | None:
    return request.cookies.get(_cookie(request)) or None


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        _cookie(request),
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_cookie(request), httponly=True, samesite="lax", secure=_is_secure(request))


def _cookie(request: Request) -> str:
    return SECURE_SESSION_COOKIE if _is_secure(request) else SESSION_COOKIE


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"

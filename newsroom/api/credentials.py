"""What a request shows of who sends it: a key (RFC 6750, RFC 7617), or the cookie of a session."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal

from fastapi import Request
from fastapi.responses import Response

from store.sessions import LASTS

__all__ = ["Shown", "forget_session", "remember_session", "session_token", "shown_key"]

MOST_KEY = 512
COOKIE = "onestory_session"
# A browser takes this name from the host itself and over TLS only: no other host of the domain can plant one.
SECURE_COOKIE = f"__Host-{COOKIE}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A key, and by which scheme. Browsers send what is `basic` by themselves, so it is good for feeds only."""

    scheme: Literal["bearer", "basic"]
    key: str = field(repr=False)


def shown_key(request: Request) -> Shown | None:
    """None where there is none; an empty one where what is sent cannot be a key."""
    told = request.headers.getlist("authorization")
    if not told:
        return None
    scheme, _, value = told[0].strip().partition(" ")
    key = value.strip() if len(told) == 1 and len(value) <= 2 * MOST_KEY else ""
    if scheme.lower() == "basic":
        return Shown("basic", _password(key))
    return Shown("bearer", key if scheme.lower() == "bearer" else "")


def _password(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def session_token(request: Request) -> str | None:
    return request.cookies.get(_cookie(request)) or None


def remember_session(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        _cookie(request),
        token,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )


def forget_session(request: Request, response: Response) -> None:
    response.delete_cookie(_cookie(request), httponly=True, samesite="lax", secure=_is_secure(request))


def _cookie(request: Request) -> str:
    return SECURE_COOKIE if _is_secure(request) else COOKIE


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"

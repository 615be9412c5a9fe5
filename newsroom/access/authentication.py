"""Authentication of requests, and authorization by the scope of their route.

Every request passes through here. Its route declares a scope (`onestory.newsroom.http.permissions`); a route without
one requires the highest. Where keys are not required, on loopback, everything is allowed except requests from pages of
other sites.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from onestory.newsroom.access.credentials import Credential, credential_of, session_token
from onestory.newsroom.access.csrf import is_cross_site, is_embedded_elsewhere, lacks_csrf_token, read_body
from onestory.newsroom.access.key_cache import KeyCache
from onestory.newsroom.access.rate_limit import TokenBuckets
from onestory.newsroom.http.permissions import (
    ANONYMOUS,
    CALLER_SCOPE_KEY,
    KEYLESS_CALLER,
    SAFE_METHODS,
    Caller,
    RouteScope,
    RouteScopes,
    client_address,
)
from onestory.newsroom.http.problems import Problem, ProblemRenderer
from onestory.newsroom.http.request_guard import replay_body
from onestory.store.access.api_keys import KeyRecord

__all__ = [
    "KEY_FAILURES_PER_MINUTE",
    "SESSION_FAILURES_PER_MINUTE",
    "TOO_MANY_WRONG_KEYS",
    "WRONG_KEY",
    "Authenticator",
    "LoginThrottle",
    "TooManyFailures",
]

KEY_FAILURES_PER_MINUTE = 20
SESSION_FAILURES_PER_MINUTE = 120
# Headers added by proxies. With them, the address of the connection does not identify the client.
PROXY_HEADERS = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "fly-client-ip",
)
REALM = 'realm="Onestory"'
FEED_SUFFIXES = (".atom", ".json-feed")

WRONG_KEY = "Key not recognised or revoked. Check that it is complete."
KEY_REQUIRED = "A key is required: send it as `Authorization: Bearer KEY`."
OTHER_SITE = Problem(
    403, "other_site", "Only this site's own pages and programs may send this request, not pages of other sites."
)
STALE_FORM = Problem(
    403,
    "form_token",
    "The form is older than your session: reload the page. Programs send their key as a Bearer token.",
)
TOO_MANY_WRONG_KEYS = Problem(
    429,
    "too_many_wrong_keys",
    "Too many wrong keys from this address: wait a minute.",
    headers={"Retry-After": "60"},
)


@dataclass(slots=True)
class LoginThrottle:
    """Limits failed keys and failed sessions by address.

    A right credential is never refused: many clients may come from one proxy, and the wrong keys of one of them must
    not bar the others. Beyond the limit a credential is compared with the digests in memory, so that wrong ones cost
    no query. Browsers keep sending expired sessions, so their limit is higher.
    """

    keys: TokenBuckets = field(default_factory=lambda: TokenBuckets(KEY_FAILURES_PER_MINUTE))
    sessions: TokenBuckets = field(default_factory=lambda: TokenBuckets(SESSION_FAILURES_PER_MINUTE))

    async def key_of(self, request: Request, keyring: KeyCache, key: str, *, now: datetime) -> KeyRecord | None:
        """The key, if it is valid. Raises TooManyFailures."""
        address = client_address(request.scope)
        if self.keys.left(address) < 1 and not await keyring.has_digest("key", key, now=now):
            raise TooManyFailures
        found = await keyring.key_of(key, now=now) if key else None
        if found is None:
            self.keys.take(address)
        return found

    async def session_of(self, request: Request, keyring: KeyCache, token: str, *, now: datetime) -> KeyRecord | None:
        """The key of a session; None also after too many failures."""
        address = client_address(request.scope)
        if self.sessions.left(address) < 1 and not await keyring.has_digest("session", token, now=now):
            return None
        found = await keyring.session_of(token, now=now)
        if found is None:
            self.sessions.take(address)
        return found


class TooManyFailures(Exception):  # noqa: N818 - always caught
    """Too many wrong keys from this address."""


class RequestRefused(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Authenticator:
    """ASGI middleware, inside the request guard, which has read the body. `is_open`: no key is required.

    Pages of the `origins` may read the API.
    """

    app: ASGIApp
    needs: RouteScopes
    keyring: KeyCache
    strangers: LoginThrottle
    clock: Callable[[], datetime]
    show: ProblemRenderer
    is_open: bool
    origins: Collection[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        need = self.needs.of(scope["method"], scope["path"])
        try:
            caller, is_bearer = await self._caller(request, need)
            # Updated in place: outer middleware reads the route from the same scope.
            scope[CALLER_SCOPE_KEY] = caller
            self._refuse_what_it_may_not(request, caller, need)
            if scope["method"] in SAFE_METHODS and not is_bearer:
                self._refuse_embedding(request, need)
            elif not is_bearer:
                receive = await self._refuse_forgeries(request, caller, need, receive)
        except RequestRefused as refused:
            await self.show(request, refused.problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _caller(self, request: Request, need: RouteScope | None) -> tuple[Caller, bool]:
        """The caller, and whether they sent the key explicitly, which browsers never do."""
        if self.is_open and not any(name in request.headers for name in PROXY_HEADERS):
            return KEYLESS_CALLER, False
        if need is not None and need.scope is None:
            return ANONYMOUS, False
        shown = credential_of(request)
        if shown is not None and shown.scheme == "bearer":
            key = await self._key(request, shown, need)
            return Caller(key.scope, key), True
        token = session_token(request)
        if token is not None and (signed_in := await self._session(request, token)):
            return Caller(signed_in.scope, signed_in, token), False
        # For other routes it may be the password of a proxy in front, not a key.
        if shown is not None and _is_feed(need):
            return Caller("read", await self._key(request, shown, need)), False
        return ANONYMOUS, False

    async def _key(self, request: Request, shown: Credential, need: RouteScope | None) -> KeyRecord:
        try:
            found = await self.strangers.key_of(request, self.keyring, shown.key, now=self.clock())
        except TooManyFailures:
            raise RequestRefused(TOO_MANY_WRONG_KEYS) from None
        if found is None:
            raise RequestRefused(_unknown(need, WRONG_KEY, 'error="invalid_token"'))
        return found

    async def _session(self, request: Request, token: str) -> KeyRecord | None:
        return await self.strangers.session_of(request, self.keyring, token, now=self.clock())

    def _refuse_what_it_may_not(self, request: Request, caller: Caller, need: RouteScope | None) -> None:
        """Refuse requests beyond the caller's scope. Unknown paths need a key too, so 404 does not reveal which routes
        exist.
        """
        wanted = "read" if need is None else need.scope
        if caller.may(wanted):
            return
        if caller.scope is None:
            raise RequestRefused(_unknown(need, KEY_REQUIRED))
        raise RequestRefused(
            Problem(
                403,
                "insufficient_scope",
                f"Your key has the scope {caller.scope}; this needs the scope {wanted}.",
                {"scope": wanted},
                {"WWW-Authenticate": f'Bearer {REALM}, error="insufficient_scope", scope="{wanted}"'},
            )
        )

    def _refuse_embedding(self, request: Request, need: RouteScope | None) -> None:
        """Refuse what a page of another site loads as an image, script or frame: it may not read the response, and
        making one is work. Links to a page are followed.
        """
        if (need is None or need.scope is not None) and is_embedded_elsewhere(request, self.origins):
            raise RequestRefused(OTHER_SITE)

    async def _refuse_forgeries(
        self, request: Request, caller: Caller, need: RouteScope | None, receive: Receive
    ) -> Receive:
        """Refuse cross-site requests, and return the body again. Sites on the CORS list may look up texts, which
        changes nothing.
        """
        is_lookup = caller is KEYLESS_CALLER and need is not None and need.scope == "read"
        if not is_lookup and is_cross_site(request):
            raise RequestRefused(OTHER_SITE)
        if caller.session is None:
            return receive
        body = await read_body(receive)
        if await lacks_csrf_token(request.scope, replay_body(body, receive), caller.session):
            raise RequestRefused(STALE_FORM)
        return replay_body(body, receive)


def _is_feed(need: RouteScope | None) -> bool:
    return need is not None and need.methods <= SAFE_METHODS and need.path.endswith(FEED_SUFFIXES)


def _unknown(need: RouteScope | None, detail: str, fault: str = "") -> Problem:
    """The 401 response. Basic is offered to feed readers, which then ask for a password; browsers on pages must not."""
    challenge = f"Bearer {REALM}" + (f", {fault}" if fault else "")
    if _is_feed(need):
        challenge = f'{challenge}, Basic {REALM}, charset="UTF-8"'
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": challenge})

"""Callers and their scopes, and the scopes that routes require."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fastapi import Depends, FastAPI, Request
from fastapi.params import Depends as DependsParameter
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import Scope

from onestory.store.access.api_keys import KEY_SCOPES, KeyRecord, KeyScope

__all__ = [
    "ALLOW_ANYONE",
    "ANONYMOUS",
    "KEYLESS_CALLER",
    "REQUIRE_ADMIN",
    "REQUIRE_EDIT",
    "REQUIRE_READ",
    "REQUIRE_READ_FOR_POST",
    "SAFE_METHODS",
    "Caller",
    "RequiredScope",
    "RouteScope",
    "RouteScopes",
    "caller_of",
    "client_address",
    "rate_limit_key",
    "route_scopes",
]


CALLER_SCOPE_KEY = "onestory.caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request. `scope` is what the caller may do, None for nothing; `session` the token of a signed-in
    user.
    """

    scope: KeyScope | None
    key: KeyRecord | None = None
    session: str | None = field(default=None, repr=False)

    def may(self, wanted: KeyScope | None) -> bool:
        """Whether the caller has this scope. None is for everybody."""
        if wanted is None:
            return True
        return self.scope is not None and KEY_SCOPES.index(self.scope) >= KEY_SCOPES.index(wanted)

    @property
    def name(self) -> str:
        return self.key.name if self.key else ""

    def signature_for(self, said: str) -> str:
        """The author to log for a decision: the name given, followed by the name of the key if that differs."""
        return said if self.key is None or said == self.key.name else f"{said} (key {self.key.name})"


ANONYMOUS = Caller(None)

# Where no key is required.
KEYLESS_CALLER = Caller("admin")


def caller_of(request: Request) -> Caller:
    caller: Caller = request.scope.get(CALLER_SCOPE_KEY, ANONYMOUS)
    return caller


@dataclass(frozen=True, slots=True)
class RequiredScope:
    """The scope that a route requires, given as one of its `dependencies`. The highest counts. Enforced before the app
    runs.

    A scope `for_reading` does not cover methods that make changes; these need one of their own.
    """

    scope: KeyScope | None
    for_reading: bool = False

    async def __call__(self, request: Request) -> None:
        if not caller_of(request).may(self.scope):
            raise HTTPException(403)


ALLOW_ANYONE = Depends(RequiredScope(None))

REQUIRE_READ = Depends(RequiredScope("read", for_reading=True))

# For reading, also with POST: lookups have long bodies and change nothing.
REQUIRE_READ_FOR_POST = Depends(RequiredScope("read"))

REQUIRE_EDIT = Depends(RequiredScope("edit"))

REQUIRE_ADMIN = Depends(RequiredScope("admin"))


def rate_limit_key(scope: Scope) -> str:
    """What a rate limit applies to: a key, or the address without one."""
    caller: Caller = scope.get(CALLER_SCOPE_KEY, ANONYMOUS)
    return f"key {caller.key.id}" if caller.key else client_address(scope)


def client_address(scope: Scope) -> str:
    """The address of the connection, for IPv6 its network, all of which belongs to one client."""
    address = scope["client"][0] if scope.get("client") else ""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


SAFE_METHODS = frozenset({"GET", "HEAD"})

ANY_PATH = re.compile("")


@dataclass(frozen=True, slots=True)
class RouteScope:
    """The scope of a route. `scope` of None is open to anyone. No methods means all, as for mounted apps."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    scope: KeyScope | None

    def takes(self, method: str, path: str) -> bool:
        return (not self.methods or method in self.methods) and self.pattern.match(path) is not None


def route_scopes(routes: Iterable[BaseRoute]) -> list[RouteScope]:
    """The scopes of all routes, in order."""
    return [_need(one) for one in iter_route_contexts(list(routes))]


def _need(route: RouteContext) -> RouteScope:
    methods = frozenset(route.methods or ())
    is_safe = bool(methods) and methods <= SAFE_METHODS
    dependencies = [one.dependency for one in getattr(route, "dependencies", ()) if isinstance(one, DependsParameter)]
    needs = [one for one in dependencies if isinstance(one, RequiredScope) and (is_safe or not one.for_reading)]
    pattern: re.Pattern[str] = getattr(route, "path_regex", ANY_PATH)
    return RouteScope(route.path or "", pattern, methods, _highest([one.scope for one in needs]))


def _highest(scopes: Sequence[KeyScope | None]) -> KeyScope | None:
    if not scopes:
        return "admin"
    return max(scopes, key=lambda scope: -1 if scope is None else KEY_SCOPES.index(scope))


class RouteScopes:
    """The scopes of an app's routes, read again when routes were added."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._known: list[RouteScope] = []
        self._count = -1

    def of(self, method: str, path: str) -> RouteScope | None:
        """The scope for a request, None if no route matches. The router then answers 404 or 405."""
        if len(self._app.routes) != self._count:
            self._known, self._count = route_scopes(self._app.routes), len(self._app.routes)
        return next((one for one in self._known if one.takes(method, path)), None)

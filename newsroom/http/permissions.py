"""Who asks, and what a route takes of them."""

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
    """`scope` is what they may do, None for nothing. `session` is the token of whoever signed in on the pages."""

    scope: KeyScope | None
    key: KeyRecord | None = None
    session: str | None = field(default=None, repr=False)

    def may(self, wanted: KeyScope | None) -> bool:
        """Whether they may do what takes this scope; what takes none is for everybody."""
        if wanted is None:
            return True
        return self.scope is not None and KEY_SCOPES.index(self.scope) >= KEY_SCOPES.index(wanted)

    @property
    def name(self) -> str:
        return self.key.name if self.key else ""

    def signature_for(self, said: str) -> str:
        """Who decides, as the log keeps it: who they say they are and, where that is another name, the key's."""
        return said if self.key is None or said == self.key.name else f"{said} (key {self.key.name})"


ANONYMOUS = Caller(None)

# Where no key is asked for.
KEYLESS_CALLER = Caller("admin")


def caller_of(request: Request) -> Caller:
    caller: Caller = request.scope.get(CALLER_SCOPE_KEY, ANONYMOUS)
    return caller


@dataclass(frozen=True, slots=True)
class RequiredScope:
    """What a route takes, as one of its `dependencies`; the highest counts. The door asks first, from outside.

    What is only `for_reading` says nothing of a method that may change something: that has to be said there.
    """

    scope: KeyScope | None
    for_reading: bool = False

    async def __call__(self, request: Request) -> None:
        if not caller_of(request).may(self.scope):
            raise HTTPException(403)


ALLOW_ANYONE = Depends(RequiredScope(None))

REQUIRE_READ = Depends(RequiredScope("read", for_reading=True))

# Whoever may read, also by POST: what is looked up is long, and changes nothing.
REQUIRE_READ_FOR_POST = Depends(RequiredScope("read"))

REQUIRE_EDIT = Depends(RequiredScope("edit"))

REQUIRE_ADMIN = Depends(RequiredScope("admin"))


def rate_limit_key(scope: Scope) -> str:
    """Whose requests are counted together: those of a key, or of an address where there is none."""
    caller: Caller = scope.get(CALLER_SCOPE_KEY, ANONYMOUS)
    return f"key {caller.key.id}" if caller.key else client_address(scope)


def client_address(scope: Scope) -> str:
    """The address that the connection came from; of IPv6 the network, as one client has all of it."""
    told = scope["client"][0] if scope.get("client") else ""
    if ":" not in told:
        return told
    try:
        return str(ipaddress.ip_network((told.partition("%")[0], 64), strict=False))
    except ValueError:
        return told


SAFE_METHODS = frozenset({"GET", "HEAD"})

ANY_PATH = re.compile("")


@dataclass(frozen=True, slots=True)
class RouteScope:
    """`scope` of None: anybody may ask. No methods are all methods, as another app has them that is mounted here."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    scope: KeyScope | None

    def takes(self, method: str, path: str) -> bool:
        return (not self.methods or method in self.methods) and self.pattern.match(path) is not None


def route_scopes(routes: Iterable[BaseRoute]) -> list[RouteScope]:
    """Of all routes, in their order."""
    return [_need(one) for one in iter_route_contexts(list(routes))]


def _need(route: RouteContext) -> RouteScope:
    methods = frozenset(route.methods or ())
    is_safe = bool(methods) and methods <= SAFE_METHODS
    told = [one.dependency for one in getattr(route, "dependencies", ()) if isinstance(one, DependsParameter)]
    needs = [one for one in told if isinstance(one, RequiredScope) and (is_safe or not one.for_reading)]
    pattern: re.Pattern[str] = getattr(route, "path_regex", ANY_PATH)
    return RouteScope(route.path or "", pattern, methods, _highest([one.scope for one in needs]))


def _highest(scopes: Sequence[KeyScope | None]) -> KeyScope | None:
    if not scopes:
        return "admin"
    return max(scopes, key=lambda scope: -1 if scope is None else KEY_SCOPES.index(scope))


class RouteScopes:
    """Of one app; read anew when routes were added."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._known: list[RouteScope] = []
        self._count = -1

    def of(self, method: str, path: str) -> RouteScope | None:
        """None where no route takes this: the router then says 404 or 405 to whoever may hear it."""
        if len(self._app.routes) != self._count:
            self._known, self._count = route_scopes(self._app.routes), len(self._app.routes)
        return next((one for one in self._known if one.takes(method, path)), None)

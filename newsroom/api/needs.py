"""Which scope each route takes. Routes are matched as the router does it; one that says nothing takes admin."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.params import Depends
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from newsroom.api.callers import Needs
from store.keys import SCOPES, KeyScope

__all__ = ["SAFE", "RouteNeed", "RouteNeeds", "route_needs"]

SAFE = frozenset({"GET", "HEAD"})
ALL = re.compile("")


@dataclass(frozen=True, slots=True)
class RouteNeed:
    """`scope` of None: anybody may ask. No methods are all methods, as another app has them that is mounted here."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    scope: KeyScope | None

    def takes(self, method: str, path: str) -> bool:
        return (not self.methods or method in self.methods) and self.pattern.match(path) is not None


def route_needs(routes: Iterable[BaseRoute]) -> list[RouteNeed]:
    """Of all routes, in their order."""
    return [_need(one) for one in iter_route_contexts(list(routes))]


def _need(route: RouteContext) -> RouteNeed:
    methods = frozenset(route.methods or ())
    is_safe = bool(methods) and methods <= SAFE
    told = [one.dependency for one in getattr(route, "dependencies", ()) if isinstance(one, Depends)]
    needs = [one for one in told if isinstance(one, Needs) and (is_safe or not one.for_reading)]
    pattern: re.Pattern[str] = getattr(route, "path_regex", ALL)
    return RouteNeed(route.path or "", pattern, methods, _highest([one.scope for one in needs]))


def _highest(scopes: Sequence[KeyScope | None]) -> KeyScope | None:
    if not scopes:
        return "admin"
    return max(scopes, key=lambda scope: -1 if scope is None else SCOPES.index(scope))


class RouteNeeds:
    """Of one app; read anew when routes were added."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._known: list[RouteNeed] = []
        self._count = -1

    def of(self, method: str, path: str) -> RouteNeed | None:
        """None where no route takes this: the router then says 404 or 405 to whoever may hear it."""
        if len(self._app.routes) != self._count:
            self._known, self._count = route_needs(self._app.routes), len(self._app.routes)
        return next((one for one in self._known if one.takes(method, path)), None)

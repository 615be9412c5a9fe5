"""Who asks, and what a route takes of them."""

import ipaddress
from dataclasses import dataclass, field

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.types import Scope

from store.keys import SCOPES, KeyRecord, KeyScope

__all__ = [
    "ADMIN",
    "ANYONE",
    "EDIT",
    "EVERYBODY",
    "NOBODY",
    "READ",
    "READERS",
    "Caller",
    "Needs",
    "address_of",
    "caller_of",
    "client_of",
]

CALLER = "onestory.caller"


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
        return self.scope is not None and SCOPES.index(self.scope) >= SCOPES.index(wanted)

    @property
    def name(self) -> str:
        return self.key.name if self.key else ""

    def signs_as(self, said: str) -> str:
        """Who decides, as the log keeps it: who they say they are and, where that is another name, the key's."""
        return said if self.key is None or said == self.key.name else f"{said} (key {self.key.name})"


NOBODY = Caller(None)
# Where no key is asked for.
EVERYBODY = Caller("admin")


def caller_of(request: Request) -> Caller:
    caller: Caller = request.scope.get(CALLER, NOBODY)
    return caller


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route takes, as one of its `dependencies`; the highest counts. The door asks first, from outside.

    What is only `for_reading` says nothing of a method that may change something: that has to be said there.
    """

    scope: KeyScope | None
    for_reading: bool = False

    async def __call__(self, request: Request) -> None:
        if not caller_of(request).may(self.scope):
            raise HTTPException(403)


ANYONE = Depends(Needs(None))
READ = Depends(Needs("read", for_reading=True))
# Whoever may read, also by POST: what is looked up is long, and changes nothing.
READERS = Depends(Needs("read"))
EDIT = Depends(Needs("edit"))
ADMIN = Depends(Needs("admin"))


def client_of(scope: Scope) -> str:
    """Whose requests are counted together: those of a key, or of an address where there is none."""
    caller: Caller = scope.get(CALLER, NOBODY)
    return f"key {caller.key.id}" if caller.key else address_of(scope)


def address_of(scope: Scope) -> str:
    """The address that the connection came from; of IPv6 the network, as one client has all of it."""
    told = scope["client"][0] if scope.get("client") else ""
    if ":" not in told:
        return told
    try:
        return str(ipaddress.ip_network((told.partition("%")[0], 64), strict=False))
    except ValueError:
        return told

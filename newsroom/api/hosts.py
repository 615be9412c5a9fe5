"""Which Host headers are answered: a page of another site must not reach us under a name of its own.

DNS rebinding points an attacker's name at our address; the browser then sends that name in `Host`. An address can
never be such a name, nor can a name without a dot that only a private network resolves.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["HostRule", "is_loopback"]


@dataclass(frozen=True, slots=True)
class HostRule:
    """`loopback_only` when that is where we listen. `names` are further host names that may be asked for."""

    loopback_only: bool = True
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listening_on: str, names: Collection[str] = ()) -> "HostRule":
        """The rule for a server that listens on this address."""
        return cls(is_loopback(listening_on), frozenset(name.lower() for name in names))

    def allows(self, header: str) -> bool:
        """Whether a request with this Host header is meant for us; the port does not matter."""
        name = _name(header)
        if name in self.names or is_loopback(name):
            return True
        return not self.loopback_only and (_is_address(name) or bool(name and "." not in name))


def is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _name(header: str) -> str:
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].removesuffix(".")

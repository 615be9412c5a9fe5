"""Protection against server-side request forgery: addresses that the crawler must never reach.

The check is part of the reactor's name resolver. Every connection passes through it, also to literal addresses, and it
returns the addresses that it checked. An answer that changes between check and connection (DNS rebinding) therefore has
no effect.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer  # type: ignore[import-untyped]

from onestory.errors import BadInput
from onestory.urls import normalize_url

__all__ = ["AllowList", "BlockedAddress", "GuardedResolver", "checked_url", "is_public"]

DNS_SECONDS = 15
# A separate thread pool: an unresponsive name server delays only its own names.
DNS_THREADS = ThreadPoolExecutor(16, thread_name_prefix="dns")
MAX_REFUSALS = 10_000
NAT64 = ipaddress.ip_network("64:ff9b::/96")
V4_COMPATIBLE = ipaddress.ip_network("::/96")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# IANA's special-purpose address registries, spelled out because the standard library's list changes between versions.
# The last entry looks public: it is Azure's host agent.
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    ]
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Ask = Callable[[str, int], list[str]]


class BlockedAddress(BadInput):
    """A URL or an address that must not be fetched. The message gives the reason."""

    reason = "refused"


def is_public(address: Address) -> bool:
    """Whether an address is public. An address that embeds an IPv4 address is judged by that."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in NEVER)


def _inner(address: Address) -> Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64 or (address in V4_COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def checked_url(url: str, *, base: str | None = None) -> str:
    """The normal form of a URL whose text is acceptable. Raises BlockedAddress or BadInput."""
    try:
        absolute = urljoin(base, url.strip()) if base else url
        parts = urlsplit(absolute)
        has_user = "@" in parts.netloc
    except ValueError as error:
        raise BadInput(f"{url[:200]!r} is not a URL: {error}") from error
    if has_user:
        raise BlockedAddress(f"{parts.hostname}: URLs with a user name are not fetched")
    return normalize_url(absolute)


@dataclass(frozen=True, slots=True)
class AllowList:
    """Private places that the operator allows: networks, host names, and `.suffixes` of host names."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    names: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[str]) -> "AllowList":
        networks, names = [], set()
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                names.add(entry.lower().rstrip("."))
        suffixes = tuple(name for name in names if name.startswith("."))
        return cls(tuple(networks), frozenset(names.difference(suffixes)), suffixes)

    def allows_name(self, name: str) -> bool:
        name = name.lower().rstrip(".")
        return name in self.names or (bool(self.suffixes) and name.endswith(self.suffixes))

    def allows(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.networks)


@implementer(IHostResolution)
@dataclass(eq=False)
class _Resolution:
    name: str
    task: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


@implementer(IHostnameResolver)
class GuardedResolver:
    """A name resolver that returns only checked addresses.

    If one of several addresses is private, all are refused: rebinding attacks look like that. The receiver then gets no
    address, as for a name that does not resolve, and `refusals` keeps the reason by name. `ask` is the name service:
    the system's, or a test's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, allow: AllowList, *, ask: "Ask | None" = None) -> None:
        self.loop = loop
        self.allow = allow
        self.ask = ask or _ask_system
        self.refusals: dict[str, str] = {}

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolution.task = self.loop.create_task(self._answer(resolutionReceiver, hostName, portNumber))
        return cast(IHostResolution, resolution)

    async def _answer(self, receiver: Any, name: str, port: int) -> None:
        try:
            for address in await self.addresses(name, port):
                kind = IPv4Address if address.version == 4 else IPv6Address
                receiver.addressResolved(kind("TCP", str(address), port))
        except (OSError, UnicodeError, TimeoutError, BlockedAddress):
            pass
        finally:
            receiver.resolutionComplete()

    async def addresses(self, name: str, port: int) -> list[Address]:
        """The addresses that may be connected to. Raises BlockedAddress, or OSError without any."""
        found = await self._look_up(name, port)
        refused = [] if self.allow.allows_name(name) else [one for one in found if not self._is_allowed(one)]
        if refused:
            if len(self.refusals) >= MAX_REFUSALS:
                self.refusals.clear()
            self.refusals[name] = f"{name} resolves to {refused[0]}, which is not a public address"
            raise BlockedAddress(self.refusals[name])
        self.refusals.pop(name, None)
        return found

    def _is_allowed(self, address: Address) -> bool:
        return is_public(address) or self.allow.allows(address)

    async def _look_up(self, name: str, port: int) -> list[Address]:
        # RFC 6761, section 6.3: names under localhost are loopback, and no server is queried.
        if name.rstrip(".").lower().endswith(".localhost"):
            return [ipaddress.ip_address("127.0.0.1")]
        query = asyncio.get_running_loop().run_in_executor(DNS_THREADS, self.ask, name, port)
        answers = await asyncio.wait_for(query, DNS_SECONDS)
        # The zone of a link-local address (fe80::1%eth0) is dropped: the address is refused in any case.
        found = dict.fromkeys(ipaddress.ip_address(response.partition("%")[0]) for response in answers)
        return sorted(found, key=lambda address: address.version)


def _ask_system(name: str, port: int) -> list[str]:
    return [str(response[4][0]) for response in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]

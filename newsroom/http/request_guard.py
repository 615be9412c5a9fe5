"""The outermost middleware: Host validation, body limits and security headers.

Host validation prevents DNS rebinding, where an attacker's name resolves to this server and the browser sends that name
in `Host`. Addresses, and names without dots, which only private networks resolve, cannot be such names.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onestory.newsroom.http.body_budget import BodyBudget, header_of
from onestory.newsroom.http.problems import Problem, ProblemRenderer, problem_of

__all__ = ["AllowedHosts", "RequestGuard", "is_loopback", "replay_body"]


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Accepted Host headers. `loopback_only`: the server listens on loopback. `names` are further host names."""

    loopback_only: bool = True
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listening_on: str, names: Collection[str] = ()) -> "AllowedHosts":
        """The hosts to accept on this listening address."""
        return cls(is_loopback(listening_on), frozenset(name.lower() for name in names))

    def allows(self, header: str) -> bool:
        """Whether a Host header is accepted. The port is ignored."""
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


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in (
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        # Other sites get no referrer. Same-origin forms do, which browsers would otherwise omit.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    )
)

MISDIRECTED = Problem(421, "misdirected", "This server does not answer to the host name in the request's Host header.")


@dataclass(frozen=True, slots=True)
class RequestGuard:
    """ASGI middleware. It reads bodies completely before the app runs, so the app never waits for a slow sender.

    `scheme` is that of clients' URLs, if a proxy terminates TLS.
    """

    app: ASGIApp
    hosts: AllowedHosts
    show: ProblemRenderer
    scheme: str | None = None
    bodies: BodyBudget = field(default_factory=BodyBudget)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.scheme is not None:
            scope["scheme"] = self.scheme
        answer = _SecuredSend(send)
        try:
            await self._answer(scope, receive, answer)
        except Exception as error:
            # The outermost boundary: whatever fails, the client gets a response, and the log the error.
            if answer.has_begun:
                raise
            await self.show(Request(scope), problem_of(error))(scope, receive, answer)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.hosts.allows(header_of(scope, b"host")):
            await MISDIRECTED.response(scope["path"])(scope, receive, send)
            return
        with self.bodies.place() as place:
            body = await place.read(scope, receive)
            if isinstance(body, Problem):
                await self.show(Request(scope), body)(scope, receive, send)
                return
            # HEAD is handled as GET (RFC 9110, 9.3.2); the server omits the body.
            inner = {**scope, "method": "GET", "onestory.asked_method": "HEAD"} if scope["method"] == "HEAD" else scope
            await self.app(inner, replay_body(body, receive), send)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """A receive function that returns a body already read, then further messages."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


class _SecuredSend:
    """A send function that adds the headers of every response."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            message = {**message, "headers": [*message.get("headers", ()), *SECURITY_HEADERS]}
        await self._send(message)

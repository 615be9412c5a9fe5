"""Cross-origin access: sites on the list may read the API, and nothing else."""

from collections.abc import Collection
from dataclasses import dataclass, field

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ApiCors"]

EXPOSED_HEADERS = ("ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After")
ALLOWED_HEADERS = ("Authorization", "Content-Type", "If-None-Match", "Last-Event-ID")
PREFLIGHT_SECONDS = 600


@dataclass(slots=True)
class ApiCors:
    """ASGI middleware for CORS. Origins are as browsers send them, such as `https://desk.example`. Cookies are not
    allowed.
    """

    app: ASGIApp
    origins: Collection[str]
    _api: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self._api = CORSMiddleware(
            self.app,
            allow_origins=list(self.origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and (scope["path"].startswith("/v1/") or scope["path"] == "/openapi.json")
        await (self._api if is_api else self.app)(scope, receive, send)

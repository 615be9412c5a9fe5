"""A server that asks for keys, with one of each scope."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI

from newsroom.api.needs import RouteNeed, route_needs
from newsroom.app import make_app
from newsroom.listening import open_socket
from newsroom.server import serving
from store.database import Store
from store.keys import SCOPES, NewKey, add_key
from tests.newsroom.news import NOON
from tests.readings import fresh_registry

__all__ = ["Locked", "asked", "doors", "locked_desk"]

VALUES = {"story_id": "0" * 24, "article_id": "0" * 24, "name": "none.css"}


@dataclass(frozen=True, slots=True)
class Locked:
    """`client` sends no key by itself."""

    app: FastAPI
    store: Store
    client: httpx.Client
    keys: Mapping[str, NewKey]

    def bearer(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scope].secret}"}

    @contextmanager
    def signed_in(self, scope: str) -> Iterator[httpx.Client]:
        """Another client, who signed in on the pages."""
        with httpx.Client(base_url=self.client.base_url, trust_env=False) as client:
            answer = client.post("/sign-in", data={"key": self.keys[scope].secret})
            assert answer.status_code == 303, answer.text
            yield client


@contextmanager
def locked_desk(store: Store, redis_url: str, prefix: str, **options: Any) -> Iterator[Locked]:
    registry = fresh_registry(store, redis_url, prefix)
    registry.rebuild()
    with store.write() as connection:
        keys = {scope: add_key(connection, f"{scope}er", scope, now=NOON) for scope in SCOPES}
    app = make_app(store, registry, require_keys=True, clock=lambda: NOON + timedelta(hours=2), **options)
    with (
        open_socket("127.0.0.1", 0) as listening,
        serving(app, listening) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield Locked(app, store, client, keys)
    registry.index.redis.close()


def asked(need: RouteNeed) -> str:
    path = need.path
    for part in need.pattern.groupindex:
        path = path.replace(f"{{{part}}}", VALUES.get(part, "987"))
    return path


def doors(desk: Locked) -> list[tuple[str, RouteNeed]]:
    """Every method of every route."""
    needs = route_needs(desk.app.routes)
    assert len(needs) > 50
    return [(method, need) for need in needs for method in sorted(need.methods)]

"""A server that asks for keys, with one of each scope."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI

from onestory.newsroom.http.permissions import RouteScope, route_scopes
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.store.access.api_keys import KEY_SCOPES, CreatedKey, add_key
from onestory.store.database import Store
from tests.newsroom.news import NOON
from tests.readings import fresh_registry
from tests.waiting import LONGEST_WAIT

__all__ = ["Locked", "asked", "doors", "locked_desk"]

VALUES = {"story_id": "0" * 24, "article_id": "0" * 24, "name": "none.css"}


@dataclass(frozen=True, slots=True)
class Locked:
    """`client` sends no key by itself."""

    app: FastAPI
    store: Store
    client: httpx.Client
    keys: Mapping[str, CreatedKey]

    def bearer(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scope].secret}"}

    @contextmanager
    def signed_in(self, scope: str) -> Iterator[httpx.Client]:
        """Another client, who signed in on the pages."""
        with httpx.Client(base_url=self.client.base_url, trust_env=False, timeout=LONGEST_WAIT) as client:
            answer = client.post("/sign-in", data={"key": self.keys[scope].secret})
            assert answer.status_code == 303, answer.text
            yield client


@contextmanager
def locked_desk(store: Store, redis_url: str, prefix: str, **options: Any) -> Iterator[Locked]:
    index_client = fresh_registry(store, redis_url, prefix)
    index_client.rebuild()
    with store.write() as connection:
        keys = {scope: add_key(connection, f"{scope}er", scope, now=NOON) for scope in KEY_SCOPES}
    app = create_app(store, index_client, require_keys=True, clock=lambda: NOON + timedelta(hours=2), **options)
    with (
        listen_on("127.0.0.1", 0) as listening,
        serve_in_thread(app, listening) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=LONGEST_WAIT) as client,
    ):
        yield Locked(app, store, client, keys)
    index_client.index.redis.close()


def asked(need: RouteScope) -> str:
    path = need.path
    for part in need.pattern.groupindex:
        path = path.replace(f"{{{part}}}", VALUES.get(part, "987"))
    return path


def doors(desk: Locked) -> list[tuple[str, RouteScope]]:
    """Every method of every route."""
    needs = route_scopes(desk.app.routes)
    assert len(needs) > 50
    return [(method, need) for need in needs for method in sorted(need.methods)]

"""Clients that are slow, silent or many: before authentication, each takes a bounded share of the server."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import anyio
import httpx2 as httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.types import Message, Scope

from onestory.newsroom.http.body_budget import MAX_BODY_BYTES, BodyBudget
from onestory.newsroom.http.problems import Problem
from onestory.newsroom.http.request_guard import AllowedHosts, RequestGuard
from onestory.newsroom.server import server
from onestory.newsroom.server.connections import ConnectionLimits, LogOnce, limits_of_process
from tests.waiting import wait_until

HALF = b"GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "
HALF_BODY = b"POST /small HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nhalf"


def small_app() -> FastAPI:
    app = FastAPI()
    app.state.ended = threading.Event()
    app.state.arrivals = SimpleNamespace(close=lambda: None)

    @app.api_route("/small", methods=["GET", "POST"])
    async def small(request: Request) -> int:
        return len(await request.body())

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 65_536
                    await asyncio.sleep(0)
            finally:
                app.state.ended.set()

        return StreamingResponse(parts())

    return app


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, limits: ConnectionLimits, app: FastAPI | None = None) -> Iterator[str]:
    monkeypatch.setattr(server, "limits_of_process", lambda: limits)
    with server.listen_on("127.0.0.1", 0) as listening, server.serve_in_thread(app or small_app(), listening) as url:
        yield url


def connected(url: str, sent: bytes) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])))
    opened.sendall(sent)
    return opened


def is_closed(opened: socket.socket) -> bool:
    opened.settimeout(0)
    try:
        return opened.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"", HALF, HALF_BODY])
def test_a_request_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    with serving(monkeypatch, ConnectionLimits(head_seconds=0.2, message_seconds=0.2)) as url:
        with connected(url, sent) as slow:
            wait_until(lambda: is_closed(slow))
        assert httpx.get(f"{url}/small", trust_env=False).json() == 0


def test_a_head_that_trickles_gets_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(monkeypatch, ConnectionLimits(head_seconds=0.3)) as url, connected(url, HALF) as slow:

        def is_refused() -> bool:
            try:
                slow.settimeout(None)
                slow.send(b"y")
            except ConnectionError:
                return True
            return is_closed(slow)

        wait_until(is_refused)


def test_many_half_sent_requests_give_way_to_whole_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(monkeypatch, ConnectionLimits(connections=8)) as url:
        slow = [connected(url, HALF if number % 2 else HALF_BODY) for number in range(40)]
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert [client.post("/small", content=b"news").json() for _ in range(5)] == [4] * 5
        wait_until(lambda: sum(is_closed(one) for one in slow) >= 32)
        assert not is_closed(slow[-1])
        for one in slow:
            one.close()


def test_a_reader_that_takes_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    request = b"GET /endless HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    app = small_app()
    with serving(monkeypatch, ConnectionLimits(stalled_seconds=0.2), app) as url, connected(url, request):
        wait_until(app.state.ended.is_set)


def test_the_limit_leaves_descriptors_to_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, most in ((1024, 768), (100, 32), (1 << 20, 4_000), (-1, 4_000)):
        monkeypatch.setattr("resource.getrlimit", lambda _, soft=soft: (soft, soft))
        assert limits_of_process().connections == most
        assert soft in (100, -1) or most + 2 * server.BACKLOG <= soft


def scope_of(size: int) -> Scope:
    headers = [(b"host", b"127.0.0.1"), (b"content-length", str(size).encode())]
    return {"type": "http", "method": "POST", "path": "/v1/lookup", "headers": headers, "query_string": b""}


class Sender:
    """Sends parts, and then nothing until it is let go."""

    def __init__(self, *parts: bytes, ends: bool = False) -> None:
        self.parts = list(parts)
        self.ends = ends
        self.go = asyncio.Event()

    async def __call__(self) -> Message:
        if not self.parts:
            await self.go.wait()
            return {"type": "http.request", "body": b"", "more_body": False}
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts) or not self.ends}


async def status_of(bodies: BodyBudget, sender: Sender, *, app: object = None) -> int:
    """The status that a request gets from a guard with this budget."""
    statuses: list[int] = []

    async def answer(scope: Scope, receive: object, send: object) -> None:
        await Problem(200, "ok", "ok").response("/")(scope, receive, send)  # type: ignore[arg-type]

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            named = {name.lower(): value for name, value in message["headers"]}
            assert statuses[-1] == 200 or named[b"connection"] == b"close"

    guard = RequestGuard(
        app or answer,  # type: ignore[arg-type]
        AllowedHosts(),
        lambda request, problem: problem.response(request.url.path),
        bodies=bodies,
    )
    await guard(scope_of(MAX_BODY_BYTES), sender, send)
    return statuses[0]


def test_the_longest_unfinished_bodies_give_way() -> None:
    async def story() -> None:
        bodies = BodyBudget(max_bytes=3_000_000)
        results: list[tuple[int, int]] = []

        async def one(number: int, sender: Sender) -> None:
            results.append((number, await status_of(bodies, sender)))

        senders = [Sender(b"x" * 900_000) for _ in range(10)]
        async with anyio.create_task_group() as group:
            for number, sender in enumerate(senders):
                group.start_soon(one, number, sender)
                await anyio.wait_all_tasks_blocked()
                assert bodies.used <= bodies.max_bytes
            assert results == [(number, 503) for number in range(7)]
            assert await status_of(bodies, Sender(b"x" * 900_000, ends=True)) == 200
            for sender in senders:
                sender.go.set()
        assert dict(results)[9] == 200
        assert (bodies.used, len(bodies.arriving)) == (0, 0)

    anyio.run(story)


def test_bodies_that_wait_for_their_answer_count_too() -> None:
    async def story() -> None:
        bodies = BodyBudget(max_bytes=2_000_000)
        finish = anyio.Event()

        async def slow_app(scope: Scope, receive: object, send: object) -> None:
            await finish.wait()
            await Problem(200, "ok", "ok").response("/")(scope, receive, send)  # type: ignore[arg-type]

        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(lambda: status_of(bodies, Sender(b"x" * 900_000, ends=True), app=slow_app))
            await anyio.wait_all_tasks_blocked()
            assert await status_of(bodies, Sender(b"x" * 900_000, ends=True)) == 503
            finish.set()
        assert await status_of(bodies, Sender(b"x" * 900_000, ends=True)) == 200

    anyio.run(story)


def test_a_body_that_does_not_arrive_in_time_is_answered_with_408() -> None:
    assert anyio.run(status_of, BodyBudget(seconds=0.05), Sender(b"x" * 10)) == 408


def test_what_clients_provoke_is_logged_once_a_minute() -> None:
    now = [0.0]
    log = LogOnce(clock=lambda: now[0])

    def is_written(name: str, level: int, message: str) -> bool:
        return log.filter(logging.LogRecord(name, level, "", 0, message, (), None))

    accept = "socket.accept() out of system resource"
    assert [is_written("asyncio", logging.ERROR, accept) for _ in range(3)] == [True, False, False]
    now[0] = 61
    assert is_written("asyncio", logging.ERROR, accept)
    invalid = "Invalid HTTP request received."
    assert [is_written("uvicorn.error", logging.WARNING, invalid) for _ in range(2)] == [True, False]
    assert all(is_written("uvicorn.error", logging.ERROR, "Exception in ASGI application\n") for _ in range(2))

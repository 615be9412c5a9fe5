"""Sign-in with a key, and sign-out."""

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from onestory.newsroom.access.authentication import TOO_MANY_WRONG_KEYS, WRONG_KEY, LoginThrottle, TooManyFailures
from onestory.newsroom.access.credentials import clear_session_cookie, session_token, set_session_cookie
from onestory.newsroom.access.key_cache import KeyCache
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import ALLOW_ANYONE, KEYLESS_CALLER, REQUIRE_READ_FOR_POST, caller_of
from onestory.newsroom.pages.forms import read_form
from onestory.newsroom.pages.redirects import MAX_RETURN_PATH, safe_return_path, see_other
from onestory.newsroom.pages.render import render_page
from onestory.store.access.sessions import begin_session, end_session
from onestory.store.database import Store

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[ALLOW_ANYONE])

MAX_TYPED_KEY = 512


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return _shown(request, status=200, back=safe_return_path(request.query_params.get("back", "/")), refusal=None)


def _shown(request: Request, *, status: int, back: str, refusal: str | None) -> Response:
    template = "no_keys.html" if caller_of(request) is KEYLESS_CALLER else "sign_in.html"
    answer = render_page(request, template, status=status, here=None, back=back, refusal=refusal)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/sign-in")
async def post_sign_in(request: Request) -> Response:
    """Begin a new session, whatever cookies were sent: its token cannot be known in advance."""
    form = await read_form(request)
    key, back = form.line("key", most=MAX_TYPED_KEY), safe_return_path(form.line("back", most=MAX_RETURN_PATH))
    if caller_of(request) is KEYLESS_CALLER:
        return _on(back)
    strangers: LoginThrottle = request.app.state.strangers
    keyring: KeyCache = request.app.state.keyring
    now = api_context(request).clock()
    try:
        found = await strangers.key_of(request, keyring, key, now=now)
    except TooManyFailures:
        return _shown(request, status=429, back=back, refusal=TOO_MANY_WRONG_KEYS.detail)
    if found is None:
        return _shown(request, status=401, back=back, refusal=WRONG_KEY)
    before, answer = session_token(request), _on(back)
    token = await anyio.to_thread.run_sync(lambda: _begun(request, found.id, before))
    # The session is cached as valid, however many failures its address has.
    await keyring.session_of(token, now=now)
    set_session_cookie(request, answer, token)
    return answer


def _begun(request: Request, key_id: int, before: str | None) -> str:
    desk = api_context(request)
    with desk.store.write() as connection:
        if before is not None:
            end_session(connection, before)
        return begin_session(connection, key_id, now=desk.clock())


@router.post("/sign-out", dependencies=[REQUIRE_READ_FOR_POST])
async def post_sign_out(request: Request) -> Response:
    caller, store = caller_of(request), api_context(request).store
    if caller.session is not None:
        token = caller.session
        await anyio.to_thread.run_sync(lambda: _end(store, token))
        keyring: KeyCache = request.app.state.keyring
        keyring.forget()
    answer = _on("/sign-in")
    clear_session_cookie(request, answer)
    return answer


def _end(store: Store, token: str) -> None:
    with store.write() as connection:
        end_session(connection, token)


def _on(way: str) -> Response:
    return see_other(way)

"""To sign in by key, and to sign out."""

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from newsroom.api.callers import ANYONE, EVERYBODY, READERS, caller_of
from newsroom.api.credentials import forget_session, remember_session, session_token
from newsroom.api.desk import desk_of
from newsroom.api.door import TOO_MANY, WRONG, Barred, Strangers
from newsroom.api.keyring import Keyring
from newsroom.web.forms import read_form
from newsroom.web.render import page
from newsroom.web.ways_back import MOST_WAY, checked_way
from store.database import Store
from store.sessions import begin_session, end_session

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[ANYONE])

MOST_KEY = 512


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return _shown(request, status=200, back=checked_way(request.query_params.get("back", "/")), refusal=None)


def _shown(request: Request, *, status: int, back: str, refusal: str | None) -> Response:
    template = "no_keys.html" if caller_of(request) is EVERYBODY else "sign_in.html"
    answer = page(request, template, status=status, here=None, back=back, refusal=refusal)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """A new session, whatever cookie came along: nobody can have known its token before."""
    form = await read_form(request)
    key, back = form.line("key", most=MOST_KEY), checked_way(form.line("back", most=MOST_WAY))
    if caller_of(request) is EVERYBODY:
        return _on(back)
    strangers: Strangers = request.app.state.strangers
    keyring: Keyring = request.app.state.keyring
    now = desk_of(request).clock()
    try:
        found = await strangers.key_of(request, keyring, key, now=now)
    except Barred:
        return _shown(request, status=429, back=back, refusal=TOO_MANY.detail)
    if found is None:
        return _shown(request, status=401, back=back, refusal=WRONG)
    before, answer = session_token(request), _on(back)
    token = await anyio.to_thread.run_sync(lambda: _begun(request, found.id, before))
    # It is known from now on, however many from the same address are not.
    await keyring.session_of(token, now=now)
    remember_session(request, answer, token)
    return answer


def _begun(request: Request, key_id: int, before: str | None) -> str:
    desk = desk_of(request)
    with desk.store.write() as connection:
        if before is not None:
            end_session(connection, before)
        return begin_session(connection, key_id, now=desk.clock())


@router.post("/sign-out", dependencies=[READERS])
async def sign_out(request: Request) -> Response:
    caller, store = caller_of(request), desk_of(request).store
    if caller.session is not None:
        token = caller.session
        await anyio.to_thread.run_sync(lambda: _end(store, token))
        keyring: Keyring = request.app.state.keyring
        keyring.forget()
    answer = _on("/sign-in")
    forget_session(request, answer)
    return answer


def _end(store: Store, token: str) -> None:
    with store.write() as connection:
        end_session(connection, token)


def _on(way: str) -> Response:
    return RedirectResponse(way, 303, {"Cache-Control": "no-store"})

"""The editing forms of a story's page: each decision is shown with its whole effect before it is made, and after it."""

import re
from collections.abc import Callable

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from onestory.errors import BadInput, NotFound
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import MAX_DATABASE_ID, validate_id
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, caller_of
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.pages.forms import PostedForm, read_form
from onestory.newsroom.pages.reader_cookies import MAX_REMEMBERED_NAME, remembered_name, set_name_cookie
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.stories.web import MAX_DECISION_REASON, MAX_STORY_ADDRESS, show_story
from onestory.pipelines.stories.decision_effect import effect_of, stories_before
from onestory.pipelines.stories.decisions import (
    PREVIEW,
    DecisionMode,
    DecisionNote,
    DecisionResult,
    EffectChanged,
    merge_stories,
    pin_original,
    split_story,
    undo_decision,
)
from onestory.store.database import Store
from onestory.store.editorial.decisions import load_decision
from onestory.store.stories.components import stories_of_articles

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

STORY_ADDRESS = re.compile(r"/stories/([0-9a-f]{24})\b")
EFFECT_DIGEST = re.compile("[0-9a-f]{32}")
DecisionId = Path(ge=1, le=MAX_DATABASE_ID)
Decide = Callable[[Store, DecisionNote, DecisionMode], DecisionResult]


@router.get("/decisions/{number}")
def decision_page(request: Request, number: int = DecisionId) -> Response:
    """A decision, and where its copies are now."""
    with api_context(request).store.read() as connection:
        decision = load_decision(connection, number)
        homes = stories_of_articles(connection, [*decision.articles, *decision.against])
        effect = effect_of(connection, stories_before(connection, set(homes.values())), {})
    return render_page(
        request,
        "decision.html",
        here=None,
        decision=decision,
        effect=effect,
        story_id=effect.after[0].id if effect.after else None,
        who=caller_of(request).name or remembered_name(request),
    )


@router.post("/stories/{story_id}/merge", dependencies=[REQUIRE_EDIT])
async def merge_stories_page(request: Request, story_id: str) -> Response:
    form = await read_form(request)
    named = form.line("other", most=MAX_STORY_ADDRESS)
    found = STORY_ADDRESS.search(named)
    other = found[1] if found else named
    if not other:
        return await _refused(request, story_id, form, "Give the other story: the address of its page, or of a copy.")
    return await _decided(
        request, story_id, form, "merge", lambda store, note, mode: merge_stories(store, [story_id, other], note, mode)
    )


@router.post("/stories/{story_id}/split", dependencies=[REQUIRE_EDIT])
async def split_story_page(request: Request, story_id: str) -> Response:
    form = await read_form(request)
    leaving = form.all("article")
    if not leaving:
        return await _refused(request, story_id, form, "Choose the copies to split off.")
    return await _decided(
        request, story_id, form, "split", lambda store, note, mode: split_story(store, leaving, note, mode)
    )


@router.post("/stories/{story_id}/pin", dependencies=[REQUIRE_EDIT])
async def pin_original_page(request: Request, story_id: str) -> Response:
    form = await read_form(request)
    chosen = form.all("article")
    if len(chosen) != 1:
        return await _refused(request, story_id, form, "Choose the copy to mark as the original.")
    return await _decided(
        request, story_id, form, "pin", lambda store, note, mode: pin_original(store, chosen[0], note, mode)
    )


@router.post("/stories/{story_id}/undo/{number}", dependencies=[REQUIRE_EDIT])
async def undo_decision_page(request: Request, story_id: str, number: int = DecisionId) -> Response:
    form = await read_form(request)
    return await _decided(
        request, story_id, form, f"undo/{number}", lambda store, note, mode: undo_decision(store, number, note, mode)
    )


async def _decided(request: Request, story_id: str, form: PostedForm, action: str, decide: Decide) -> Response:
    """Show the effect, and make the decision once that was confirmed."""
    desk = api_context(request)
    who, why = form.line("who", most=MAX_REMEMBERED_NAME), form.line("why", most=MAX_DECISION_REASON)
    if not who or (not why and not action.startswith("undo")):
        return await _refused(request, story_id, form, "Give your name and a reason: the log keeps both.")
    note = DecisionNote(caller_of(request).signature_for(who), why, desk.clock())
    expected = form.line("expected", most=64)
    try:
        if not EFFECT_DIGEST.fullmatch(expected):
            shown = await anyio.to_thread.run_sync(lambda: decide(desk.store, note, PREVIEW))
            return _preview(request, story_id, form, action, shown)
        made = await anyio.to_thread.run_sync(lambda: decide(desk.store, note, DecisionMode(expected=expected)))
    except EffectChanged:
        shown = await anyio.to_thread.run_sync(lambda: decide(desk.store, note, PREVIEW))
        return _preview(request, story_id, form, action, shown, has_changed=True)
    except (BadInput, NotFound) as error:
        return await _refused(request, story_id, form, str(error))
    answer = see_other(f"/decisions/{made.number}")
    set_name_cookie(request, answer, who)
    return answer


def _preview(
    request: Request,
    story_id: str,
    form: PostedForm,
    action: str,
    shown: DecisionResult,
    *,
    has_changed: bool = False,
) -> Response:
    """The page that shows what the decision would do, and asks to confirm it."""
    kept = [(name, value) for name in ("who", "why", "other", "article") for value in form.all(name)]
    return render_page(
        request,
        "decision_preview.html",
        status=409 if has_changed else 200,
        here=None,
        story_id=validate_id(story_id, of="story"),
        action=action,
        kept=[*kept, ("expected", shown.effect.digest)],
        effect=shown.effect,
        has_changed=has_changed,
    )


async def _refused(request: Request, story_id: str, form: PostedForm, why: str) -> Response:
    checked = validate_id(story_id, of="story")
    return await anyio.to_thread.run_sync(lambda: show_story(request, checked, refusal=as_sentence(why), form=form))

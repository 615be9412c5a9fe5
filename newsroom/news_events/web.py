"""The pages of news events: the list, and one event with its stories by language."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from onestory.errors import BadInput, NotFound
from onestory.news_events.similarity import OBSERVED
from onestory.newsroom.front_page.view_choice import remember_view
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import validate_id
from onestory.newsroom.http.permissions import REQUIRE_EDIT, REQUIRE_READ, caller_of
from onestory.newsroom.http.problems import as_sentence
from onestory.newsroom.news_events.api import news_event_page
from onestory.newsroom.news_events.counts_api import CountsQuery, counts_of
from onestory.newsroom.news_events.schemas import NewsEventQuery
from onestory.newsroom.pages.forms import PostedForm, read_form
from onestory.newsroom.pages.reader_cookies import MAX_REMEMBERED_NAME, remembered_name, set_name_cookie
from onestory.newsroom.pages.redirects import see_other
from onestory.newsroom.pages.render import render_page
from onestory.pipelines.news_events import decisions
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.pipelines.watches.creation import WatchRequest, create_watch
from onestory.store.database import Store
from onestory.store.news_events.decisions import decisions_of_event
from onestory.store.news_events.records import (
    NewsEventRecord,
    load_news_event,
    resolve_news_event,
    stories_of_event,
    stories_of_events,
)
from onestory.store.stories.records import StoryRecord, stories_by_id
from onestory.store.stories.summaries import StorySummary, summaries_of

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

EVENTS_PER_PAGE = 25
STORIES_SHOWN = 3  # of an event in the list
MAX_REASON = 500
MAX_ADDRESS = 2_048
EVENT_ADDRESS = re.compile(r"/(?:news-events|stories)/([0-9a-f]{24})\b")
FILTERS = ("since", "until", "min_stories", "min_outlets", "language", "sort")
Decide = Callable[[Store, DecisionNote], decisions.EventDecisionResult]


@dataclass(frozen=True, slots=True)
class LanguageGroup:
    """The stories of an event in one language, the first seen first."""

    language: str
    stories: Sequence[StoryRecord]


@router.get("/news-events")
def news_events_page(request: Request) -> Response:
    """The list of news events. The choice of this view is remembered for the front page."""
    chosen = {name: value for name in FILTERS if (value := request.query_params.get(name, "").strip())}
    asked = {**chosen, "limit": EVENTS_PER_PAGE}
    cursor = request.query_params.get("cursor", "")
    context = api_context(request)
    events: list[NewsEventRecord] = []
    refusal, following = None, None
    try:
        events, following = news_event_page(request, NewsEventQuery.model_validate({**asked, "cursor": cursor or None}))
    except ValidationError as error:
        refusal = "; ".join(
            f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        )
    with context.store.read() as connection:
        members = stories_of_events(connection, [event.id for event in events])
        records = stories_by_id(connection, [story for held in members.values() for story in held])
        shown = {event: _most_copied(records, held) for event, held in members.items()}
        summaries = summaries_of(connection, [story for held in shown.values() for story in held], now=context.clock())
    answer = render_page(
        request,
        "news_events.html",
        status=422 if refusal else 200,
        here="/",
        events=events,
        shown=shown,
        summaries=summaries,
        outlets={event: _outlets_of(held, summaries) for event, held in shown.items()},
        chosen={name: chosen.get(name, "") for name in FILTERS},
        refusal=refusal and as_sentence(refusal),
        older=f"/news-events?{urlencode({**chosen, 'cursor': following})}" if following else None,
        newest=f"/news-events?{urlencode(chosen)}" if cursor else None,
        languages=request.app.state.remembered.of(context),
    )
    remember_view(request, answer, "events")
    return answer


def _most_copied(records: Mapping[str, StoryRecord], story_ids: Sequence[str]) -> list[StoryRecord]:
    held = [records[story] for story in story_ids if story in records]
    return sorted(held, key=lambda story: (-story.copies, story.first_seen, story.id))[:STORIES_SHOWN]


def _outlets_of(held: Sequence[StoryRecord], summaries: Mapping[str, StorySummary]) -> list[str]:
    return list(dict.fromkeys(outlet for story in held for outlet in summaries[story.id].outlets))


@router.get("/news-events/{event_id}")
def news_event_details_page(request: Request, event_id: str) -> Response:
    return _show(request, event_id)


def _show(request: Request, event_id: str, *, refusal: str | None = None, form: PostedForm | None = None) -> Response:
    """The page of an event; with a refused form as it was typed, and the reason."""
    context = api_context(request)
    checked = validate_id(event_id, of="news event")
    with context.store.read() as connection:
        found = resolve_news_event(connection, checked)
        if found != checked and refusal is None:
            return see_other(f"/news-events/{found}")
        event = load_news_event(connection, found)
        stories = stories_of_event(connection, found)
        summaries = summaries_of(connection, stories, now=context.clock())
        log = decisions_of_event(connection, found)
    counts = counts_of(context, CountsQuery(news_event=found, by="day"))
    agencies = counts_of(context, CountsQuery(news_event=found, by="agency"))
    return render_page(
        request,
        "news_event.html",
        status=422 if refusal else 200,
        here=None,
        event=event,
        groups=_by_language(stories, event.languages),
        summaries=summaries,
        counts=counts,
        agencies=[row for row in agencies.rows if row.value],
        is_ended=event.last_seen < context.clock() - OBSERVED.max_gap,
        log=log,
        refusal=refusal and as_sentence(refusal),
        chosen=form.all("story") if form else [],
        other=form.line("other", most=MAX_ADDRESS) if form else "",
        why=form.line("why", most=MAX_REASON) if form else "",
        who=(form and form.line("who", most=MAX_REMEMBERED_NAME))
        or caller_of(request).name
        or remembered_name(request),
    )


def _by_language(stories: Sequence[StoryRecord], languages: Sequence[str]) -> list[LanguageGroup]:
    groups = [LanguageGroup(code, [one for one in stories if (one.language or "") == code]) for code in languages]
    known = {one.id for group in groups for one in group.stories}
    rest = [one for one in stories if one.id not in known]
    return [group for group in (*groups, LanguageGroup("", rest)) if group.stories]


@router.post("/news-events/{event_id}/split", dependencies=[REQUIRE_EDIT])
async def split_event_page(request: Request, event_id: str) -> Response:
    form = await read_form(request)
    leaving = form.all("story")
    if not leaving:
        return await _refused(request, event_id, form, "Choose the stories to split off.")
    return await _decided(request, event_id, form, lambda store, note: decisions.split_event(store, leaving, note))


@router.post("/news-events/{event_id}/follow", dependencies=[REQUIRE_EDIT])
def follow_event_page(request: Request, event_id: str) -> Response:
    """Add a watch that follows this event, and show it."""
    context = api_context(request)
    wish = WatchRequest(news_event=validate_id(event_id, of="news event"))
    begun = create_watch(context.store, wish, clock=lambda _: context.clock())
    return see_other(f"/watches/{begun.watch.id}")


@router.post("/news-events/{event_id}/label", dependencies=[REQUIRE_EDIT])
async def label_event_page(request: Request, event_id: str) -> Response:
    form = await read_form(request)
    chosen = form.all("story")
    if len(chosen) != 1:
        return await _refused(request, event_id, form, "Choose the one story whose headline names the event.")
    return await _decided(
        request, event_id, form, lambda store, note: decisions.pin_event_label(store, chosen[0], note)
    )


@router.post("/news-events/{event_id}/merge", dependencies=[REQUIRE_EDIT])
async def merge_event_page(request: Request, event_id: str) -> Response:
    form = await read_form(request)
    named = form.line("other", most=MAX_ADDRESS)
    found = EVENT_ADDRESS.search(named)
    other = found[1] if found else named
    if not other:
        return await _refused(request, event_id, form, "Give the other event: the address of its page.")
    return await _decided(
        request, event_id, form, lambda store, note: decisions.merge_events(store, [event_id, other], note)
    )


@router.post("/news-events/{event_id}/undo/{number}", dependencies=[REQUIRE_EDIT])
async def undo_event_decision_page(request: Request, event_id: str, number: int) -> Response:
    form = await read_form(request)
    return await _decided(
        request,
        event_id,
        form,
        lambda store, note: decisions.undo_event_decision(store, number, note),
        needs_reason=False,
    )


async def _decided(
    request: Request, event_id: str, form: PostedForm, decide: Decide, *, needs_reason: bool = True
) -> Response:
    context = api_context(request)
    who, why = form.line("who", most=MAX_REMEMBERED_NAME), form.line("why", most=MAX_REASON)
    if not who or (needs_reason and not why):
        return await _refused(request, event_id, form, "Give your name and a reason: the log keeps both.")
    note = DecisionNote(caller_of(request).signature_for(who), why, context.clock())
    try:
        await anyio.to_thread.run_sync(lambda: decide(context.store, note))
    except (BadInput, NotFound) as error:
        return await _refused(request, event_id, form, str(error))
    answer = see_other(f"/news-events/{validate_id(event_id, of='news event')}")
    set_name_cookie(request, answer, who)
    return answer


async def _refused(request: Request, event_id: str, form: PostedForm, why: str) -> Response:
    return await anyio.to_thread.run_sync(lambda: _show(request, event_id, refusal=why, form=form))

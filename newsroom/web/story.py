"""The page of one story, and what an editor decides there."""

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from newsroom.api.callers import EDIT, READ, caller_of
from newsroom.api.desk import desk_of
from newsroom.api.problems import told
from newsroom.api.stories import checked_id
from newsroom.web.differences import Differences
from newsroom.web.forms import Form, read_form
from newsroom.web.render import page
from newsroom.web.spread import Chart, chart_of
from newsroom.web.standings import Standings
from newsroom.web.views import copy_rows, evidence_rows
from newsroom.web.visits import name_of, remember_name
from pipelines.decide import Decided, Word, merge, pin, split, undo
from store.copy_pages import copies_at, copies_from, sightings
from store.database import Store
from store.decisions import story_log
from store.errors import BadInput, NotFound
from store.links import links_of
from store.outlets import ours
from store.records import StoryRecord, article, copies_by_id, matches_of, story
from store.story_copies import texts_of_copies, version_counts

__all__ = ["StoryMemory", "router"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

MOST_EVIDENCE = 25
MOST_COPIES = 50
MOST_CHARTS = 500
MOST_LOG = 30
MOST_NAME = 100
MOST_WHY = 500
MOST_ADDRESS = 2_048
PAGE_NUMBER = re.compile("[0-9]{1,6}")
STORY_ADDRESS = re.compile(r"/stories/([0-9a-f]{24})\b")
DecisionId = Path(ge=1, le=2**31 - 1)


class StoryMemory:
    """What the page of a story remembers between requests."""

    def __init__(self, standings: Standings) -> None:
        self.standings = standings
        self.differences = Differences()
        self._charts: OrderedDict[tuple[str, datetime, frozenset[str]], Chart | None] = OrderedDict()
        self._lock = Lock()

    def chart(self, connection: Connection, story: StoryRecord, ours: frozenset[str]) -> Chart | None:
        """Drawn once for each state of a story, as all of its copies are in it."""
        key = (story.id, story.updated, ours)
        with self._lock:
            if key in self._charts:
                self._charts.move_to_end(key)
                return self._charts[key]
        drawn = chart_of(sightings(connection, story.id), ours)
        with self._lock:
            self._charts[key] = drawn
            while len(self._charts) > MOST_CHARTS:
                self._charts.popitem(last=False)
        return drawn


@router.get("/stories/{story_id}")
def story_page(request: Request, story_id: str) -> Response:
    return _shown(request, checked_id(story_id, of="story"))


def _shown(request: Request, story_id: str, *, refusal: str | None = None, form: Form | None = None) -> Response:
    memory: StoryMemory = request.app.state.story_memory
    with desk_of(request).store.read() as connection:
        record = story(connection, story_id)
        our_names = frozenset(ours(connection))
        number = _page_number(request, record)
        skip = (number - 1) * MOST_COPIES
        ordered = copies_from(connection, record, ours=our_names, skip=skip, limit=MOST_COPIES)
        original = article(connection, record.original)
        ids = list(dict.fromkeys([record.original, *(copy.id for copy in ordered)]))
        matches = matches_of(connection, ids)
        links = links_of(connection, ids)
        texts = texts_of_copies(connection, ids)
        counts = version_counts(connection, ids)
        outdated = memory.standings.of(connection, record)
        chart = memory.chart(connection, record, our_names)
        our_copies = copies_at(connection, record.id, our_names)
        log = story_log(connection, record.id, limit=MOST_LOG)
        decided = copies_by_id(connection, [one for told in log for one in told.articles[:1]])
    shared = memory.differences.between(
        texts[record.original], [texts[one] for one in ids if one in texts and one != record.original]
    )
    numbers = {one: text.number for one, text in texts.items()}
    return page(
        request,
        "story.html",
        status=200 if refusal is None else 422,
        here=None,
        story=record,
        rows=copy_rows(record, ordered, matches, our_names, shared, outdated.standings, counts, numbers),
        first_shown=skip + 1,
        page_number=number,
        has_more=skip + len(ordered) < record.copies,
        our_copies=our_copies,
        original=original,
        outdated=outdated,
        links=links,
        chart=chart,
        evidence=evidence_rows(record, [original.copy, *ordered], matches, most=MOST_EVIDENCE),
        more_evidence=max(0, len(matches) - MOST_EVIDENCE),
        log=log,
        outlet_of={copy.id: copy.outlet for copy in decided if copy.story_id == record.id},
        refusal=refusal,
        **_typed(request, form),
    )


def _page_number(request: Request, record: StoryRecord) -> int:
    """Which page of its copies is asked for, the first one by any other word; behind the last there is none."""
    asked = request.query_params.get("copies", "")
    number = int(asked) if PAGE_NUMBER.fullmatch(asked) else 1
    return max(1, min(number, -(-record.copies // MOST_COPIES)))


def _typed(request: Request, form: Form | None) -> dict[str, Any]:
    """What the form for decisions holds: what was typed in vain, else the name that is remembered."""
    if form is None:
        # Who is signed in signs; a name that a browser remembers may be somebody else's.
        return {"who": caller_of(request).name or name_of(request), "why": "", "other": "", "chosen": ()}
    return {
        "who": form.line("who", most=MOST_NAME),
        "why": form.line("why", most=MOST_WHY),
        "other": form.line("other", most=MOST_ADDRESS),
        "chosen": frozenset(form.all("article")),
    }


@router.post("/stories/{story_id}/merge", dependencies=[EDIT])
async def merge_page(request: Request, story_id: str) -> Response:
    form = await read_form(request)
    named = form.line("other", most=MOST_ADDRESS)
    found = STORY_ADDRESS.search(named)
    other = found[1] if found else named
    if not other:
        return await _refused(request, story_id, form, "name the other story: its page's address, or a copy's")
    return await _decided(request, story_id, form, lambda store, word: merge(store, [story_id, other], word))


@router.post("/stories/{story_id}/split", dependencies=[EDIT])
async def split_page(request: Request, story_id: str) -> Response:
    form = await read_form(request)
    leaving = form.all("article")
    if not leaving:
        return await _refused(request, story_id, form, "choose the copies that are to leave the story")
    return await _decided(request, story_id, form, lambda store, word: split(store, leaving, word))


@router.post("/stories/{story_id}/pin", dependencies=[EDIT])
async def pin_page(request: Request, story_id: str) -> Response:
    form = await read_form(request)
    chosen = form.all("article")
    if len(chosen) != 1:
        return await _refused(request, story_id, form, "choose the one copy that is the original")
    return await _decided(request, story_id, form, lambda store, word: pin(store, chosen[0], word))


@router.post("/stories/{story_id}/undo/{number}", dependencies=[EDIT])
async def undo_page(request: Request, story_id: str, number: int = DecisionId) -> Response:
    form = await read_form(request)
    return await _decided(request, story_id, form, lambda store, word: undo(store, number, word), needs_why=False)


async def _decided(
    request: Request,
    story_id: str,
    form: Form,
    decide: Callable[[Store, Word], Decided],
    *,
    needs_why: bool = True,
) -> Response:
    """Back to the story, or to the one that it is in now."""
    desk = desk_of(request)
    who, why = form.line("who", most=MOST_NAME), form.line("why", most=MOST_WHY)
    if not who or (needs_why and not why):
        return await _refused(request, story_id, form, "say who decides, and why: the log keeps both")
    try:
        decided = await anyio.to_thread.run_sync(
            lambda: decide(desk.store, Word(caller_of(request).signs_as(who), why, desk.clock()))
        )
    except (BadInput, NotFound) as error:
        return await _refused(request, story_id, form, str(error))
    home = story_id if story_id in decided.stories else decided.stories[0]
    answer = RedirectResponse(f"/stories/{home}#log", 303, {"Cache-Control": "no-store"})
    remember_name(request, answer, who)
    return answer


async def _refused(request: Request, story_id: str, form: Form, why: str) -> Response:
    checked = checked_id(story_id, of="story")
    return await anyio.to_thread.run_sync(lambda: _shown(request, checked, refusal=told(why), form=form))

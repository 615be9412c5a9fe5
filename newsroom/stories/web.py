"""The page of a story, with its editing forms."""

import re
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from onestory.cache import LruCache
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.parameters import validate_id
from onestory.newsroom.http.permissions import REQUIRE_READ, caller_of
from onestory.newsroom.pages.forms import PostedForm
from onestory.newsroom.pages.reader_cookies import MAX_REMEMBERED_NAME, remembered_name
from onestory.newsroom.pages.render import render_page
from onestory.newsroom.stories.leads import story_leads
from onestory.newsroom.stories.spread_chart import SpreadChart, spread_chart
from onestory.newsroom.stories.views import copy_rows, evidence_rows
from onestory.newsroom.stories.word_counts import WordCountCache, paragraph_table
from onestory.pipelines.versions.freshness import FreshnessCache
from onestory.store.articles.earlier_versions import copies_of_earlier_versions
from onestory.store.editorial.decisions import decisions_of_story
from onestory.store.news_events.records import event_with_other_stories
from onestory.store.stories.copies import (
    copies_at_offset,
    copy_times,
    count_copies_at,
    current_texts,
    stories_first_stored,
    version_counts,
)
from onestory.store.stories.links import story_links
from onestory.store.stories.outlets import own_outlets
from onestory.store.stories.records import StoryRecord, copies_by_id, load_article, load_story, matches_among

__all__ = [
    "MAX_DECISION_REASON",
    "MAX_STORY_ADDRESS",
    "StoryPageCache",
    "router",
    "show_story",
]

router = APIRouter(include_in_schema=False, dependencies=[REQUIRE_READ])

MAX_EVIDENCE_SHOWN = 25
COPIES_PER_PAGE = 50
MAX_CACHED_CHARTS = 500
MAX_DECISIONS_SHOWN = 30
MAX_DECISION_REASON = 500
MAX_STORY_ADDRESS = 2_048
PAGE_NUMBER = re.compile("[0-9]{1,6}")


class StoryPageCache:
    """Data of story pages cached between requests."""

    def __init__(self, standings: FreshnessCache) -> None:
        self.standings = standings
        self.differences = WordCountCache()
        self._charts: LruCache[tuple[str, datetime, frozenset[str]], SpreadChart | None] = LruCache(MAX_CACHED_CHARTS)

    def chart(self, connection: Connection, story: StoryRecord, ours: frozenset[str]) -> SpreadChart | None:
        """The chart of a story, computed once per state of the story, since it contains all copies."""
        key = (story.id, story.updated, ours)
        return self._charts.get_or_compute(key, lambda: spread_chart(copy_times(connection, story.id), ours))


@router.get("/stories/{story_id}")
def story_page(request: Request, story_id: str) -> Response:
    return show_story(request, validate_id(story_id, of="story"))


def show_story(
    request: Request, story_id: str, *, refusal: str | None = None, form: PostedForm | None = None
) -> Response:
    """The page of a story; with a refused form as it was typed, and the reason."""
    memory: StoryPageCache = request.app.state.story_memory
    with api_context(request).store.read() as connection:
        record = load_story(connection, story_id)
        our_names = frozenset(own_outlets(connection))
        number = _page_number(request, record)
        skip = (number - 1) * COPIES_PER_PAGE
        ordered = copies_at_offset(connection, record, ours=our_names, skip=skip, limit=COPIES_PER_PAGE)
        original = load_article(connection, record.original)
        ids = list(dict.fromkeys([record.original, *(copy.id for copy in ordered)]))
        matches = matches_among(connection, ids)
        links = story_links(connection, ids)
        texts = current_texts(connection, ids)
        counts = version_counts(connection, ids)
        is_stored = bool(stories_first_stored(connection, [record.id]))
        earlier = copies_of_earlier_versions(connection, record.original, ids)
        leads = story_leads(connection, record)
        outdated = memory.standings.of(connection, record)
        chart = memory.chart(connection, record, our_names)
        our_copies = count_copies_at(connection, record.id, our_names)
        news_event = event_with_other_stories(connection, record.id)
        log = decisions_of_story(connection, record.id, limit=MAX_DECISIONS_SHOWN)
        decided = copies_by_id(connection, [one for decision in log for one in decision.articles[:1]])
    shared = memory.differences.between(
        texts[record.original], [texts[one] for one in ids if one in texts and one != record.original]
    )
    numbers = {one: text.number for one, text in texts.items()}
    return render_page(
        request,
        "story.html",
        status=200 if refusal is None else 422,
        here=None,
        story=record,
        rows=copy_rows(
            record, ordered, matches, our_names, shared, outdated.standings, counts, numbers, earlier, leads
        ),
        is_stored=is_stored,
        first_shown=skip + 1,
        page_number=number,
        has_more=skip + len(ordered) < record.copies,
        our_copies=our_copies,
        original=original,
        outdated=outdated,
        news_event=news_event,
        links=links,
        chart=chart,
        paragraphs=paragraph_table(original.text, record.original, ordered, shared),
        evidence=evidence_rows(record, [original.copy, *ordered], matches, most=MAX_EVIDENCE_SHOWN),
        more_evidence=max(0, len(matches) - MAX_EVIDENCE_SHOWN),
        log=log,
        outlet_of={copy.id: copy.outlet for copy in decided if copy.story_id == record.id},
        refusal=refusal,
        **_typed(request, form),
    )


def _page_number(request: Request, record: StoryRecord) -> int:
    """The requested page of copies; the first for invalid values. Pages past the last are empty."""
    asked = request.query_params.get("copies", "")
    number = int(asked) if PAGE_NUMBER.fullmatch(asked) else 1
    return max(1, min(number, -(-record.copies // COPIES_PER_PAGE)))


def _typed(request: Request, form: PostedForm | None) -> dict[str, Any]:
    """The values of the decision form: as typed if it was refused, else the remembered name."""
    if form is None:
        # Signed-in users sign with their key. A remembered name may be another person's.
        return {"who": caller_of(request).name or remembered_name(request), "why": "", "other": "", "chosen": ()}
    return {
        "who": form.line("who", most=MAX_REMEMBERED_NAME),
        "why": form.line("why", most=MAX_DECISION_REASON),
        "other": form.line("other", most=MAX_STORY_ADDRESS),
        "chosen": frozenset(form.all("article")),
    }
